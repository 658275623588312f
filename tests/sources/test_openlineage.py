"""Events of OpenLineage are jobs: as its client sends them, in any order, as often as they come."""

import random
from pathlib import Path
from typing import Any

import pytest

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.rules.status import JobStatus
from app.sources.openlineage import MalformedError, read_event
from app.store.turn import BusyError
from tests.kit.api import Api
from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.pipelines import Pipeline

RUN = "0191f4c2-7a3b-7c11-9d2e-5a6b7c8d9e0f"  # of version 7: made 2024-09-15


def event(kind: str | None = "START", at: str = "2026-11-20T03:00:00Z", **more: Any) -> Any:
    """An event of a run; `run` and `job` are facets."""
    run, job = more.pop("run", {}), more.pop("job", {})
    return {
        "eventType": kind,
        "eventTime": at,
        "run": {"runId": RUN, "facets": run},
        "job": {"namespace": "etl", "name": "ingest", "facets": job},
        "producer": "https://example.com",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
        **more,
    }


def read(said: Any, **options: bool) -> Report:
    found = read_event(said, **options)
    assert found is not None
    return found.report


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("OTHER", JobStatus.PENDING),
        ("START", JobStatus.RUNNING),
        ("RUNNING", JobStatus.RUNNING),
        ("COMPLETE", JobStatus.COMPLETED),
        ("FAIL", JobStatus.FAILED),
        ("ABORT", JobStatus.FAILED),
    ],
)
def test_what_an_event_says_is_a_report(kind: str, status: JobStatus) -> None:
    report = read(event(kind))
    assert (report.job_id, report.status, report.attempt) == (f"ol-{RUN}", status, 1)
    assert (report.started_at is not None) == (kind in ("START", "RUNNING"))
    assert (report.completed_at is not None) == (kind in ("COMPLETE", "FAIL", "ABORT"))
    assert report.created_at == 1_726_388_271_675_000, "which its run's id tells"


@pytest.mark.parametrize("at", ["2026-11-20T03:00:00Z", "2026-11-20T04:00:00.123456789+01:00"])
def test_times_come_in_every_form(at: str) -> None:
    started = read(event(at=at)).started_at
    assert started is not None
    assert started // 1_000_000 == 1_795_143_600


def file(namespace: str, name: str) -> dict[str, str]:
    return {"namespace": namespace, "name": name}


def mapped(index: object) -> dict[str, Any]:
    return {"airflow": {"taskInstance": {"map_index": index}}}


@pytest.mark.parametrize(
    ("more", "document"),
    [
        ({}, "ingest"),
        ({"inputs": [file("file", "/data/a.pdf")]}, "/data/a.pdf"),
        ({"inputs": [file("s3://bucket", "a/b.pdf")]}, "s3://bucket/a/b.pdf"),
        ({"inputs": [file("hdfs://nn:8020", "/a.csv")]}, "hdfs://nn:8020/a.csv"),
        ({"inputs": [file("postgres://db", "public.t")]}, "ingest"),
        ({"inputs": [file("s3://b", "1"), file("s3://b", "2")]}, "ingest"),
        ({"inputs": [file("s3://b", "1"), file("s3://b", "1"), file("x", "y")]}, "s3://b/1"),
        ({"run": mapped(3)}, "ingest[3]"),
        ({"run": mapped(-1)}, "ingest"),
        ({"run": mapped("3")}, "ingest"),
        ({"run": {"tags": {"tags": [{"key": "source_doc_id", "value": "t"}]}}}, "t"),
        ({"run": {"jobwall": {"source_doc_id": "own"}}}, "own"),
        ({"run": {"jobwall": {"source_doc_id": "x" * 3000}}}, "ingest"),
        ({"run": {"tags": {"tags": [7, {"key": "source_doc_id", "value": 7}]}}}, "ingest"),
        ({"inputs": "nonsense", "run": "nonsense", "job": []}, "ingest"),
    ],
)
def test_the_document_is_what_tells_most(more: dict[str, Any], document: str) -> None:
    assert read(event(**more)).source_doc_id == document


def output(name: str, rows: object) -> dict[str, Any]:
    facets = {"outputStatistics": {"rowCount": rows, "size": 5}}
    return {"namespace": "db", "name": name, "outputFacets": facets}


