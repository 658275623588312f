"""Runs as Spark would send them: an application and its action, to where `spark-submit` is told.

Its listener cannot be had here. As the client of Java does it, a path in the address is where
events go, else `/api/v1/lineage`, and `urlParams` are added.
"""

import sys
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.facet_v2 import job_type_job
from openlineage.client.uuid import generate_new_uuid

OURS = "spark.openlineage.transport."
DEFAULT = "/api/v1/lineage"


def client(words: list[str]) -> OpenLineageClient:
    """The one that `--conf` says."""
    given = dict(word.split("=", 1) for word in words if word.startswith("spark."))
    assert given["spark.extraListeners"].endswith(".OpenLineageSparkListener")
    about = {name.removeprefix(OURS): one for name, one in given.items() if name.startswith(OURS)}
    asked = {
        name.removeprefix("urlParams."): one
        for name, one in about.items()
        if name.startswith("urlParams.")
    }
    endpoint = f"{urlsplit(about['url']).path or DEFAULT}?{urlencode(asked)}"
    auth = {"type": about["auth.type"], "apiKey": about["auth.apiKey"]}
    return OpenLineageClient(
        config={
            "transport": {
                "type": about["type"],
                "url": about["url"],
                "endpoint": endpoint,
                "auth": auth,
            }
        }
    )


if __name__ == "__main__":
    sending = client(sys.argv[1:])
    for name, kind in (("ingest", "APPLICATION"), ("lease.pdf", "SQL_JOB")):
        facet = job_type_job.JobTypeJobFacet("NONE", "SPARK", kind)
        run, job = Run(str(generate_new_uuid())), Job("spark", name, facets={"jobType": facet})
        for state in (RunState.START, RunState.COMPLETE):
            at = datetime.now(UTC).isoformat()
            sending.emit(
                RunEvent(
                    eventTime=at,
                    producer="https://spark.example",
                    run=run,
                    job=job,
                    eventType=state,
                )
            )
