"""Events of OpenLineage are jobs: as its client sends them, in any order, as often as they come."""

import random
from typing import Any

import pytest

from app.ledger.audit import verify
from app.ledger.projects import change_project, create_project
from app.ledger.removal import remove_jobs
from app.ledger.report import Report
from app.queries.jobs import get_origin
from app.rules.status import JobStatus
from app.sources.openlineage import MalformedError, read_event
from app.store.database import db, reading
from app.store.turn import BusyError
from tests.kit.api import Api
from tests.kit.statements import statements

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
    return found.report()


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
        ({"eventTime": "2024-01-01T12:99:00Z", "dataset": {}}, "eventTime must be a time"),
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


def documents_that_fail(api: Api) -> list[str]:
    """Those of the project, by its own list; and every count must be what its jobs say."""
    with reading() as connection:
        assert not verify(connection, api.project, lambda *_: None)
    api.sign_in()
    return api.client.get(f"/projects/{api.project}/failing.txt").text.splitlines()


def test_a_document_that_only_a_later_event_knows_is_the_jobs(api: Api) -> None:
    assert send(api, event("FAIL"), "?project_id=p1").status_code == 201
    assert documents_that_fail(api) == ["ingest"]
    more = event("RUNNING", inputs=[file("s3://bucket", "a.pdf")])
    assert send(api, more, "?project_id=p1").status_code == 201
    assert documents_that_fail(api) == ["s3://bucket/a.pdf"]
    named = event(run={"jobwall": {"source_doc_id": "lease"}})
    for late in (named, more, event("OTHER"), named):
        assert send(api, late, "?project_id=p1").status_code == 201
    assert api.get(f"/ol-{RUN}").json["source_doc_id"] == "lease"
    assert documents_that_fail(api) == ["lease"]
    found = api.get("?document=lease").json["jobs"]
    assert [job["job_id"] for job in found] == [f"ol-{RUN}"]
    assert not api.get("?document=ingest").json["jobs"]


def test_what_was_reported_in_our_own_words_stays_the_document(api: Api) -> None:
    own = {"job_id": f"ol-{RUN}", "source_doc_id": "mine"}
    assert api.post(own).status_code == 201
    named = event("COMPLETE", run={"jobwall": {"source_doc_id": "other"}})
    assert send(api, named, "?project_id=p1").status_code == 201
    job = api.get(f"/ol-{RUN}").json
    assert (job["status"], job["source_doc_id"]) == ("completed", "mine")
    assert api.post(own | {"source_doc_id": "third"}).status_code == 422


def set_namespaces(project_id: str, *patterns: str) -> None:
    create_project(project_id, name=project_id, mode="kg_vector", now=0)
    change_project(project_id, {}, patterns)


def test_a_rule_says_whose_a_namespace_is_and_the_longer_pattern_wins(api: Api) -> None:
    set_namespaces("every", "*")
    set_namespaces("spark", "spark-*", "spark-prod")
    set_namespaces("prod", "spark-prod-*", "spark-prod*")
    create_project("etl", name="etl", mode="kg_vector", now=0)
    for namespace, project_id in (
        ("spark-test", "spark"),
        ("spark-prod", "spark"),
        ("spark-prod-1", "prod"),
        ("spark", "every"),
        ("etl", "every"),
        ("s3://b/" + "x" * 5000, "every"),
        ("odd\0\n", "every"),
    ):
        said = event() | {"job": {"namespace": namespace, "name": "x"}}
        answer = send(api, said)
        assert (answer.status_code, answer.json["project_id"]) == (201, project_id), namespace
    assert send(api, event(), "?project_id=p1").json["project_id"] == "p1"
    change_project("every", {}, [])
    assert send(api, event()).json["project_id"] == "etl"
    unknown = send(api, event() | {"job": {"namespace": "nowhere", "name": "x"}})
    assert unknown.status_code == 404
    assert "nowhere" in unknown.json["detail"]


