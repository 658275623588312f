"""Who follows the links of a list meets every job once, whatever comes and goes meanwhile."""

import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.ledger.projects import create_project
from app.ledger.removal import remove_jobs
from app.ledger.report import Report
from app.queries import depth
from app.rules.status import JobStatus
from app.rules.times import DAY, MINUTE, SECOND, format_time
from tests.kit.api import Api
from tests.kit.problems import assert_problem
from tests.kit.recording import record

T0 = 1_700_000_000 * SECOND
NOW = T0 + 10 * DAY
numbers = itertools.count()

moments = st.builds(
    lambda days, minutes, seconds: T0 + days * DAY + minutes * MINUTE + seconds * SECOND,
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(0, 3),  # many at the very same time
)
some_jobs = st.lists(st.tuples(moments, st.sampled_from(JobStatus)), max_size=12)
some_changes = st.fixed_dictionaries(
    {
        "jobs": some_jobs,
        "removed": st.sampled_from([None, JobStatus.FAILED, JobStatus.COMPLETED]),
        "before": moments,
    }
)
QUERIES = [
    "",
    "status=failed&",
    "status=failed&status=running&",
    "empty=1&",
    f"since={format_time(T0 + 2 * SECOND)}&",
    f"until={format_time(T0 + DAY + 2 * SECOND)}&status=completed&",
    "q=doc-&",
    "document=doc-1&",
    "q=doc-1&status=failed&",
]


def reports(jobs: list[tuple[int, JobStatus]]) -> list[Report]:
    """Jobs that were never there before."""
    return [
        Report(
            job_id=f"j{next(numbers) * 7919 % 100_003:05}",
            source_doc_id=f"doc-{place % 2}",
            status=status,
            created_at=created,
            completed_at=created,
            chunks_processed=1,
        )
        for place, (created, status) in enumerate(jobs)
    ]


def names(answer: TestResponse) -> list[str]:
    return [job["job_id"] for job in answer.json["jobs"]]


def followed(api: Api, answer: TestResponse, relation: str) -> Iterator[TestResponse]:
    """A page and those that its links lead to, each asked for when it is its turn."""
    for _ in range(200):
        assert answer.status_code == 200
        yield answer
        onward = re.search(rf'<([^>]*)>; rel="{relation}"', answer.headers["Link"])
        if onward is None:
            return
        answer = api.client.get(onward[1], headers=api.headers())
    raise AssertionError("the links lead on for ever")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first=st.lists(st.tuples(moments, st.sampled_from(JobStatus)), min_size=5, max_size=30),
    steps=st.lists(some_changes, max_size=8),
    query=st.sampled_from(QUERIES),
    limit=st.integers(1, 7),
    relation=st.sampled_from(["next", "next", "prev"]),
)
def test_every_job_is_met_once_while_others_come_and_go(
    api: Api, monkeypatch: pytest.MonkeyPatch, first, steps, query, limit, relation
) -> None:
    monkeypatch.setattr(depth, "SHALLOW", 2)
    project_id = api.project = f"p{next(numbers)}"
    create_project(project_id, name="p", mode="kg_vector", now=T0)
    record(project_id, reports(first), now=NOW)

    def everything() -> list[str]:
        return names(api.get(f"?{query}limit=1000"))

    at_first = everything()
    begin = api.get(f"?{query}limit={limit}")
    if relation == "prev":
        *_, begin = followed(api, begin, "next")
    met: list[str] = []
    changes = iter(steps)
    for page in followed(api, begin, relation):
        here, offset = names(page), page.json["offset"]
        assert everything()[offset:][: len(here)] == here, "the offset is true"
        assert page.json["limit"] == limit
        met += here
        change = next(changes, {"jobs": [], "removed": None})
        if change["jobs"]:
            record(project_id, reports(change["jobs"]), now=NOW)
        if change["removed"] is not None:
            remove_jobs(project_id, statuses=[change["removed"]], before=change["before"], limit=5)
    assert len(met) == len(set(met)), "one of them twice"
    left = set(everything())
    assert [name for name in at_first if name in left and name not in met] == []


def test_the_list_of_a_crowded_moment_is_followed_through(api: Api) -> None:
    at_once = (T0, JobStatus.FAILED)
    record("p1", reports([at_once] * 25), now=NOW)
    at_first, met = names(api.get()), []
    for number, page in enumerate(followed(api, api.get("?limit=4"), "next")):
        met += names(page)
        if number < 10:
            record("p1", reports([at_once]), now=NOW)
    assert len(met) == len(set(met)) <= 35
    assert set(at_first) <= set(met)


def test_an_unchanged_page_beside_a_key_is_known(api: Api) -> None:
    record("p1", reports([(T0, JobStatus.FAILED)] * 5), now=NOW)
    onward = re.search(r'<([^>]*)>; rel="next"', api.get("?limit=2").headers["Link"])[1]
    page = api.client.get(onward, headers=api.headers())
    known = api.headers(**{"If-None-Match": page.headers["ETag"]})
    assert api.client.get(onward, headers=known).status_code == 304
    record("p1", reports([(T0 + 1, JobStatus.FAILED)]), now=NOW)
    again = api.client.get(onward, headers=known)
    assert names(again) == names(page)
    assert (page.json["offset"], again.json["offset"]) == (2, 3)


@pytest.mark.parametrize(
    "cursor",
    [
        "", "older", "1~j", "older~j", "older~1~", "sooner~1~j", "older~-1~j", "older~1~j%20k",
        f"older~{'9' * 19}~j", "older~1~j&cursor=older~1~j", "older~1.0~j", "older~%D9%A1~j",
    ],
)  # fmt: skip
def test_a_cursor_that_no_link_has_is_refused(api: Api, cursor: str) -> None:
    assert_problem(api.get(f"?cursor={cursor}"), 422, "cursor")


def test_a_cursor_and_an_offset_are_no_place(api: Api) -> None:
    assert_problem(api.get("?cursor=older~1~j&offset=0"), 422, "offset")
