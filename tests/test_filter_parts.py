"""Every part of a filter, wherever a list can be narrowed: it narrows, and is lost nowhere."""

import csv
import io
import re
from dataclasses import MISSING, dataclass, fields
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.datastructures import MultiDict

from app.access.sessions import create_link
from app.api import jobs as lists
from app.api.params import LIST_PARAMETERS
from app.clock import now
from app.dashboard import project as pages
from app.dashboard.asked import parse_filter
from app.ledger.report import Report
from app.queries.filters import JobFilter
from app.queries.part import Part, Tabs
from app.queries.parts import PART_OF, PARTS
from app.rules.causes import cause_name, cause_of
from app.rules.job_states import FAILED
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, format_time
from app.store.database import writing
from tests.kit.api import Api
from tests.kit.recording import record

NOW = now()
BEGAN = NOW - 2 * DAY
ENDED = BEGAN + MINUTE
LOST, TORN = "Database connection lost", "The page is torn"


@dataclass(frozen=True)
class Case:
    """A value of a part, as a URL says it, that two jobs have and a third has not.

    `jobs` is what the reports of the two say, `other` what that of the third does; `another` is a
    value that the third has. The two are `silent` where nothing was heard of them since they began.
    """

    text: str
    jobs: dict[str, Any]
    other: dict[str, Any]
    another: str = ""
    silent: bool = False
    nonsense: str = "\0"


CASES = {
    "status": Case(
        "failed", {"status": JobStatus.FAILED}, {"status": JobStatus.RUNNING}, "running"
    ),
    "q": Case("contracts/", {"source_doc_id": "contracts/a"}, {"source_doc_id": "hr/a"}, "hr/"),
    "since": Case(
        format_time(BEGAN), {"created_at": BEGAN}, {"created_at": BEGAN - 1}, "2001-01-01T00:00:00Z"
    ),
    "until": Case(
        format_time(BEGAN), {"created_at": BEGAN - 1}, {"created_at": BEGAN}, "2099-01-01T00:00:00Z"
    ),
    "finished": Case(
        format_time(ENDED)[:13],
        {"status": JobStatus.COMPLETED, "completed_at": ENDED},
        {"status": JobStatus.COMPLETED, "completed_at": ENDED + HOUR},
        format_time(ENDED + HOUR)[:13],
    ),
    "longer": Case(
        "10m",
        {"status": JobStatus.FAILED, "started_at": BEGAN, "completed_at": BEGAN + HOUR},
        {"status": JobStatus.FAILED, "started_at": BEGAN, "completed_at": BEGAN + MINUTE},
        "1s",
    ),
    "document": Case("a b", {"source_doc_id": "a b"}, {"source_doc_id": "a b2"}, "a b2"),
    "cause": Case(
        cause_name(cause_of(LOST)),
        {"status": JobStatus.FAILED, "error_message": LOST},
        {"status": JobStatus.FAILED, "error_message": TORN},
        cause_name(cause_of(TORN)),
    ),
    "stalled": Case("1", {"status": JobStatus.RUNNING}, {"status": JobStatus.RUNNING}, silent=True),
    "empty": Case(
        "1",
        {"status": JobStatus.COMPLETED, "chunks_processed": 3, "nodes_created": 0},
        {"status": JobStatus.COMPLETED, "chunks_processed": 3, "nodes_created": 5},
    ),
}
EVERY = pytest.mark.parametrize("part", PARTS, ids=[part.name for part in PARTS])


@pytest.fixture
def case(part: Part) -> Case:
    assert part.name in CASES, "say here which jobs it finds"
    return CASES[part.name]


@pytest.fixture
def store(api: Api, case: Case) -> Api:
    """Two jobs that match, and one that does not; a browser that is signed in."""
    common = {"source_doc_id": "d", "created_at": BEGAN}
    two = [Report(job_id=name, **common | case.jobs) for name in "ab"]
    record("p1", two, now=BEGAN if case.silent else now())
    record("p1", [Report(job_id="z", **common | case.other)], now=now())
    with writing() as connection:
        token = create_link(connection, now())
    form = re.search(r'csrf_token" value="([^"]+)', api.client.get("/sign-in").text)
    assert form is not None
    sent = {"csrf_token": form[1], "token": token}
    assert api.client.post("/sign-in", data=sent).status_code == 303
    return api


