"""A run as Airflow, dbt and Spark send it: by a client made of what each of them is told."""

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.uuid import generate_new_uuid


def airflow() -> dict[str, Any]:
    """Its provider reads a transport."""
    transport: dict[str, Any] = json.loads(dict(os.environ)["AIRFLOW__OPENLINEAGE__TRANSPORT"])
    return {"transport": transport}


def spark() -> dict[str, Any]:
    """Its listener reads the same from its own options; the client of Java adds `urlParams`."""
    given = dict(word.split("=", 1) for word in sys.argv[1:] if word.startswith("spark."))
    assert given["spark.extraListeners"].endswith(".OpenLineageSparkListener")
    ours = "spark.openlineage.transport."
    about = {name.removeprefix(ours): value for name, value in given.items() if ours in name}
    endpoint = about["endpoint"] + "?project_id=" + about["urlParams.project_id"]
    auth = {"type": about["auth.type"], "apiKey": about["auth.apiKey"]}
    whole = {"type": about["type"], "url": about["url"], "endpoint": endpoint, "auth": auth}
    return {"transport": whole}


if __name__ == "__main__":
    made = {"airflow": airflow, "spark": spark}.get(sys.argv[1])
    client = OpenLineageClient(config=made()) if made else OpenLineageClient()
    run = Run(str(generate_new_uuid()))
    for state in (RunState.START, RunState.COMPLETE):
        at, job = datetime.now(UTC).isoformat(), Job("etl", "lease.pdf")
        client.emit(
            RunEvent(
                eventTime=at, producer="https://etl.example", run=run, job=job, eventType=state
            )
        )
