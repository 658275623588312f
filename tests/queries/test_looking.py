"""What is looked for where no index tells it: what is found, and how far was looked."""

from collections.abc import Sequence
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.models import Cause, Job
from app.queries import looking, search
from app.queries.filters import JobFilter
from app.queries.looking import find_causes, look
from app.rules.alike import alike
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE, SECOND, format_time
from app.store.database import reading, writing
from tests.kit.api import Api
from tests.kit.recording import record

T0 = 1_800_000_000_000_000


def store(lines: Sequence[str]) -> None:
    """Causes of these lines, the last one seen last; their numbers count from 0."""
    same = {"project_id": "p", "job_id": "j", "jobs": 1, "documents": 1, "first_at": T0}
    rows = [same | {"cause": n, "line": line, "last_at": T0 + n} for n, line in enumerate(lines)]
    with writing() as connection:
        connection.execute(delete(Cause))
        if rows:
            connection.execute(insert(Cause), rows)


words = st.text("aAbé.%_K\u212a", min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(st.lists(words, max_size=4).map(" ".join), max_size=8),
    sought=st.lists(words, min_size=1, max_size=4),
)
def test_those_are_found_whose_line_has_every_word(
    app: Flask, lines: list[str], sought: list[str]
) -> None:
    store(lines)
    plain = [
        number
        for number, line in enumerate(lines)
        if all(alike(word) in alike(line) for word in sought)
    ]
    with reading() as connection:
        assert find_causes(connection, "p", [alike(one) for one in sought]) == (plain[::-1], 0)


