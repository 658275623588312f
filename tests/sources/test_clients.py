"""The clients of OpenLineage themselves, unmodified: what our page says leads them to a board."""

import shutil
from pathlib import Path

import pytest

from app.queries.jobs import get_origin
from app.rules.origins import DocumentBy, Origin
from app.rules.ways import WAYS
from app.store.database import reading
from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.newcomer import Newcomer
from tests.kit.pipelines import Pipeline
from tests.kit.ports import free_port
from tests.kit.reports import get

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


def newcomer(pipeline: Pipeline, library: str) -> Newcomer:
    """Somebody who has the library, and before whom our page for this project lies."""
    pipeline.board.project = pipeline.project
    return Newcomer(pipeline.board, pipeline.folder, library)


def never() -> bool:
    """Commands are run to their ends."""
    return False


def ended(pipeline: Pipeline, number: int) -> bool:
    """Whether so many jobs, and no fewer, have ended."""
    pipeline.board.project = pipeline.project
    states = [job["status"] for job in get(pipeline.board, "?limit=100")["jobs"]]
    return len(states) >= number and not {"pending", "running"} & set(states)


@pytest.mark.slow
def test_dbt(pipeline: Pipeline) -> None:
    shutil.copytree(PIPELINES / "dbt_project", pipeline.folder, dirs_exist_ok=True)
    someone = newcomer(pipeline, "dbt")
    someone.environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    seeded = someone.run(["dbt", "seed"], never)
    said = seeded + someone.follow(WAYS["dbt"], never)
    jobs = pipeline.jobs()
    name = "model.chunks_of_contracts"
    assert {one: job["status"] for one, job in jobs.items()} == {
        f"{name}.chunks": "completed",
        f"{name}.entities": "failed",
        f"{name}.edges": "failed",
    }, said
    failed = jobs[f"{name}.entities"]
    assert "nowhere_at_all does not exist" in failed["error_message"]
    origin = origin_of(pipeline, failed["job_id"])
    assert (origin.integration, origin.document_by) == ("DBT", DocumentBy.JOB)
    address = someone.environment["OPENLINEAGE_ENDPOINT"]
    someone.environment["OPENLINEAGE_ENDPOINT"] = address.replace("&parents=0", "")
    said = someone.run(["dbt-ol", "run"], never)
    name = "here.main.chunks_of_contracts"
    more = {one: job for one, job in pipeline.jobs().items() if one not in jobs}
    assert {one: job["status"] for one, job in more.items()} == {
        f"{name}.chunks": "completed",
        f"{name}.entities": "failed",
        "dbt-run-chunks_of_contracts": "failed",
    }, said


@pytest.mark.slow
def test_airflow(pipeline: Pipeline) -> None:
    someone = newcomer(pipeline, "airflow")
    someone.patience = 600.0  # it took 100 s, and 190 on a busy machine
    store = str(pipeline.folder / "db.sqlite").replace("/", "%2F")
    someone.environment |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW_HOME": str(pipeline.folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PIPELINES / "dags"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",  # as many as the machine has cores
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # 5 s are few on a busy one
        "AIRFLOW_CONN_DB": f"sqlite://{store}",
        **ports_of_its_own(),
    }
    said = someone.follow(WAYS["airflow"], lambda: ended(pipeline, 8))
    jobs = pipeline.jobs()
    assert {name: job["status"] for name, job in jobs.items() if name != "contracts.flaky"} == {
        "contracts.listed": "completed",
        "contracts.query": "completed",
        "s3://contracts/2026/lease.pdf": "completed",  # which only its end has told
        "contracts.ingest[0]": "completed",
        "contracts.ingest[1]": "failed",
        "contracts.ingest[2]": "completed",
    }, said
    assert "ValueError: no text in deed.pdf" in jobs["contracts.ingest[1]"]["error_message"]
    tries = pipeline.jobs_of("contracts.flaky")
    assert sorted(job["status"] for job in tries) == ["completed", "failed"]
    origin = origin_of(pipeline, jobs["contracts.ingest[1]"]["job_id"])
    assert (origin.integration, origin.namespace) == ("AIRFLOW", "default")
    assert origin.document_by is DocumentBy.INDEX
    assert "/tasks/ingest/mapped/1?try_number=1" in (origin.log_url or "")


def ports_of_its_own() -> dict[str, str]:
    """The variables by which Airflow serves where nothing else does."""
    port = free_port()
    return {
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
    }
