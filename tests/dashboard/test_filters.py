"""The filter of the table: what a URL says, what is read, and the URL again."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.datastructures import MultiDict

from app.dashboard.asked import parse_filter
from app.dashboard.filters import TableFilter
from app.queries.filters import JobFilter
from app.rules.sentences import date, period, say
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, parse_time

NOW = parse_time("2026-11-24T03:04:22Z")
SILENT = 15 * MINUTE
EVERYTHING = {
    "status": "failed",
    "q": "a b",
    "since": "24h",
    "until": "2026-11-24T00:00:00Z",
    "finished": "2026-11-24T03",
    "longer": "90s",
    "document": "s3://x/ü.pdf",
    "cause": "0123456789abcdef",
}


def parsed(**args: str) -> TableFilter:
    return parse_filter("/projects/p", MultiDict(args))


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_every_part_is_read_and_written_back() -> None:
    wanted = parsed(**EVERYTHING, page="3", at="5~j")
    assert query_of(wanted.url()) == EVERYTHING
    assert query_of(wanted.url(page=2, at="5~j")) == {**EVERYTHING, "page": "2", "at": "5~j"}
    hour = parse_time("2026-11-24T03:00:00Z")
    assert wanted.to_query(NOW, SILENT) == JobFilter(
        status=frozenset({JobStatus.FAILED}),
        q="a b",
        since=parse_time("2026-11-24T03:04:00Z") - DAY,
        until=hour - 3 * HOUR,
        finished=(hour, hour + HOUR),
        longer=90 * SECOND,
        document="s3://x/ü.pdf",
        cause=0x0123456789ABCDEF,
    )
    stalled = parsed(stalled="1", finished="2026-11-24").to_query(NOW, SILENT)
    assert (stalled.get("stalled"), stalled.get("finished")) == (
        NOW - SILENT,
        (hour - 3 * HOUR, hour + 21 * HOUR),
    )
    assert parsed(empty="1").to_query(NOW, SILENT) == JobFilter(empty=True)


def test_each_part_can_be_taken_out_and_says_what_it_is() -> None:
    wanted = parsed(**EVERYTHING)
    hour = parse_time("2026-11-24T03:00:00Z")
    chips = wanted.chips({"cause": "cause “LLM API timeout”"})
    assert {chip.name: chip.label for chip in chips} == {
        "q": say("“a b”"),
        "since": say("Last 24 hours"),
        "until": say("until ", date(hour - 3 * HOUR)),
        "finished": say("finished ", period(hour, hour + HOUR)),
        "longer": say("longer than 90\N{NO-BREAK SPACE}s"),
        "document": say("document “s3://x/ü.pdf”"),
        "cause": say("cause “LLM API timeout”"),
    }
    for chip in chips:
        assert query_of(chip.remove_href) == {
            name: value for name, value in EVERYTHING.items() if name != chip.name
        }
    assert [chip.label for chip in parsed(finished="2026-11-04", longer="10m").chips({})] == [
        say("finished ", period(hour - 20 * DAY - 3 * HOUR, hour - 19 * DAY - 3 * HOUR)),
        say("longer than 10\N{NO-BREAK SPACE}min"),
    ]
    since = parsed(since="2026-11-24T03:00:00Z").chips({})
    assert since[0].label == say("since ", date(hour))
    assert parsed().chips({}) == []
    assert parsed(cause="0" * 16).chips({})[0].label == say(f"cause {'0' * 16}")


def test_a_form_carries_along_what_it_does_not_set() -> None:
    wanted = parsed(**EVERYTHING)
    rest = {name: EVERYTHING[name] for name in EVERYTHING if name not in ("q", "since", "longer")}
    assert dict(wanted.carried()) == rest


def test_times_are_typed_to_the_minute_or_the_day() -> None:
    wanted = parsed(since="2026-11-23T03:04", until="2026-11-24", longer="1m")
    times = {"since": "2026-11-23T03:04:00Z", "until": "2026-11-24T00:00:00Z"}
    assert query_of(wanted.url()) == {**times, "longer": "1m"}
    assert wanted.url() == parsed(**times, longer="1m").url()
    assert [(one.name, one.value) for one in wanted.moments()] == [
        ("since", "2026-11-23T03:04"),
        ("until", "2026-11-24T00:00"),
    ]
    assert wanted.carried_by_moments() == [("longer", "1m")]
    assert [one.value for one in parsed(since="24h").moments()] == ["", ""]
    assert parsed(since="2026-11-23T03").left_out


@pytest.mark.parametrize(
    ("args", "noun"),
    [
        ({"status": "faild"}, "status"),
        ({"since": "yesterday"}, "time"),
        ({"until": "2026"}, "time"),
        ({"finished": "2026-02-30"}, "hour or day"),
        ({"finished": "2026-11-24T03:00"}, "hour or day"),
        ({"longer": "long"}, "length of time"),
        ({"longer": "0s"}, "length of time"),
        ({"document": "\0"}, "id of a document"),
        ({"cause": "x"}, "cause"),
        ({"cause": "8" + "0" * 15}, "cause"),
        ({"stalled": "yes"}, "“1”"),
    ],
    ids=str,
)
def test_nonsense_is_left_out_and_said(args: dict[str, str], noun: str) -> None:
    [text] = args.values()
    sentence = f"“{text}” is no {noun}; it was left out."
    assert parsed(**args) == replace(parsed(), left_out=(sentence,))
    assert parsed(**dict.fromkeys(args, "")) == parsed()


def test_of_what_is_given_twice_the_first_counts_and_the_other_is_said() -> None:
    twice = [("status", "failed"), ("stalled", "1"), ("longer", "1m"), ("longer", "x" * 99)]
    wanted = parse_filter("/projects/p", MultiDict([*twice, ("longer", "9m")]))
    assert wanted.texts == (("status", "failed"), ("longer", "1m"))
    assert wanted.left_out == (
        f"“{'x' * 39}…” is no length of time; it was left out.",
        "“stalled=1” was left out beside “status=failed”.",
        "“longer=9m” was left out beside “longer=1m”.",
    )


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({}, "No job matches."),
        ({"longer": "1m"}, "No job matches."),
        ({"longer": "1m", "status": "failed"}, "No job matches."),
        ({"status": "failed"}, "No job is failed."),
        ({"status": "pending"}, "No job is waiting."),
        ({"stalled": "1"}, "No job is stalled."),
        ({"empty": "1"}, "Every completed job made nodes."),
        (
            {"q": "a", "status": "failed"},
            "No document has this in its name, no job's id begins like it, and no error has its"
            " words.",
        ),
        (
            {"q": "a", "since": "1h"},
            "No document has this in its name, no job's id begins like it, and no error has its"
            " words in that time.",
        ),
    ],
    ids=str,
)
def test_where_nothing_matches_it_says_what_was_sought(args: dict[str, str], sentence: str) -> None:
    assert parsed(**args).nothing() == sentence


def test_what_is_typed_is_trimmed_and_what_links_say_is_not() -> None:
    assert parsed(q="  a b ").texts == (("q", "a b"),)
    assert parsed(q="x" * 2000).texts == (("q", "x" * 1024),)
    assert parsed(document=" a ").texts == (("document", " a "),)


def test_a_choice_that_is_not_offered_is_there_as_long_as_it_is_chosen() -> None:
    def options(**args: str) -> dict[str, list[tuple[str, str]]]:
        return {
            one.name: [(text, words) for text, words, chosen in one.options if chosen]
            for one in parsed(**args).selections()
        }

    assert options() == {"since": [("", "Any time")], "longer": [("", "Any duration")]}
    assert options(since="7d", longer="90s") == {
        "since": [("7d", "Last 7 days")],
        "longer": [("90s", "Over 90\N{NO-BREAK SPACE}s")],
    }
    since = "2026-11-23T03:00:00Z"
    assert options(since=since)["since"] == [(since, "Another time")]
    assert [len(one.options) for one in parsed(since="7d").selections()] == [5, 5]


COUNTS = {"pending": 7, "running": 1, "completed": 2, "failed": 0, "empty": 0, "stalled": 0}


@pytest.mark.parametrize(
    ("args", "counts", "aside"),
    [
        ({}, COUNTS, 7),
        ({"since": "24h", "until": "2099-01-01"}, COUNTS, 7),
        ({"status": "begun"}, COUNTS, 7),
        ({}, COUNTS | {"pending": 0}, None),
        ({}, COUNTS | {"running": 0, "completed": 0}, None),
        ({"status": "all"}, COUNTS, None),
        ({"status": "failed"}, COUNTS, None),
        ({"q": "a"}, COUNTS, None),
        ({"document": "a"}, COUNTS, None),
    ],
    ids=str,
)
def test_a_list_leaves_to_their_tab_those_that_wait_unless_they_are_asked_for(
    args: dict[str, str], counts: dict[str, int], aside: int | None
) -> None:
    tabs = parsed(**args).tabs(counts)
    left = parsed(**args).opened(tabs).aside(tabs)
    assert (left.count if left else None) == aside
    assert query_of(tabs[0].href)["status"] == "all"


def test_what_has_begun_is_every_job_that_does_not_wait() -> None:
    begun = parsed(status="begun").to_query(NOW, SILENT).get("status")
    assert begun == {*JobStatus} - {JobStatus.PENDING}
    assert parsed(status="all").to_query(NOW, SILENT) == JobFilter()