def rows_of(page: str) -> set[str]:
    return set(re.findall(r'id="row-([^"]+)"', page))


@EVERY
def test_it_narrows_the_list_of_the_api(store: Api, part: Part, case: Case) -> None:
    def ids(**query: str) -> tuple[set[str], int]:
        answer = store.client.get(store.url(), query_string=query, headers=store.headers())
        assert answer.status_code == 200
        return {job["job_id"] for job in answer.json["jobs"]}, answer.json["total"]

    assert ids() == ({"a", "b", "z"}, 3)
    # From the cache too, and the one beside the other.
    for _ in range(2):
        assert ids(**{part.name: case.text}) == ({"a", "b"}, 2)
        if case.another:
            assert "z" in ids(**{part.name: case.another})[0]
    answer = store.client.get(
        store.url(), query_string={part.name: case.text, "limit": 1}, headers=store.headers()
    )
    links = re.findall(r"<([^>]+)>", answer.headers["Link"])
    assert {dict(parse_qsl(urlsplit(link).query))[part.name] for link in links} == {case.text}
    refused = store.client.get(
        store.url(), query_string={part.name: case.nonsense}, headers=store.headers()
    )
    assert [error["field"] for error in refused.json["errors"]] == [part.name]


@EVERY
def test_it_narrows_the_page_and_stays_in_every_link(
    store: Api, part: Part, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(**query: str) -> str:
        answer = store.client.get("/projects/p1", query_string=query)
        assert answer.status_code == 200
        return answer.text

    assert rows_of(page()) == {"a", "b", "z"} == rows_of(page(**{part.name: case.nonsense}))
    for _ in range(2):
        assert rows_of(page(**{part.name: case.text})) == {"a", "b"}
        if case.another:
            assert "z" in rows_of(page(**{part.name: case.another}))
    etags = {
        re.findall(r'data-etag="([^"]+)"', page(**{part.name: text}))[0]
        for text in ("", case.text, case.another)
    }
    assert len(etags) == (3 if case.another else 2)
    monkeypatch.setattr(pages, "PAGE_SIZE", 1)
    text = page(**{part.name: case.text}, chart="30d")
    assert "of <b>2" in text or "of 2\N{NO-BREAK SPACE}jobs" in text
    pager = re.findall(r'<a class="button button--small" href="([^"]+)"', text)
    assert len(pager) == 2, "older and last"
    for href in pager:
        query = dict(parse_qsl(urlsplit(unescape(href)).query))
        assert query[part.name] == case.text
        assert len(rows_of(page(**query))) == 1
    exports = re.findall(r'href="(/projects/p1/jobs[^"]+)" download', text)
    assert len(exports) == 2
    for href in exports:
        assert told(store.client, unescape(href)) == {"a", "b"}
    # Without it, every job again; by a chip of its own, or by the tab of all, which says so.
    everything = {"chart": "30d"}
    chips = re.findall(r'<a class="button button--small chip" href="([^"]+)"', text)
    if part.tabs:
        chips = re.findall(r'<a class="tab" href="([^"]+)"', text)[:1]
        everything["status"] = "all"
    [remove] = chips
    assert dict(parse_qsl(urlsplit(unescape(remove)).query)) == everything


def told(client: FlaskClient, path: str) -> set[str]:
    """The jobs of a file."""
    answer = client.get(path)
    assert answer.status_code == 200
    if ".csv" in path:
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    else:
        rows = [orjson.loads(line) for line in answer.data.splitlines()]
    return {row["job_id"] for row in rows}


@EVERY
def test_the_tabs_count_what_it_leaves(store: Api, part: Part, case: Case) -> None:
    page = store.client.get("/projects/p1", query_string={part.name: case.text}).text
    tabs = re.findall(r'<a class="tab[^"]*" href="[^"]*"([^>]*)><b>([\d,]+)</b>', page)
    [current] = [int(count) for more, count in tabs if "aria-current" in more]
    assert current == 2
    # A tab leaves the other tabs' numbers alone, all else narrows them too.
    assert int(tabs[0][1]) == (3 if part.tabs else 2)


@EVERY
def test_the_form_keeps_it_and_shows_it(store: Api, part: Part, case: Case) -> None:
    page = store.client.get("/projects/p1", query_string={part.name: case.text}).text
    form = re.search(r'<form class="filter".*?</form>', page, re.S)
    assert form is not None
    own = re.sub(r'<input[^>]* form="between"[^>]*>', "", form[0])  # those are another form's
    sent = dict(re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', own))
    for name, options in re.findall(
        r'<select[^>]* name="([^"]+)".*?>(.*?)</select>', form[0], re.S
    ):
        [chosen] = re.findall(r'<option value="([^"]*)" selected>', options)
        sent[name] = chosen
    assert {name: unescape(value) for name, value in sent.items() if value} == {
        part.name: case.text
    }


def test_only_a_list_that_changes_by_itself_has_another_name_a_minute_later(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def etag(path: str) -> str:
        return api.get(path).headers["ETag"]

    paths = [f"?{part.name}={CASES[part.name].text}" for part in PARTS]
    monkeypatch.setattr(lists, "now", lambda: NOW)
    before = {path: etag(path) for path in paths}
    monkeypatch.setattr(lists, "now", lambda: NOW + MINUTE)
    assert [path for path in paths if etag(path) != before[path]] == ["?stalled=1"]


@EVERY
def test_its_example_is_in_the_document_of_the_api(api: Api, part: Part) -> None:
    document = api.client.get("/api/v1/openapi.json").json
    described = document["paths"]["/projects/{project_id}/jobs"]["get"]["parameters"]
    [own] = [one for one in described if one["name"] == part.name]
    assert own["description"] == part.help
    assert Draft202012Validator(own["schema"]).is_valid(own["example"])
    answer = api.client.get(
        api.url(), query_string={part.name: own["example"]}, headers=api.headers()
    )
    assert answer.status_code == 200
    header = document["paths"]["/projects/{project_id}/jobs"]["get"]["responses"]["200"]["headers"]
    if part.index is not None:
        assert f"`{part.index.taken} 10000`" in header["X-Search-Limited"]["description"]


@EVERY
def test_the_address_of_a_page_keeps_its_example(part: Part) -> None:
    wanted = parse_filter("/projects/p", MultiDict({part.name: part.example}))
    assert wanted.texts == ((part.name, part.example),)
    assert [part.name] == [one.name for one, _ in wanted.to_query(NOW, HOUR).parts]
    for url in (wanted.url(page=2), wanted.export("csv"), wanted.url(chart="30d")):
        assert dict(parse_qsl(urlsplit(url).query))[part.name] == part.example


def test_every_name_is_once_and_of_the_list_alone() -> None:
    names = [parameter.name for parameter in LIST_PARAMETERS]
    reserved = ["page", "at", "chart", "sort", "order", "time"]
    assert len({*names, *reserved}) == len(names) + len(reserved)
    assert names[3:] == [part.name for part in PARTS] == list(PART_OF)
    assert set(CASES) == set(PART_OF)


def test_what_is_no_part_is_an_error_and_never_every_job() -> None:
    with pytest.raises(TypeError, match="colour: no such part"):
        JobFilter(colour="red")
    with pytest.raises(TypeError, match="colour: no such part"):
        parse_filter("/projects/p", MultiDict()).url(colour="red")


def test_a_part_that_is_not_whole_does_not_start() -> None:
    whole = {name: getattr(PART_OF["until"], name) for name in Part.__dataclass_fields__}
    assert Part(**whole)
    required = [one.name for one in fields(Part) if one.default is one.default_factory is MISSING]
    assert len(required) == 9
    for name in required:
        with pytest.raises(TypeError, match=name):
            Part(**{key: value for key, value in whole.items() if key != name})
    with pytest.raises(ValueError, match="must be a time"):
        Part(**whole | {"example": "yesterday"})
    with pytest.raises(TypeError, match="label for its chip or tabs"):
        Part(**whole | {"label": None})
    with pytest.raises(TypeError, match="label for its chip or tabs"):
        Part(**whole | {"offered": Tabs([FAILED])})
