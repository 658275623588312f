"""A script can ask what the pages and the wall say."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.projects import list_lines
from app.rules.sentences import plain
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor, format_time
from app.store.database import reading
from tests.kit.api import Api
from tests.kit.recording import record

NOON = floor(1_700_000_000 * SECOND, DAY) + 12 * HOUR


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time, in µs, as the first of a list."""
    times = [NOON]
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: times[0] * 1000))
    return times


@pytest.fixture
def board(api: Api, moment: list[int]) -> Api:
    """A project of which one job is silent and two documents fail; and an empty one."""
    create_project("a", name="A", mode="kg_vector", now=NOON - DAY)
    create_project("b", name="B", mode="kg_vector", now=NOON - DAY)
    job = {"started_at": NOON - HOUR, "source_doc_id": "d"}
    record("a", [Report(job_id="r", status=JobStatus.RUNNING, **job)], now=NOON - 20 * MINUTE)
    failed = {"status": JobStatus.FAILED, "error_message": "LLM API timeout after 3 retries"}
    reports = [
        Report(job_id=f"f{n}", source_doc_id=f"d{n % 2}", completed_at=NOON - n * MINUTE, **failed)
        for n in range(3)
    ]
    record("a", reports, now=NOON)
    return api


def ask(api: Api, path: str, project: str | None = None, **headers: str) -> Any:
    key = api.key("read", project)
    return api.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {key}", **headers})


def test_it_says_what_the_page_says(board: Api) -> None:
    said = ask(board, "/projects/a/summary").json
    assert (said["state"], said["trouble"]) == ("failing", True)
    assert said["since"] == format_time(NOON - 2 * MINUTE)
    assert said["sentence"] == (
        "Failing since 11:58 UTC (2 min): 2 documents, all by “LLM API timeout after 3 retries”."
        " Last one 0 s ago."
    )
    [stalled] = said["also"]
    assert stalled["state"] == "stalled"
    assert stalled["sentence"] == "Stalled since 11:40 UTC (20 min): 1 job silent."
    assert said["counts"] == {
        "pending": 0,
        "running": 1,
        "completed": 0,
        "failed": 3,
        "empty": 0,
        "stalled": 1,
        "failing_documents": 2,
    }
    assert said["last_24h"] == {"completed": 0, "failed": 3}
    [cause] = said["causes"]
    assert (cause["documents"], cause["error"]) == (2, "LLM API timeout after 3 retries")
    assert cause["remedy"]
    assert said["as_of"] == format_time(NOON)
    with reading() as connection:
        [line] = list_lines(connection, NOON, "a")
    assert line.verdict.state.name == said["state"]
    assert "2 documents" in plain(line.sentence, lambda *_: "")


def test_all_that_the_key_sees_is_told_the_worst_first(board: Api) -> None:
    said = ask(board, "/summary").json["projects"]
    assert [(one["project_id"], one["state"]) for one in said][:1] == [("a", "failing")]
    assert {"b", "p1"} <= {one["project_id"] for one in said}
    assert said[0]["causes"][0]["documents"] == 2
    alone = ask(board, "/summary", "b").json["projects"]
    assert [one["project_id"] for one in alone] == ["b"]
    assert alone[0]["state"] == "empty"
    assert ask(board, "/projects/a/summary", "b").status_code == 404
    assert board.client.get("/api/v1/summary").status_code == 401


@pytest.mark.parametrize("path", ["/summary", "/projects/a/summary"])
def test_it_is_the_same_until_something_changes_or_begins_to_mean_something(
    board: Api, moment: list[int], path: str
) -> None:
    job = {"started_at": NOON, "source_doc_id": "d"}
    record("a", [Report(job_id="x", status=JobStatus.RUNNING, **job)], now=NOON)
    moment[0] = NOON + 14 * MINUTE
    first = ask(board, path)
    etag = first.headers["ETag"]
    moment[0] += 59 * SECOND
    assert ask(board, path, **{"If-None-Match": etag}).status_code == 304
    moment[0] = NOON + 15 * MINUTE - 1
    again = ask(board, path, **{"If-None-Match": etag})
    assert again.status_code == 304
    moment[0] += 1  # the moment from which x is silent, and the minute
    assert ask(board, path, **{"If-None-Match": etag}).status_code == 200


def test_silence_is_said_at_its_second(board: Api, moment: list[int]) -> None:
    """Not with the next minute: what is asked a second before is true until then, no longer."""
    heard_at = NOON + 17 * SECOND
    record("b", [Report(job_id="x", source_doc_id="x", status=JobStatus.RUNNING)], now=heard_at)
    moment[0] = heard_at + 15 * MINUTE - SECOND
    before = ask(board, "/projects/b/summary")
    assert before.json["state"] == "running"
    known = {"If-None-Match": before.headers["ETag"]}
    moment[0] += SECOND - 1
    assert ask(board, "/projects/b/summary", **known).status_code == 304
    moment[0] += 1
    after = ask(board, "/projects/b/summary", **known)
    assert (after.status_code, after.json["state"]) == (200, "stalled")
    assert after.headers["ETag"] != before.headers["ETag"]