def test_a_rule_opens_no_project_to_a_key_that_is_for_another(api: Api) -> None:
    set_namespaces("etls", "etl")
    key = {"Authorization": f"Bearer {api.key('write', 'p1')}"}
    assert api.client.post(LINEAGE, json=event(), headers=key).json["project_id"] == "p1"
    refused = api.client.post(f"{LINEAGE}?project_id=etls", json=event(), headers=key)
    assert refused.status_code == 404


def test_parents_are_left_out_where_they_are_not_wanted(api: Api) -> None:
    dag = event(job={"jobType": {"jobType": "DAG", "integration": "AIRFLOW"}})
    answer = send(api, dag, "?project_id=p1&parents=0")
    assert (answer.status_code, answer.json) == (200, {"result": "ignored"})
    assert send(api, dag, "?project_id=p1").status_code == 201


def test_the_jobs_page_says_where_it_came_from_and_leads_to_its_log(api: Api) -> None:
    task = {"map_index": 3, "log_url": "https://airflow.example/log?a=1&b=2"}
    said = event(
        "FAIL",
        run={"airflow": {"taskInstance": task}, "processing_engine": {"name": "Airflow"}},
    )
    assert send(api, said, "?project_id=p1").status_code == 201
    api.sign_in()
    page = api.client.get(f"/projects/p1/jobs/ol-{RUN}").text
    link = 'href="https://airflow.example/log?a=1&amp;b=2" rel="noopener noreferrer">Log</a>'
    assert link in page
    for words in (
        "Where it came from",
        "Airflow by OpenLineage",
        "told by the pipeline’s job and its map index",
        "told by the request, which names it",
        "https://example.com",
    ):
        assert words in page
    assert api.post({"job_id": "own", "source_doc_id": "d"}).status_code == 201
    assert "Where it came from" not in api.client.get("/projects/p1/jobs/own").text


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "//x.example", "https://x\n", "https://x.example/" + "a" * 2000],
)
def test_a_log_that_is_no_address_of_the_web_is_no_link(address: str) -> None:
    said = event(run={"airflow": {"taskInstance": {"log_url": address}}})
    found = read_event(said)
    assert found is not None
    assert found.origin.log_url is None


def test_what_no_database_takes_is_kept_without_it(api: Api) -> None:
    said = event() | {"job": {"namespace": "n\0s" * 999, "name": "\0"}, "producer": "p\0"}
    assert send(api, said, "?project_id=p1").status_code == 201
    with reading() as connection:
        origin = get_origin(connection, "p1", f"ol-{RUN}")
    assert origin is not None
    assert (origin.namespace[:4], origin.job_name, origin.producer) == ("nsns", "", "p")
    assert len(origin.namespace) < 1025
    assert api.get(f"/ol-{RUN}").json["source_doc_id"] == RUN


def test_a_repeated_event_reads_and_writes_nothing(api: Api) -> None:
    for _ in range(2):
        with statements(db.engine) as heard:
            assert send(api, event(), "?project_id=p1").status_code == 201
    assert len(heard) == 3, heard  # the key and the project, the job, where it comes from
    with statements(db.engine) as heard:
        assert api.patch(f"ol-{RUN}", {}).status_code == 200
    assert not any("job_origins" in one for one in heard)


def test_where_a_job_came_from_goes_with_it(api: Api) -> None:
    assert send(api, event("COMPLETE"), "?project_id=p1").status_code == 201
    assert remove_jobs("p1", statuses=[JobStatus.COMPLETED], before=2**60) == 1
    with reading() as connection:
        assert get_origin(connection, "p1", f"ol-{RUN}") is None


def test_where_it_is_busy_it_says_429_and_no_client_waits(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise BusyError

    monkeypatch.setattr("app.api.lineage.record", busy)
    answer = send(api, event(), "?project_id=p1")
    assert (answer.status_code, answer.json["status"]) == (429, 429)
    assert answer.headers["Retry-After"]
