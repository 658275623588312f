"""The first job, from an empty board to the page of the job, by what `/report` says alone."""

import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.board import served
from tests.kit.clones import bare_environment
from tests.kit.databases import sqlite_only
from tests.kit.person import Person, sign_in
from tests.kit.reports import ended, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine


@pytest.fixture
def newcomer(chromium: Browser, settings: dict[str, str]) -> Iterator[Person]:
    """Somebody signed in to a board on which there is nothing."""
    with served(settings, "tests.kit.hurried:app") as board:
        someone = sign_in(chromium, board)
        yield someone
        for context in chromium.contexts:
            context.close()
        assert someone.complaints == []


def copied(page: Page, what: str) -> str:
    """What the button beside it puts onto the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    beside = page.locator(".code", has=page.locator(what))
    beside.get_by_role("button").click()
    expect(beside.get_by_role("button", name="Copied")).to_be_visible()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def pasted(text: str) -> str:
    """What a shell says, when this was pasted into it."""
    environment = bare_environment() | {"no_proxy": "127.0.0.1"}
    how = {"env": environment, "capture_output": True, "text": True}
    return subprocess.run(["bash", "-eu"], input=f"{text}\n", check=True, **how).stdout


def test_an_empty_board_leads_to_its_first_job(newcomer: Person) -> None:
    page = newcomer.open("/")
    page.get_by_role("link", name="Report your first job").click()
    page.get_by_role("button", name="Make the project").click()
    assert page.url.endswith("/report"), "what its jobs make must be chosen"
    page.get_by_label("Chunks, and the nodes").check()
    page.get_by_role("button", name="Make the project").click()
    expect(page.locator("#live")).to_contain_text("Waiting for the first report to Documents")
    page.get_by_role("button", name="Make a key").click()
    key = copied(page, "#key")
    assert re.fullmatch(r"ib-[\w-]{43}", key)
    page.get_by_role("link", name="curl", exact=True).click()
    expect(page.get_by_role("heading", name="curl")).to_be_visible()
    expect(page.get_by_role("heading", name="Python")).to_be_hidden()
    assert page.url.endswith("way=curl")
    begins = copied(page, "#curl-1")
    assert key in begins and newcomer.board.url in begins, "it is filled in still"
    assert '"job_id":"first"' in pasted(begins)
    expect(page.locator("#arrivals")).to_have_text("The first job has come in")
    expect(page.locator("#rows tr")).to_contain_text("Running")
    pasted(copied(page, "#curl-2"))
    expect(page.locator("#rows tr")).to_contain_text("Completed")
    expect(page.locator("#rows .c-took")).to_have_text(re.compile(r"\d\ss$"))  # measured
    expect(page.locator("#status")).to_have_text("1 job reported")
    page.locator("#rows .open").click()
    expect(page.locator("h1")).to_have_text("handbook.pdf")


def test_a_reload_shows_no_key_and_makes_none(newcomer: Person) -> None:
    board = newcomer.board
    board.project = board.new_project("p1")
    page = newcomer.open("/report?project_id=p1&way=cron")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#key")).to_be_visible()
    assert page.url.endswith("way=cron")
    expect(page.locator("#cron-3")).to_contain_text(re.compile(r"JOBWALL_KEY=ib-[\w-]{43}"))
    page.reload()
    expect(page.get_by_role("button", name="Make a key")).to_be_visible()
    expect(page.locator("#cron-3")).to_contain_text("JOBWALL_KEY=ib-…")


def test_a_key_is_made_for_the_way_that_is_shown(newcomer: Person) -> None:
    newcomer.board.new_project("p1")
    page = newcomer.open("/report?project_id=p1")
    page.get_by_role("link", name="Celery").click()
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#key")).to_be_visible()
    expect(page.get_by_role("heading", name="Celery")).to_be_visible()


def test_another_project_is_chosen_and_the_way_stays(person: Person) -> None:
    board = person.board
    other = board.new_project(f"{board.project}-other", name="Another one")
    page = person.open(f"/report?project_id={board.project}")
    page.get_by_role("link", name="LangChain").click()
    page.get_by_label("Project", exact=True).select_option(label="Another one")
    page.wait_for_url(re.compile(f"project_id={other}$"))
    expect(page.get_by_role("heading", name="LangChain")).to_be_visible()
    expect(page.locator("#langchain-1")).to_contain_text(f"JOBWALL_PROJECT={other}")


def test_tabs_and_projects_need_no_script(person: Person) -> None:
    board = person.board
    send(board, ended(1))
    page = person.open(f"/report?project_id={board.project}", java_script_enabled=False)
    page.get_by_role("link", name="Airflow").click()
    expect(page.get_by_role("heading", name="Airflow")).to_be_visible()
    expect(page.get_by_role("heading", name="Python")).to_be_hidden()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name="Airflow")).to_be_visible()
    expect(page.locator(".where__key")).to_contain_text("Choose a way first")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#key")).to_contain_text("ib-")
    expect(page.locator(".where__key")).to_contain_text("gone with another way")
    expect(page.locator("#airflow-1")).to_contain_text("OPENLINEAGE_API_KEY=ib-")
    page.get_by_role("link", name="Open the project").click()
    expect(page.locator("#rows tr")).to_have_count(1)
