"""What the filters promise to a page."""

import re

import pytest

from app.rules import words
from app.rules.documents import folder_and_file
from app.rules.times import DAY, HOUR, parse_time
from app.rules.verdicts import Hour
from app.rules.words import NBSP
from app.web import formatters as f
from tests.kit import ROOT

NOW = parse_time("2026-11-23T03:04:22Z")


def spaces(text: str) -> str:
    """The text with ordinary spaces, for reading the expected values."""
    return text.replace(NBSP, " ")


def test_seconds_are_a_duration() -> None:
    assert spaces(f.seconds(190.2)) == "3 m 10 s"
    assert f.seconds(None) == "–"


@pytest.mark.parametrize(
    ("source", "folder", "file"),
    [
        ("s3://contracts/2026/q4/nda-0192.docx", "s3://contracts/2026/q4/", "nda-0192.docx"),
        ("README.md", "", "README.md"),
        ("/etc/hosts", "/etc/", "hosts"),
        ("wiki/onboarding/", "wiki/", "onboarding/"),
        ("C:\\scans\\page 1.pdf", "C:\\scans\\", "page 1.pdf"),
        ("https://wiki/page?path=a/b#c/d", "https://wiki/", "page?path=a/b#c/d"),
        ("hr/إتفاقية-الخدمة.pdf", "hr/", "إتفاقية-الخدمة.pdf"),
        ("/", "", "/"),
        ("?a/b", "", "?a/b"),
    ],
)
def test_a_document_keeps_its_file_name(source: str, folder: str, file: str) -> None:
    assert folder_and_file(source) == (folder, file)
    assert folder + file == source


@pytest.mark.parametrize(
    ("done", "total", "expected"),
    [
        (141, 239, 58),
        (238, 239, 99),
        (239, 239, 100),
        (300, 239, None),  # no part of it
        (0, 5, 0),
        (7, None, None),
        (7, 0, None),
    ],
)
def test_a_percentage_is_full_only_when_all_is_done(
    done: int, total: int | None, expected: int | None
) -> None:
    assert f.percent(done, total) == expected


@pytest.fixture(autouse=True)
def this_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 2026, whenever this runs."""
    monkeypatch.setattr(f, "present", lambda: NOW)


def test_a_time_of_another_year_says_its_year() -> None:
    far = parse_time("2099-12-31T23:59:00Z")
    assert f.short_time(far) == "31 Dec 2099 23:59"
    assert f.clock(far) == f.unscripted(far, "ago") == "31 Dec 2099 23:59 UTC"
    assert f.unscripted(far, "for") == "since 31 Dec 2099 23:59 UTC"
    assert f.unscripted(far, "run") == "since 31 Dec 2099 23:59"
    assert f.on_board(far, "clock", NOW) == "31 Dec 2099 23:59 UTC"
    assert f.day(parse_time("2025-12-31T00:00:00Z")) == "31 Dec 2025"
    hour = parse_time("2025-12-31T03:00:00Z")
    assert f.period_words(hour, hour + HOUR) == "31 Dec 2025, 03:00–04:00 UTC"


def test_times_are_written_in_utc() -> None:
    assert f.rfc3339(NOW) == "2026-11-23T03:04:22Z"
    assert f.clock(NOW) == "03:04 UTC"
    assert f.short_time(NOW - 20 * DAY) == "3 Nov 03:04"
    hour = NOW - NOW % HOUR
    assert f.period_words(hour, hour + HOUR) == "23 Nov, 03:00–04:00 UTC"
    assert f.period_words(hour - 3 * HOUR, hour + 21 * HOUR) == "23 Nov UTC"
    assert f.hour_of_day(3, NOW) == hour
    assert f.full_time(NOW) == "23 Nov 2026, 03:04:22 UTC"


def test_bars_stand_in_the_slot_of_their_hour() -> None:
    hour = NOW - NOW % HOUR
    drawn = f.bars([Hour(hour, 3), Hour(hour - 23 * HOUR, 1), Hour(hour - 24 * HOUR, 9)], NOW, 36)
    assert [bar.slot for bar in drawn] == [23, 0]
    assert drawn[0].done_height == 36 and drawn[0].done_y == 0


def test_one_failure_among_thousands_is_still_seen() -> None:
    (bar,) = f.bars([Hour(NOW - NOW % HOUR, completed=9_999, failed=1)], NOW, 36)
    assert bar.failed_height == 2 and bar.failed_y == 34
    assert bar.done_y == 0 and bar.done_height == 32


def test_no_bar_leaves_the_chart() -> None:
    busy = NOW - NOW % HOUR
    hours = [Hour(busy - i * HOUR, c, x) for i, (c, x) in enumerate([(1, 999), (999, 1), (1, 1)])]
    for bar in f.bars(hours, NOW, 20):
        assert bar.done_y >= 0 and bar.failed_y + bar.failed_height == 20
        assert bar.done_height >= 1 and bar.failed_height >= 1
        assert bar.done_y + bar.done_height <= bar.failed_y


def test_an_hour_without_jobs_has_no_bar() -> None:
    assert f.bars([Hour(NOW - NOW % HOUR)], NOW, 36) == []
    assert f.bars([], NOW, 36) == []


def test_a_chart_with_a_scale_is_drawn_to_its_top_and_what_runs_is_unfinished() -> None:
    hour = NOW - NOW % HOUR
    drawn = f.bars([Hour(hour, 3), Hour(hour - HOUR, 4)], NOW, 36, top=8)
    assert [(bar.done_height, bar.unfinished) for bar in drawn] == [(13.5, True), (18, False)]


def test_a_course_is_the_outline_of_its_numbers() -> None:
    assert f.outline([2, 0, 4], 4, 36) == "M0 36V18.0h10V36.0h10V0.0h10V36z"
    assert f.outline([0, 0], 4, 36) == f.outline([], 0, 36) == ""


def test_every_filter_is_registered_under_its_name() -> None:
    public = {
        name
        for module in (f, words)
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
        if not name.startswith("_") and not isinstance(value, type)
    }
    # By `seen` every value is written; a document's name is a rule's.
    assert {*f.FILTERS, "seen"} == {*public, "document"}


@pytest.mark.parametrize(
    "style", ["ago", "clock", "hour", "day", "seconds", "date", "for", "paren", "run"]
)
def test_what_stands_in_a_time_is_replaced_by_the_script(style: str) -> None:
    """An unknown style is a fault: the script would write nothing more at all."""
    assert isinstance(f.unscripted(NOW, style), str)
    script = (ROOT / "static/js/times.js").read_text()
    styles = script.partition("const styles = {")[2].partition("};")[0]
    assert re.search(rf"^    {style}[:,]", styles, re.MULTILINE)
    with pytest.raises(KeyError):
        f.unscripted(NOW, "whenever")
    with pytest.raises(KeyError):
        f.on_board(NOW, "whenever", NOW)