def test_counts_are_of_what_outputs_are_called() -> None:
    outputs = [
        output("public.chunks", 4),
        output("kg.entities", 8),
        output("kg.more_nodes", 2),
        output("kg/relations", 15),
        output("edges_of.log", 99),
        output("nodes", None),
        output("nodes", -1),
        output("nodes", True),
        {"name": 3},
        "nonsense",
    ]
    report = read(event("COMPLETE", outputs=outputs))
    counts = report.chunks_processed, report.nodes_created, report.edges_created
    assert counts == (4, 10, 15)
    own = {"jobwall": {"chunks": 1, "of": 9, "nodes": "many"}}
    report = read(event("RUNNING", outputs=outputs, run=own))
    assert (report.chunks_processed, report.chunks_total, report.nodes_created) == (1, 9, 10)


@pytest.mark.parametrize(
    ("facet", "kind", "message"),
    [
        ({"message": "no text"}, "FAIL", "no text"),
        ({"message": "no text", "stackTrace": "Trace\nE: no text"}, "FAIL", "Trace\nE: no text"),
        ({"message": "no text", "stackTrace": "Trace"}, "FAIL", "no text\nTrace"),
        ({}, "FAIL", None),
        ({"message": 7}, "FAIL", None),
        ({}, "ABORT", "Aborted"),
        ({"message": "no text"}, "COMPLETE", None),
    ],
)
def test_the_error_is_the_message_and_where_it_came_from(
    facet: dict[str, object], kind: str, message: str | None
) -> None:
    assert read(event(kind, run={"errorMessage": facet})).error_message == message


