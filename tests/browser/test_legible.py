"""A direction that is overridden turns nothing around: it shows as a mark, and is kept as it is."""

import re
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

NAME, SHOWN = "invoice\u202efdp.exe", "invoice⟨U+202E⟩fdp.exe"


def test_an_override_is_a_mark_in_a_row_a_chip_and_a_title(person: Person) -> None:
    board = person.board
    board.project = board.new_project(f"{board.project}-turned", name=NAME)
    send(board, ended(1, "failed", source_doc_id=NAME, error_message=f"cannot open {NAME}"))
    page = person.open(f"/projects/{board.project}?{urlencode({'document': NAME})}")
    expect(page).to_have_title(re.compile(re.escape(SHOWN)))
    expect(page.get_by_role("heading", level=1)).to_have_text(SHOWN)
    row = page.locator("#rows tr")
    expect(row.locator(".doc")).to_have_text(SHOWN)
    expect(row.locator(".c-what")).to_have_text(f"cannot open {SHOWN}")
    chip = page.get_by_role("link", name=f"Remove: document “{SHOWN}”")
    expect(chip).to_contain_text(SHOWN)
    # What is sent back, when something else is looked for, is what was sent.
    page.get_by_role("searchbox").fill("cannot")
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(re.compile("document=invoice%E2%80%AEfdp.exe"))
    expect(row).to_have_count(1)
    row.locator("a").first.click()
    expect(page.locator("#document")).to_have_text(SHOWN)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the document's id").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == NAME