def test_it_says_how_many_causes_were_looked_at(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(["timeout"] * 40)
    with reading() as connection:
        assert find_causes(connection, "p", ["time", "out"])[1] == 0
        monkeypatch.setattr(looking, "MOST_MATCHING_CAUSES", 30)
        assert find_causes(connection, "p", ["timeout"]) == (list(range(39, 9, -1)), 30)
        monkeypatch.setattr(looking, "AT_ONCE", 8)
        monkeypatch.setattr(looking, "LOOKING", -1)
        assert find_causes(connection, "p", ["timeout"]) == (list(range(39, 32, -1)), 7)
        monkeypatch.setattr(looking, "MOST_CAUSES", 5)
        assert find_causes(connection, "p", ["timeout"]) == (list(range(39, 34, -1)), 5)


def test_a_search_that_looked_at_no_more_says_so_everywhere(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_MATCHING_CAUSES", 3)
    monkeypatch.setattr(looking, "MOST_FAILURES", 2)
    kinds = ["one", "two", "three", "four", "five"]
    job = {"source_doc_id": "d", "status": "failed"}
    items = [
        {
            **job,
            "job_id": one,
            "error_message": f"timeout {one}",
            "completed_at": f"2026-03-0{n}T00:00:00Z",
        }
        for n, one in enumerate(kinds, 1)
    ]
    assert api.post({"jobs": items}, "/bulk").status_code == 200
    answer = api.get("?q=timeout")
    limits = "failures since 2026-03-03T00:00:01Z; causes 3"
    assert (answer.json["total"], answer.headers[search.LIMITED]) == (3, limits)
    assert "causes" not in api.get("?q=timeout%20tw").headers[search.LIMITED]
    assert search.LIMITED not in api.get("?since=2026-04-01T00:00:00Z").headers
    api.sign_in()
    page = api.client.get(f"/projects/{api.project}?q=timeout").text
    words = "the errors of jobs that failed since 2026-03-03 00:00 UTC and the 3 causes seen last."
    assert f"these are among {words}" in page
    export = api.client.get(f"/projects/{api.project}/jobs.csv?q=timeout")
    assert (export.text.count("timeout"), export.headers[search.LIMITED]) == (3, limits)


DOCUMENT = "Verträge/2026/ＮＤＡ Übersicht (final).PDF"
ERROR = "\n".join(
    ["Traceback", *(f"  line {n}" for n in range(300)), "request_id: Req-7F3a", "end"]
)


@pytest.mark.parametrize(
    "q",
    [
        "übersicht",
        "ÜBERSICHT",
        "u\u0308bersicht",
        "nda übers",
        "ｆｉｎａｌ",
        "verträge/2026",
        "(final).pdf",
        "job-1",
        "req-7f3a",
        "REQ-7F3A line 299",
        "299 traceback",
    ],
)
def test_what_stands_on_the_screen_is_found(api: Api, q: str) -> None:
    api.post(
        {
            "job_id": "job-17",
            "source_doc_id": DOCUMENT,
            "status": "failed",
            "error_message": ERROR,
        }
    )
    api.post({"job_id": "other", "source_doc_id": "another.pdf", "status": "completed"})
    found = api.get(f"?{urlencode({'q': q})}")
    assert [one["job_id"] for one in found.json["jobs"]] == ["job-17"]
    assert (found.json["total"], search.LIMITED in found.headers) == (1, False)


@pytest.mark.parametrize("q", ["übersicht 2026", "ob-1", "req-7f3a nothing", "Job-1", "."])
def test_what_nobody_wrote_is_not(api: Api, q: str) -> None:
    api.post({"job_id": "job-17", "source_doc_id": DOCUMENT.rstrip(".PDF"), "status": "pending"})
    assert api.get(f"?{urlencode({'q': q})}").json["total"] == 0


def test_only_the_newest_are_looked_at_and_it_says_since_when(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_DOCUMENTS", 4)
    monkeypatch.setattr(looking, "MOST_FAILURES", 3)
    create_project("p", name="p", mode="kg_vector", now=T0)
    jobs = [
        Report(
            job_id=f"j{n}",
            source_doc_id=f"of/{n}.pdf",
            status=JobStatus.FAILED,
            created_at=T0 + n * SECOND,
            completed_at=T0 + n * MINUTE,
            error_message="first\n" * 400 + "no answer",
        )
        for n in range(9)
    ]
    record("p", jobs, now=T0 + HOUR)
    with reading() as connection:
        by_document = look(connection, "p", ".PDF", ())
        by_error = look(connection, "p", "answer", ())
        everything = look(connection, "p", "pdf", [Job.created_at >= T0 + 6 * SECOND])
    assert by_document.jobs == {"j8", "j7", "j6", "j5"}
    since = [
        f"{what} since {format_time(at)}"
        for what, at in (("documents", T0 + 5 * SECOND), ("failures", T0 + 5 * MINUTE + SECOND))
    ]
    assert by_document.limits == tuple(since)
    assert by_error.jobs == {"j8", "j7", "j6"}
    assert (everything.jobs, everything.limits) == ({"j8", "j7", "j6"}, ())


def test_what_is_not_ascii_is_looked_at_for_a_bounded_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOKING", -1)
    monkeypatch.setattr(looking, "AT_ONCE", 2)
    create_project("p", name="p", mode="kg_vector", now=T0)
    jobs = [
        Report(job_id=f"j{n}", source_doc_id=f"Ä/{n}", created_at=T0 + n * SECOND) for n in range(9)
    ]
    record("p", jobs, now=T0 + HOUR)
    with reading() as connection:
        found = look(connection, "p", "ä/", ())
    assert found.jobs == {"j8", "j7"}
    assert found.limits == (f"documents since {format_time(T0 + 8 * SECOND)}",)


def test_a_hostile_search_looks_at_a_bounded_number_of_lines(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=T0)
    store(["ab" * 150] * looking.MOST_CAUSES)
    q = " ".join("ab" * 12 + letter for letter in "cdefghijklmnopqrstuvwxyzCDEFGHIJKLMNOP")
    with reading() as connection:
        found = search.find(connection, "p", JobFilter(q=q[:1024]))
    assert found.keys == []
