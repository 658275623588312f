"""Ways for whatever speaks OpenLineage: an address and a key, and no line of code."""

from app.rules.ways.way import Block, Way

_WHERE = "api/v1/lineage?project_id=⟨project⟩"
_BOARD = "export OPENLINEAGE_URL=⟨url⟩/ OPENLINEAGE_API_KEY=⟨key⟩"
"""The slash at the end is for boards below a path, which the client of Python drops without it."""

_NO_PARENTS = f"""\
{_BOARD}
export OPENLINEAGE_ENDPOINT='{_WHERE}&parents=0'"""

WAYS = (
    Way(
        "airflow",
        "Airflow",
        "Each try of a task is a job, by Airflow’s own provider; with `parents=0` its DAG is none.",
        (
            Block(
                "In Airflow’s environment; where its scheduler and its workers run apart, in each",
                "sh",
                f"""\
pip install apache-airflow-providers-openlineage
{_NO_PARENTS}
airflow standalone""",
            ),
        ),
    ),
    Way(
        "dbt",
        "dbt",
        "Each model is a job, by `dbt-ol` in the place of `dbt`; with `parents=0` the command is"
        " none.",
        (
            Block(
                "In dbt’s environment; with structured logs a model is reported as it starts",
                "sh",
                f"""\
pip install openlineage-dbt
{_NO_PARENTS}
dbt-ol --consume-structured-logs run""",
            ),
        ),
    ),
    Way(
        "spark",
        "Spark",
        "Each action of an application is a job, by OpenLineage’s own listener; with `parents=0`"
        " the application is none. These lines follow its documents, and were not run with it.",
        (
            Block(
                "Where it is submitted; `2.12` is the Scala that your Spark is built with",
                "sh",
                """\
spark-submit --packages io.openlineage:openlineage-spark_2.12:1.45.0 \\
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \\
  --conf spark.openlineage.transport.type=http \\
  --conf spark.openlineage.transport.url=⟨url⟩/api/v1/lineage \\
  --conf spark.openlineage.transport.urlParams.project_id=⟨project⟩ \\
  --conf spark.openlineage.transport.urlParams.parents=0 \\
  --conf spark.openlineage.transport.auth.type=api_key \\
  --conf spark.openlineage.transport.auth.apiKey=⟨key⟩ \\
  ingest.py""",
            ),
        ),
    ),
    Way(
        "openlineage",
        "Others",
        "Whatever sends events of runs: each run is a job. Its clients read these variables.",
        (
            Block(
                "For a client, such as Python’s",
                "sh",
                f"""\
pip install openlineage-python
{_BOARD}
export OPENLINEAGE_ENDPOINT='{_WHERE}'""",
            ),
            Block(
                "A run that begins and completes",
                "python",
                """\
from datetime import datetime, timezone
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.uuid import generate_new_uuid

client, run = OpenLineageClient(), Run(str(generate_new_uuid()))
for state in (RunState.START, RunState.COMPLETE):
    at, job = datetime.now(timezone.utc).isoformat(), Job("etl", "lease.pdf")
    client.emit(
        RunEvent(eventTime=at, producer="https://etl.example", run=run, job=job, eventType=state)
    )""",
            ),
        ),
    ),
)
