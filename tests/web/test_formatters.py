"""What the filters promise to a page."""

import pytest

from app.rules.times import DAY, HOUR, MINUTE, SECOND, parse_time
from app.rules.verdicts import Hour
from app.web import formatters as f

NOW = parse_time("2026-11-23T03:04:22Z")


def spaces(text: str) -> str:
    """The text with ordinary spaces, for reading the expected values."""
    return text.replace(f.NBSP, " ")


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (None, "–"),
        (-5 * SECOND, "0 s"),
        (0, "0 s"),
        (400_000, "< 1 s"),
        (41 * SECOND, "41 s"),
        (59_999_999, "59 s"),
        (37 * MINUTE + 3 * SECOND, "37 m 03 s"),
        (2 * HOUR + 5 * MINUTE + 59 * SECOND, "2 h 05 m"),
        (3 * DAY + 4 * HOUR, "3 d 04 h"),
    ],
)
def test_a_duration_has_two_units_at_most(micros: int | None, text: str) -> None:
    assert spaces(f.duration(micros)) == text


def test_a_duration_never_breaks_over_two_lines() -> None:
    assert " " not in f.duration(37 * MINUTE)


def test_seconds_are_a_duration() -> None:
    assert spaces(f.seconds(190.2)) == "3 m 10 s"
    assert f.seconds(None) == "–"


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0 s"),
        (12 * SECOND, "12 s"),
        (90 * SECOND, "90 s"),
        (23 * MINUTE, "23 min"),
        (HOUR, "1 h"),
        (90 * MINUTE, "90 min"),
        (30 * HOUR, "30 h"),
        (7 * DAY, "7 d"),
    ],
)
def test_a_rough_time_has_one_unit(micros: int, text: str) -> None:
    assert spaces(f.rough(micros)) == text


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
    assert f.document(source) == (folder, file)
    assert folder + file == source


@pytest.mark.parametrize(
    ("done", "total", "expected"),
    [
        (141, 239, 58),
        (238, 239, 99),
        (239, 239, 100),
        (300, 239, 100),
        (0, 5, 0),
        (7, None, None),
        (7, 0, None),
    ],
)
def test_a_percentage_is_full_only_when_all_is_done(
    done: int, total: int | None, expected: int | None
) -> None:
    assert f.percent(done, total) == expected


def test_numbers_have_separators_and_nouns_agree() -> None:
    assert f.count(48210) == "48,210"
    assert f.count(None) == "–"
    assert spaces(f.plural(1, "document")) == "1 document"
    assert spaces(f.plural(1204, "document")) == "1,204 documents"
    assert spaces(f.plural(0, "try", "tries")) == "0 tries"


def test_times_are_written_in_utc() -> None:
    assert f.rfc3339(NOW) == "2026-11-23T03:04:22Z"
    assert f.clock(NOW) == "03:04 UTC"
    assert f.short_time(NOW - 20 * DAY) == "3 Nov 03:04"
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
        assert bar.done_y + bar.done_height <= bar.failed_y


def test_an_hour_without_jobs_has_no_bar() -> None:
    assert f.bars([Hour(NOW - NOW % HOUR)], NOW, 36) == []
    assert f.bars([], NOW, 36) == []


def test_every_filter_is_registered_under_its_name() -> None:
    public = {
        name
        for name, value in vars(f).items()
        if callable(value) and getattr(value, "__module__", "") == f.__name__
        if not name.startswith("_") and not isinstance(value, type)
    }
    assert set(f.FILTERS) == public


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (999_999, "999,999"),
        (1_000_000, "1.00 M"),
        (1_239_999, "1.23 M"),
        (45_678_901, "45.6 M"),
        (999_999_999, "999 M"),
        (2**53 - 1, "9.00 P"),
    ],
)
def test_a_short_count_is_never_rounded_up(number: int, text: str) -> None:
    assert spaces(f.short_count(number)) == text


def test_a_count_with_less_room_is_shortened_earlier() -> None:
    assert spaces(f.short_count(99_999, 100_000)) == "99,999"
    assert spaces(f.short_count(123_456, 100_000)) == "123 k"
