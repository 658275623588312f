"""The chart: a drawing for the pointer, a table for everyone, and both lead to the jobs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import before, ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

HOURS = 3600


def filled(person: Person) -> Page:
    """A project of which two jobs ended three hours ago, one of them badly, and one last week."""
    send(
        person.board,
        ended(1, ago=7 * 24 * HOURS),
        ended(2, ago=3 * HOURS),
        ended(3, "failed", ago=3 * HOURS, error_message="Out of memory"),
        ended(4, ago=5),
    )
    return person.open(f"/projects/{person.board.project}")


def hour(ago: int) -> str:
    return before(ago)[:13]


def spaces(text: str | None) -> str:
    """The text with ordinary spaces."""
    return (text or "").replace("\N{NO-BREAK SPACE}", " ")


def test_a_bar_leads_to_what_finished_in_its_hour(person: Person) -> None:
    page, then = filled(person), hour(3 * HOURS)
    page.locator(f'.chart svg a[href*="finished={then}"]').click()
    page.wait_for_url(re.compile(f"finished={then}"))
    rows = page.locator("#rows tr")
    expect(rows).to_have_count(2)
    assert set(rows.evaluate_all("rows => rows.map(row => row.id)")) == {
        "row-job-00002",
        "row-job-00003",
    }
    page.get_by_role("link", name=re.compile("^Remove: finished")).click()
    expect(rows).to_have_count(4)


ZONES = {"Asia/Kolkata": timedelta(hours=5, minutes=30), "UTC": timedelta()}


@pytest.mark.parametrize("zone", ZONES)
def test_its_labels_and_the_chips_are_in_the_zone_of_all_other_times(
    person: Person, zone: str
) -> None:
    then = hour(3 * HOURS)
    filled(person)
    page = person.open(
        f"/projects/{person.board.project}?finished={then}&since={before(26 * HOURS)}",
        timezone_id=zone,
        viewport={"width": 1440, "height": 900},
    )
    begun = datetime.fromisoformat(f"{then}:00+00:00") + ZONES[zone]
    words = f"{begun.day} {begun:%b}, {begun:%H:%M}–{begun + timedelta(hours=1):%H:%M}"
    expect(page.get_by_role("link", name=re.compile(f"^Remove: finished {words}"))).to_be_visible()
    since = datetime.now(UTC) - timedelta(hours=26) + ZONES[zone]
    expect(page.locator(".chip").first).to_contain_text(f"since {since.day} {since:%b %Y, %H:}")
    bar = page.locator(f'.chart svg a[href*="finished={then}"] title')
    assert spaces(bar.text_content()) == f"{words}: 1 completed, 1 failed"
    page.get_by_text("As a table").click()
    table = page.get_by_role("table", name="Finished jobs")
    expect(table.locator(f'a[href*="finished={then}"]')).to_have_text(words)
    first = datetime.fromisoformat(f"{hour(23 * HOURS)}:00+00:00") + ZONES[zone]
    expect(page.locator(".chart__when time").first).to_have_text(f"{first:%H:%M}")


def test_a_day_of_utc_is_told_as_the_hours_that_it_is_elsewhere(person: Person) -> None:
    path = f"/projects/{person.board.project}?finished=2026-01-05"
    send(person.board, ended(1))
    chip = person.open(path, timezone_id="UTC").locator(".chip time")
    expect(chip).to_have_text("5 Jan")
    chip = person.open(path, timezone_id="America/New_York").locator(".chip time")
    expect(chip).to_have_text("4 Jan, 19:00 – 5 Jan, 19:00")
    chip = person.open(path, java_script_enabled=False).locator(".chip time")
    expect(chip).to_have_text("5 Jan UTC")


def test_it_has_a_scale_marks_the_hour_that_runs_and_shows_the_day_before(person: Person) -> None:
    jobs = [ended(number, ago=27 * HOURS) for number in range(5)]
    send(person.board, *jobs, ended(10, ago=3 * HOURS), ended(11, "failed", ago=3 * HOURS))
    send(person.board, ended(12, ago=0, took=0))
    page = person.open(f"/projects/{person.board.project}")
    chart = page.locator(".chart")
    expect(chart.locator(".chart__most span")).to_have_text(["6", "3"])  # 5 the day before
    tall = chart.locator("svg .before").evaluate("one => one.getBBox().height")
    assert tall == 30, "five of six, of 36 px"
    now, then = hour(0), hour(3 * HOURS)
    running = chart.locator(f'svg a[href*="finished={now}"]')
    frame, bar = (one.bounding_box() for one in (chart.locator("svg .runs"), running))
    assert frame is not None and bar is not None
    assert abs(frame["x"] - bar["x"]) < 2 and abs(frame["width"] - bar["width"]) < 4
    assert ", so far: 1 completed" in spaces(running.locator("title").text_content())
    page.get_by_text("As a table").click()
    lines = page.get_by_role("table", name="Finished jobs").get_by_role("row")
    line = lines.filter(has=page.locator(f'a[href*="finished={then}"]'))
    expect(line.get_by_role("cell")).to_have_text(["1", "1", "5"])
    page.get_by_role("link", name="30 d").click()
    page.wait_for_url(re.compile("chart=30d"))
    expect(chart.locator("svg .runs")).to_be_visible()
    expect(chart.locator("svg .before")).to_have_count(0)


def test_bars_are_out_of_the_tab_order_and_of_what_is_read_aloud(person: Person) -> None:
    page = filled(person)
    bars = page.locator(".chart svg a")
    assert bars.count() >= 2
    assert bars.evaluate_all("bars => bars.every(bar => bar.tabIndex === -1)")
    expect(page.locator(".chart svg")).to_have_attribute("aria-hidden", "true")


def test_the_table_works_by_keyboard_and_stays_open_while_jobs_arrive(person: Person) -> None:
    page, then = filled(person), hour(3 * HOURS)
    summary = page.get_by_text("As a table")
    summary.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="Finished jobs")
    expect(table).to_be_visible()
    send(person.board, running(9, 10))
    expect(page.locator(".tab[aria-current] b")).to_have_text("5")
    expect(table).to_be_visible()
    expect(summary).to_be_focused()
    line = table.get_by_role("row").filter(has=page.locator(f'a[href*="finished={then}"]'))
    expect(line.get_by_role("cell")).to_have_text(["1", "1"])
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.href ?? ''").endswith(f"finished={then}"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"finished={then}$"))
    expect(page.locator("#rows tr")).to_have_count(2)


def test_a_month_is_drawn_by_day(person: Person) -> None:
    page = filled(person)
    page.get_by_role("link", name="30 d").click()
    page.wait_for_url(re.compile("chart=30d"))
    expect(page.get_by_role("figure", name=re.compile("30 days"))).to_be_visible()
    day = before(7 * 24 * HOURS)[:10]
    page.locator(f'.chart svg a[href*="finished={day}"]').click()
    expect(page.locator("#rows tr")).to_have_count(1)
    assert datetime.fromisoformat(day).replace(tzinfo=UTC) < datetime.now(UTC)
    page.get_by_role("link", name="24 h").click()
    expect(page.get_by_role("figure", name=re.compile("24 hours"))).to_be_visible()


def test_the_figures_beside_it_come_from_the_history(person: Person) -> None:
    done = {"chunks_processed": 100}
    send(person.board, *(ended(number, ago=60, took=90, **done) for number in range(9)))
    page = person.open(f"/projects/{person.board.project}")
    caption = page.locator(".chart figcaption")
    expect(caption).to_contain_text(re.compile(r"median ≈ 1\sm\s\d\d\ss · p95 ≈ 1\sm\s\d\d\ss"))
    expect(caption).not_to_contain_text("chunks/min")  # nothing runs
    send(person.board, running(20, 50))
    expect(caption).to_contain_text("chunks/min")


def test_time_left_is_a_guess_from_the_history_and_absent_without_one(person: Person) -> None:
    now_running = running(50, 50) | {"started_at": before(60)}
    send(person.board, now_running)
    page = person.open(f"/projects/{person.board.project}")
    row = page.locator("#row-job-00050")
    expect(row).to_contain_text("50 %")
    expect(row).not_to_contain_text("left")
    done = {"chunks_processed": 100}
    send(person.board, *(ended(number, ago=300, took=120, **done) for number in range(9)))
    expect(row).to_contain_text(re.compile(r"≈ \d+\s(s|min) left"))