def test_what_is_of_no_run_or_a_single_statement_is_ignored() -> None:
    job = {"eventTime": "2026-11-20T03:00:00Z", "job": {"namespace": "a", "name": "b"}}
    assert read_event(job) is None
    assert read_event({"eventTime": "2026-11-20T03:00:00Z", "dataset": {}}) is None
    query = event(job={"jobType": {"jobType": "QUERY", "integration": "AIRFLOW"}})
    assert read_event(query) is None
    assert read(query, statements=True)
    assert read(event(job={"jobType": {"jobType": "SQL_JOB", "integration": "SPARK"}}))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "JSON object"),
        ([], "JSON object"),
        ({}, "eventTime"),
        ({"eventTime": "2026-11-20T03:00:00Z"}, "of a run, a job or a dataset"),
        ({**event(), "run": {}}, "runId"),
        ({**event(), "run": {"runId": "nonsense"}}, "UUID"),
        ({**event(), "job": {"name": "a"}}, "namespace"),
        (event("FINISHED"), "eventType"),
        (event(at="yesterday"), "eventTime must be a time"),
        (event(at="2026-11-20T03:00:00"), "eventTime must be a time"),
    ],
)
def test_what_is_malformed_is_said(said: Any, words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        read_event(said)


LINEAGE = "/api/v1/lineage"


def send(api: Api, said: Any, path: str = "", scope: str = "write", **headers: str) -> Any:
    headers = api.headers(scope) | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return api.client.post(LINEAGE + path, json=said, headers=headers)


def test_an_event_is_stored_where_it_belongs(api: Api) -> None:
    create_project("etl", name="ETL", mode="kg_vector", now=0)
    for path, headers, project_id in (
        ("", {}, "etl"),  # its namespace
        ("?project_id=p1", {}, "p1"),
        ("", {"X_Project": "p1"}, "p1"),
    ):
        answer = send(api, event(), path, **headers)
        assert answer.status_code == 201, answer.text
        assert answer.json == {
            "result": "stored",
            "project_id": project_id,
            "job_id": f"ol-{RUN}",
        }
    key = api.key("write", "p1")  # for one project: whatever the namespace is called
    one = api.client.post(LINEAGE, json=event("FAIL"), headers={"Authorization": f"Bearer {key}"})
    assert one.json["project_id"] == "p1"
    assert api.get(f"/ol-{RUN}").json["status"] == "failed"


@pytest.mark.parametrize(
    ("said", "path", "scope", "status"),
    [
        (event(), "", "write", 404),
        (event(job={}), "?project_id=%00", "write", 404),
        (event(), "?project_id=p1", "read", 403),
        ({"eventTime": "2026-11-20T03:00:00Z"}, "?project_id=p1", "write", 400),
        ("nonsense", "?project_id=p1", "write", 400),
        ({"eventTime": "2026-11-20T03:00:00Z", "dataset": {}}, "", "write", 200),
        ([], "/batch", "write", 400),
        ([event()] * 1001, "/batch", "write", 400),
    ],
)
def test_what_cannot_be_stored_is_said(
    api: Api, said: Any, path: str, scope: str, status: int
) -> None:
    assert send(api, said, path, scope).status_code == status
    assert api.client.post(LINEAGE, json=event()).status_code == 401


def test_of_a_batch_each_event_has_its_own_answer(api: Api) -> None:
    strange = event(job={}) | {"job": {"namespace": "nowhere", "name": "x"}}
    said = [event() | {"job": {"namespace": "p1", "name": "x"}}, {}, strange, "nonsense"]
    said.append({"eventTime": "2026-11-20T03:00:00Z", "dataset": {}})
    answer = send(api, said, "/batch")
    assert answer.status_code == 200
    results = [one["result"] for one in answer.json["results"]]
    assert results == ["stored", "malformed", "refused", "malformed", "ignored"]
    assert "nowhere" in answer.json["results"][2]["error"]


def history() -> list[Any]:
    """The events of three runs, some of which know more than others."""
    said = []
    for number in range(3):
        run = {"runId": f"0191f4c2-7a3b-7c11-9d2e-5a6b7c8d9e0{number}"}
        outputs = [output("nodes", 3), output("chunks", 2)]
        end = "FAIL" if number == 1 else "COMPLETE"
        facets = {"errorMessage": {"message": "no text"}} if number == 1 else {}
        of_run = [
            event("OTHER", "2026-11-20T03:00:00Z"),
            event("START", "2026-11-20T03:01:00Z"),
            event("RUNNING", "2026-11-20T03:02:00Z", outputs=outputs[:1]),
            event(end, "2026-11-20T03:03:00Z", outputs=outputs),
        ]
        for one in of_run:
            said.append({**one, "run": {**run, "facets": facets if one is of_run[-1] else {}}})
    return said


@pytest.mark.parametrize("seed", range(8))
def test_in_any_order_and_repeated_the_same_events_are_the_same_jobs(api: Api, seed: int) -> None:
    said = history()
    for one in said:
        assert send(api, one, "?project_id=p1").status_code == 201
    create_project("p2", name="P2", mode="kg_vector", now=0)
    again = said * 2
    random.Random(seed).shuffle(again)
    assert {one["result"] for one in send(api, again, "/batch?project_id=p2").json["results"]} == {
        "stored"
    }
    straight = api.get().json["jobs"]
    api.project = "p2"
    shuffled = api.get().json["jobs"]
    known = [{**job, "project_id": "p1"} for job in shuffled]
    assert sorted(known, key=by_id) == sorted(straight, key=by_id)
    assert [job["status"] for job in sorted(straight, key=by_id)] == [
        "completed",
        "failed",
        "completed",
    ]


def by_id(job: dict[str, Any]) -> str:
    return str(job["job_id"])


def test_a_document_that_only_the_end_knows_refuses_nothing(api: Api) -> None:
    assert send(api, event(), "?project_id=p1").status_code == 201
    end = event("COMPLETE", inputs=[file("s3://bucket", "a.pdf")])
    assert send(api, end, "?project_id=p1").status_code == 201
    job = api.get(f"/ol-{RUN}").json
    assert (job["status"], job["source_doc_id"]) == ("completed", "ingest")


def test_where_it_is_busy_it_says_429_and_no_client_waits(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise BusyError

    monkeypatch.setattr("app.api.lineage.record", busy)
    answer = send(api, event(), "?project_id=p1")
    assert (answer.status_code, answer.json["status"]) == (429, 429)
    assert answer.headers["Retry-After"]


@sqlite_only
def test_openlineages_own_client(live_board: Board, tmp_path: Path) -> None:
    pipeline = Pipeline(live_board, tmp_path, Path(__file__).with_name("pipelines"))
    pipeline.environment |= {
        "OPENLINEAGE_URL": live_board.url,
        "OPENLINEAGE_API_KEY": live_board.key,
        "OPENLINEAGE_ENDPOINT": f"api/v1/lineage?project_id={pipeline.project}",
    }
    pipeline.run("openlineage-python", "-m", "openlineage_app")
    jobs = pipeline.jobs()
    states = {name: job["status"] for name, job in jobs.items()}
    assert states == {
        "s3://contracts/2026/lease.pdf": "completed",
        "ingest.broken": "failed",
        "a.pdf": "running",
        "aborted": "failed",
        "waiting": "pending",
    }
    lease = jobs["s3://contracts/2026/lease.pdf"]
    counts = ("chunks_processed", "nodes_created", "edges_created")
    assert [lease[name] for name in counts] == [4, 8, 15]
    assert lease["started_at"] == "2026-11-20T03:00:00.123456Z"
    assert jobs["ingest.broken"]["error_message"] == "Traceback\nno text"
    assert jobs["ingest.broken"]["started_at"] == "2026-11-20T03:00:00.123456Z"
