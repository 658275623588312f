"""The clients of OpenLineage themselves, unmodified: settings alone lead them to a live board."""

import os
import shutil
from pathlib import Path

import pytest

from app.queries.jobs import get_origin
from app.rules.origins import DocumentBy, Origin
from app.store.database import reading
from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.libraries import python_of
from tests.kit.pipelines import Pipeline

pytestmark = sqlite_only  # what a client does not depend on the engine

PIPELINES = Path(__file__).with_name("pipelines")


@pytest.fixture
def pipeline(live_board: Board, tmp_path: Path) -> Pipeline:
    """A pipeline that knows an address and a key, and nothing else of us."""
    made = Pipeline(live_board, tmp_path, PIPELINES)
    made.environment |= {
        "OPENLINEAGE_URL": live_board.url,
        "OPENLINEAGE_API_KEY": live_board.key,
        "OPENLINEAGE_ENDPOINT": f"api/v1/lineage?project_id={made.project}",
    }
    return made


def origin_of(pipeline: Pipeline, job_id: str) -> Origin:
    """Where a job came from, as the board knows it."""
    with pipeline.board.database(), reading() as connection:
        origin = get_origin(connection, pipeline.project, job_id)
    assert origin is not None
    return origin


def test_openlineages_own_client(pipeline: Pipeline) -> None:
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


@pytest.mark.slow
def test_dbt(pipeline: Pipeline) -> None:
    project = pipeline.folder / "dbt"
    shutil.copytree(PIPELINES / "dbt_project", project)
    programs = python_of("dbt").parent
    pipeline.environment |= {
        "PATH": os.pathsep.join((str(programs), *os.get_exec_path())),
        "PYTHONPATH": "",
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    dbt = str(programs / "dbt-ol")
    pipeline.folder = project
    pipeline.run("dbt", dbt, "seed")
    pipeline.run("dbt", dbt, "run", ends=1)
    jobs = pipeline.jobs()
    name = "here.main.chunks_of_contracts"
    assert {one: job["status"] for one, job in jobs.items() if one.startswith(name)} == {
        f"{name}.chunks": "completed",
        f"{name}.entities": "failed",
    }
    commands = pipeline.jobs_of("dbt-run-chunks_of_contracts")
    assert sorted(job["status"] for job in commands) == ["completed", "failed"]
    pipeline.environment["OPENLINEAGE_ENDPOINT"] += "&parents=0"
    pipeline.run("dbt", dbt, "--consume-structured-logs", "run", ends=1)
    name = "model.chunks_of_contracts"
    more = {one: job for one, job in pipeline.jobs().items() if one not in jobs}
    assert {one: job["status"] for one, job in more.items()} == {
        f"{name}.chunks": "completed",
        f"{name}.entities": "failed",
        f"{name}.edges": "failed",
    }
    failed = more[f"{name}.entities"]
    assert "nowhere_at_all does not exist" in failed["error_message"]
    origin = origin_of(pipeline, failed["job_id"])
    assert (origin.integration, origin.document_by) == ("DBT", DocumentBy.JOB)


@pytest.mark.slow
def test_airflow(pipeline: Pipeline) -> None:
    store = str(pipeline.folder / "db.sqlite").replace("/", "%2F")
    pipeline.environment |= {
        "PYTHONPATH": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW_HOME": str(pipeline.folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PIPELINES / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_DB": f"sqlite://{store}",
    }
    pipeline.environment["OPENLINEAGE_ENDPOINT"] += "&parents=0"
    pipeline.run("airflow", "-m", "airflow", "db", "migrate")
    pipeline.run("airflow", "-m", "airflow", "dags", "test", "contracts", ends=1)
    jobs = pipeline.jobs()
    assert {name: job["status"] for name, job in jobs.items() if name != "contracts.flaky"} == {
        "contracts.listed": "completed",
        "contracts.query": "completed",
        "s3://contracts/2026/lease.pdf": "completed",  # which only its end has told
        "contracts.ingest[0]": "completed",
        "contracts.ingest[1]": "failed",
        "contracts.ingest[2]": "completed",
    }
    assert "ValueError: no text in deed.pdf" in jobs["contracts.ingest[1]"]["error_message"]
    tries = pipeline.jobs_of("contracts.flaky")
    assert sorted(job["status"] for job in tries) == ["completed", "failed"]
    origin = origin_of(pipeline, jobs["contracts.ingest[1]"]["job_id"])
    assert (origin.integration, origin.namespace) == ("AIRFLOW", "default")
    assert origin.document_by is DocumentBy.INDEX
    assert "/tasks/ingest/mapped/1?try_number=1" in (origin.log_url or "")
