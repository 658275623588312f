"""What an empty board says to type works: it is copied, and pasted into a shell."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit import ROOT
from tests.kit.board import Board, served
from tests.kit.commands import JOBWALL
from tests.kit.databases import sqlite_only
from tests.kit.person import Person, sign_in

pytestmark = sqlite_only  # what a browser shows does not depend on the engine


@pytest.fixture
def newcomer(chromium: Browser, settings: dict[str, str]) -> Iterator[Person]:
    """Somebody signed in to a board on which there is nothing."""
    with served(settings, "tests.kit.hurried:app") as board:
        yield sign_in(chromium, board)
        for context in chromium.contexts:
            context.close()


def copied(page: Page, what: str) -> str:
    """What the button beside it puts onto the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    beside = page.locator(".code", has=page.locator(what))
    beside.get_by_role("button").click()
    expect(beside.get_by_role("button", name="Copied")).to_be_visible()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def pasted(board: Board, *commands: str) -> str:
    """What a shell says, where the board is served, when these were pasted into it."""
    path = f"{Path(JOBWALL).parent}:{board.environment['PATH']}"
    done = subprocess.run(
        ["bash", "-eu"],
        input="\n".join((*commands, "")),
        env={**board.environment, "PATH": path, "PYTHONPATH": str(ROOT), "no_proxy": "127.0.0.1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_what_an_empty_board_says_to_type_makes_its_first_project_and_job(
    newcomer: Person,
) -> None:
    page = newcomer.open("/")
    pasted(newcomer.board, copied(page, "#first-project"))
    page.get_by_role("link", name="handbook", exact=True).click()
    told = pasted(newcomer.board, copied(page, "#first-key"), copied(page, "#first-job"))
    assert '"job_id":"first"' in told
    expect(page.locator("#rows tr")).to_contain_text("hello.md")
    assert newcomer.complaints == []
