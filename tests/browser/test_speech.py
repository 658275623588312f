"""What a screen reader is told: landmarks, headings, tables, and changes in one quiet sentence."""

import re

import pytest
from playwright.sync_api import expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

PROJECT = "/projects/legal-contracts"
PATHS = {
    "overview": "/",
    "project": PROJECT,
    "causes": f"{PROJECT}/causes",
    "document": f"{PROJECT}/document?id=wiki/README.md",
    "empty": "/projects/sandbox",
    "error": "/projects/nowhere",
}


@pytest.mark.parametrize("name", PATHS)
def test_one_heading_one_main_and_named_landmarks(demo: Person, name: str) -> None:
    page = demo.open(PATHS[name])
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("banner")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Main")).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_tables_have_names_columns_and_row_headers(demo: Person) -> None:
    for path, name, header in (
        ("/", "Projects, worst first", "legal-contracts"),
        (PROJECT, "Jobs, newest first", re.compile(r"^12\sjobs$")),
        (f"{PROJECT}?status=all", "Jobs, newest first", re.compile(r"\.\w+$")),
        (f"{PROJECT}?sort=chunks&q=wiki", "Jobs by chunks", re.compile(r"\.\w+$")),
        (f"{PROJECT}/causes", "Causes of failures", re.compile("LLM API timeout")),
        (PATHS["document"], "Jobs of this document", re.compile("^job-")),
    ):
        page = demo.open(path)
        table = page.get_by_role("table", name=name)
        expect(table).to_have_count(1)
        rows = table.locator("tbody#rows > tr")
        expect(rows.first.get_by_role("rowheader")).to_have_count(1)
        expect(rows.first.get_by_role("rowheader")).to_have_text(header)
        columns = table.locator("> thead th")
        assert columns.evaluate_all(
            "all => all.every(one => one.scope === 'col' && one.textContent.trim())"
        )
        assert columns.count() == rows.first.locator("> *").count()


def test_a_phones_table_keeps_its_columns_for_the_ear(demo: Person) -> None:
    page = demo.open(PROJECT, viewport={"width": 360, "height": 780})
    table = page.get_by_role("table", name="Jobs, newest first")
    expect(table).to_have_count(1)
    for name in ("What happened", "Duration"):
        expect(table.get_by_role("columnheader", name=name)).to_have_count(1)
    expect(table.locator("#rows > tr").first.get_by_role("rowheader")).to_have_count(1)


def test_a_change_is_said_once_in_one_sentence_and_tables_are_quiet(person: Person) -> None:
    send(person.board, running(1, 10))
    page = person.open(f"/projects/{person.board.project}")
    status = page.get_by_role("status")
    expect(status).to_have_count(1)
    expect(status).to_be_empty()
    send(person.board, *(ended(number, "failed", error_message="x") for number in (2, 3, 4)))
    expect(status).to_have_text(re.compile("^Failing, 1 running, 3 failed"))
    assert page.locator("#live, #live *").evaluate_all(
        "all => all.every(one => !one.hasAttribute('aria-live') && one.role !== 'status')"
    )
    # What does not count is not said.
    page.evaluate("document.querySelector('[role=status]').textContent = 'said'")
    send(person.board, running(1, 33))
    expect(page.locator("#row-job-00001 progress")).to_have_attribute("value", "33")
    expect(status).to_have_text("said")


def test_where_one_is_and_how_the_list_is_cut_is_told(demo: Person) -> None:
    page = demo.open(f"{PROJECT}?status=failed")
    main = page.get_by_role("navigation", name="Main")
    expect(main.get_by_role("link", name="legal-contracts")).to_have_attribute(
        "aria-current", "page"
    )
    tabs = page.get_by_role("navigation", name="Status")
    expect(tabs.locator("[aria-current]")).to_have_text(re.compile(r"^[\d,]+ Failed$"))
    expect(page.get_by_role("search")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Pages")).to_have_count(1)
    expect(demo.open("/").locator("#rows svg[role=img]").first).to_have_attribute(
        "aria-label", re.compile(r"[\d,]+ completed, [\d,]+ failed in 24 hours")
    )


def test_progress_has_a_name_and_a_value(person: Person) -> None:
    send(person.board, running(1, 42))
    page = person.open(f"/projects/{person.board.project}")
    bar = page.get_by_role("progressbar", name="Chunks processed")
    assert bar.evaluate("bar => [bar.value, bar.max]") == [42, 100]


def test_nothing_moves_for_who_wants_no_motion(person: Person) -> None:
    send(person.board, running(1, 10))
    page = person.open(f"/projects/{person.board.project}", reduced_motion="reduce")
    page.evaluate(
        """() => { window.moves = 0; const animate = Element.prototype.animate;
        Element.prototype.animate = function (...all) {
            window.moves += 1;
            return animate.apply(this, all);
        };
        for (const kind of ["transitionrun", "animationstart"])
            document.addEventListener(kind, () => { window.moves += 1; }, true); }"""
    )
    send(person.board, running(1, 90))
    expect(page.locator("progress")).to_have_attribute("value", "90")
    page.locator(".tab--zero").first.hover()
    assert page.evaluate("window.moves + document.getAnimations().length") == 0
