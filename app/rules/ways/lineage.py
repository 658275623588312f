"""Ways for whatever speaks OpenLineage: an address and a key, and no line of code."""

from app.rules.ways.way import Block, Way

_WHERE = "api/v1/lineage?project_id=⟨project⟩"

WAYS = (
    Way(
        "airflow",
        "Airflow",
        "Each run of a DAG is a job, and each of its tasks’ tries, by Airflow’s own provider.",
        (
            Block(
                "In Airflow’s environment, of its scheduler and its workers; then start them anew",
                "sh",
                f"""\
pip install apache-airflow-providers-openlineage
export AIRFLOW__OPENLINEAGE__TRANSPORT='{{"type": "http", "url": "⟨url⟩",
  "endpoint": "{_WHERE}",
  "auth": {{"type": "api_key", "apiKey": "⟨key⟩"}}}}'""",
            ),
        ),
    ),
    Way(
        "dbt",
        "dbt",
        "Each command is a job, and each model that it runs, by `dbt-ol` in the place of `dbt`.",
        (
            Block(
                "In dbt’s environment",
                "sh",
                f"""\
pip install openlineage-dbt
export OPENLINEAGE_URL=⟨url⟩ OPENLINEAGE_API_KEY=⟨key⟩
export OPENLINEAGE_ENDPOINT='{_WHERE}'
dbt-ol run""",
            ),
        ),
    ),
    Way(
        "spark",
        "Spark",
        "Each application is a job, and each of its actions, by OpenLineage’s own listener.",
        (
            Block(
                "Where it is submitted; `2.13` is the Scala that your Spark is built with",
                "sh",
                """\
spark-submit --packages io.openlineage:openlineage-spark_2.13:1.41.0 \\
  --conf spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener \\
  --conf spark.openlineage.transport.type=http \\
  --conf spark.openlineage.transport.url=⟨url⟩ \\
  --conf spark.openlineage.transport.endpoint=/api/v1/lineage \\
  --conf spark.openlineage.transport.urlParams.project_id=⟨project⟩ \\
  --conf spark.openlineage.transport.auth.type=api_key \\
  --conf spark.openlineage.transport.auth.apiKey=⟨key⟩ \\
  job.py""",
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
export OPENLINEAGE_URL=⟨url⟩ OPENLINEAGE_API_KEY=⟨key⟩
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
