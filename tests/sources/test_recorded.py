"""What Airflow, dbt and Spark send is the same jobs, in any order and however often it comes.

Each line of `events/` is an event as it came to a live board, without the facets that nobody reads
and what told of the machine:

- `airflow`: `airflow standalone` of Airflow 3.3.2 with its provider 2.20.3, the DAG `contracts` of
  `pipelines/dags/`. A mapped task of which one fails, a task that needs two tries, one of SQL, and
  one that tells its file at its end.
- `dbt`: `dbt-ol seed`, `run`, `test` and `--consume-structured-logs run` of dbt-core 1.10.23,
  dbt-duckdb 1.10.1 and openlineage-dbt 1.54.0, the project of `pipelines/dbt/`. One model fails.
  Of the statements of a model the first two.
- `spark` was never sent, but written by hand as the documents of its integration say: the jar is in
  no registry that was reached.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ledger.audit import verify
from app.ledger.draft import Draft
from app.ledger.merge import outcome_of
from app.ledger.projects import create_project
from app.queries.jobs import get_origin
from app.rules.origins import DocumentBy
from app.sources.openlineage import read_event
from app.store.database import reading
from tests.kit.api import Api

FILES = sorted(Path(__file__).with_name("events").glob("*.ndjson"))
SENT = {path.stem: [*map(json.loads, path.read_text().splitlines())] for path in FILES}
EVENTS = [event for events in SENT.values() for event in events]
NOW = 1_796_000_000_000_000
LINEAGE = "/api/v1/lineage/batch"


def seen(events: list[Any], now: int = NOW) -> dict[str, object]:
    """What a reader sees of each job after these events: its fields, its document, its origin."""
    drafts: dict[str, Draft] = {}
    for number, event in enumerate(events):
        if (read := read_event(event, statements=True)) is not None:
            report = read.report()
            drafts.setdefault(report.job_id, Draft()).apply(report, now + number, None)
    return {job_id: _seen(draft) for job_id, draft in drafts.items()}


def _seen(draft: Draft) -> object:
    assert draft.job is not None
    job, outcome = draft.job, outcome_of(draft.job.state)
    counts = job.state[: job.state._fields.index("skew_seconds")]
    document = job.source_doc_id, job.sent_doc_id
    return document, counts, outcome[:3], draft.origin


@pytest.mark.parametrize("name", SENT)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_in_any_order_and_repeated_events_are_the_same_jobs(name: str, data: st.DataObject) -> None:
    events = SENT[name]
    again = data.draw(st.lists(st.sampled_from(events), max_size=20))
    assert seen(data.draw(st.permutations(events + again))) == seen(events)


RUNS = ["0191f4c2-7a3b-7c11-9d2e-5a6b7c8d9e0f", "0191f4c2-7a3b-7c11-9d2e-5a6b7c8d9e10"]
documents = st.sampled_from(["a", "b", "\u1ed3", "o\u0302\u0300"])
files = st.builds(lambda name: {"namespace": "s3://b", "name": name}, documents)
facets = st.fixed_dictionaries(
    {},
    optional={
        "jobwall": st.builds(lambda name: {"source_doc_id": name}, documents),
        "tags": st.builds(
            lambda name: {"tags": [{"key": "source_doc_id", "value": name}]}, documents
        ),
        "airflow": st.builds(
            lambda index, url: {"taskInstance": {"map_index": index, "log_url": url}},
            st.integers(-1, 1),
            st.sampled_from(["https://a.example/1", "https://a.example/2", "javascript:1", None]),
        ),
        "processing_engine": st.sampled_from([{"name": "Airflow"}, {"name": "Spark"}]),
    },
)
events = st.builds(
    lambda kind, second, run, name, inputs, more: {
        "eventType": kind,
        "eventTime": f"2026-11-20T03:00:0{second}Z",
        "run": {"runId": run, "facets": more},
        "job": {"namespace": "etl", "name": name},
        "inputs": inputs,
    },
    st.sampled_from(["OTHER", "START", "RUNNING", "COMPLETE", "FAIL", "ABORT", None]),
    st.integers(0, 9),
    st.sampled_from(RUNS),
    st.sampled_from(["ingest", "ingest.chunks"]),
    st.lists(files, max_size=2),
    facets,
)


@settings(max_examples=500, deadline=None)
@given(st.data(), st.lists(events, min_size=1, max_size=6))
def test_whatever_event_of_a_run_knows_its_document_that_is_it(
    data: st.DataObject, sent: list[Any]
) -> None:
    again = data.draw(st.lists(st.sampled_from(sent), max_size=3))
    assert seen(data.draw(st.permutations(sent + again))) == seen(sent)


@pytest.mark.parametrize("seed", range(3))
def test_the_board_shows_the_same_jobs_and_counts_them_rightly(api: Api, seed: int) -> None:
    chance = random.Random(seed)
    shown = []
    for project_id, sent in (("straight", EVENTS[:]), ("shuffled", EVENTS * 2)):
        create_project(project_id, name=project_id, mode="kg_vector", now=0)
        if project_id == "shuffled":
            chance.shuffle(sent)
        while sent:
            some = [sent.pop(0) for _ in range(min(len(sent), chance.randint(1, 12)))]
            path = f"{LINEAGE}?project_id={project_id}"
            answer = api.client.post(path, json=some, headers=api.headers("write"))
            assert {one["result"] for one in answer.json["results"]} <= {"stored", "ignored"}
        api.project = project_id
        jobs = {job["job_id"]: job for job in api.get("?limit=1000").json["jobs"]}
        with reading() as connection:
            assert not verify(connection, project_id, lambda *_: None)
            origins = {job_id: get_origin(connection, project_id, job_id) for job_id in jobs}
        api.sign_in()
        causes = api.client.get(f"/projects/{project_id}/failing.ndjson").text
        fields = {job_id: {**job, "project_id": ""} for job_id, job in jobs.items()}
        failing = sorted(json.loads(line)["source_doc_id"] for line in causes.splitlines())
        shown.append((fields, origins, failing))
    assert shown[0] == shown[1]


def documents_of(name: str, **options: bool) -> dict[str, str]:
    """The document of each job of a recording, and its status."""
    found: dict[str, str] = {}
    drafts: dict[str, Draft] = {}
    for event in SENT[name]:
        if (read := read_event(event, **options)) is not None:
            report = read.report()
            drafts.setdefault(report.job_id, Draft()).apply(report, NOW, None)
    for draft in drafts.values():
        assert draft.job is not None
        assert draft.origin is not None
        key = draft.job.source_doc_id
        while key in found:
            key += "'"
        found[key] = draft.job.state.status.word
        assert draft.origin.project_by == 0
    return found


def test_a_dag_of_airflow_is_its_tasks_each_of_its_document() -> None:
    tasks = {
        "contracts.listed": "completed",
        "contracts.query": "completed",
        "contracts.flaky": "failed",
        "contracts.flaky'": "completed",  # tried again, which is another run
        "s3://contracts/2026/lease.pdf": "completed",
        "contracts.ingest[0]": "completed",
        "contracts.ingest[1]": "failed",
        "contracts.ingest[2]": "completed",
    }
    assert documents_of("airflow", parents=False) == tasks
    assert documents_of("airflow") == tasks | {"contracts": "failed"}


def test_a_run_of_dbt_is_its_models() -> None:
    models = documents_of("dbt", parents=False)
    assert models["here.main.chunks_of_contracts.chunks"] == "completed"
    assert models["model.chunks_of_contracts.entities"] == "failed"
    assert models["model.chunks_of_contracts.edges"] == "failed"  # skipped, which it calls ABORT
    assert not any(".sql." in one for one in models)
    assert "dbt-run-chunks_of_contracts" in documents_of("dbt")


def test_a_run_of_airflow_is_not_as_old_as_the_day_that_it_is_for() -> None:
    for event in SENT["airflow"]:
        read = read_event(event, statements=True)
        assert read is not None
        assert read.report().created_at in (read.said.started_at, read.said.completed_at)


def test_the_log_of_a_task_is_where_airflow_says() -> None:
    logs = []
    for event in SENT["airflow"]:
        read = read_event(event, parents=False)
        if read is not None:
            assert read.origin.integration == "AIRFLOW"
            assert read.origin.document_by in (DocumentBy.JOB, DocumentBy.INDEX, DocumentBy.FILE)
            logs.append(read.origin.log_url or "")
    assert logs
    assert all(log.startswith("https://airflow.example/dags/contracts/runs/") for log in logs)
