"""Runs as OpenLineage's own client sends them, in every way that it has."""

import uuid
from typing import Any

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    Dataset,
    DatasetEvent,
    InputDataset,
    Job,
    JobEvent,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.facet_v2 import (
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    tags_run,
)
from openlineage.client.transport.http import HttpCompression, HttpConfig, HttpTransport
from openlineage.client.uuid import generate_new_uuid

PRODUCER = "https://example.com/pipeline"
client = OpenLineageClient()


def send(state: RunState, run: str, name: str, through: Any = client, **more: Any) -> None:
    """Send an event of a run."""
    facets = more.pop("facets", {})
    job = Job("etl", name, facets=more.pop("job_facets", {}))
    at = f"2026-11-20T03:0{list(RunState).index(state)}:00.123456+00:00"
    through.emit(
        RunEvent(
            eventTime=at,
            eventType=state,
            run=Run(run, facets=facets),
            job=job,
            producer=PRODUCER,
            **more,
        )
    )


def rows(**named: int) -> list[OutputDataset]:
    """Outputs of so many rows each."""
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
    return [
        OutputDataset("postgres://db", f"public.{name}", outputFacets={"outputStatistics": fact})
        for name, fact in ((name, statistics(rowCount=count)) for name, count in named.items())
    ]


def main() -> None:
    """Some of everything."""
    one = str(generate_new_uuid())
    lease = [InputDataset("s3://contracts", "2026/lease.pdf"), InputDataset("postgres://db", "t")]
    for state in (RunState.START, RunState.RUNNING, RunState.COMPLETE):
        outputs = rows(kg_nodes=8, kg_edges=15, chunks=4) if state is RunState.COMPLETE else []
        send(state, one, "ingest", inputs=lease, outputs=outputs)

    two = str(uuid.uuid4())  # the end comes first, and three times
    error = error_message_run.ErrorMessageRunFacet("no text", "python", "Traceback\nno text")
    for state in (RunState.FAIL, RunState.FAIL, RunState.START, RunState.FAIL):
        facets = {"errorMessage": error} if state is RunState.FAIL else {}
        send(state, two, "ingest.broken", facets=facets)

    tag = tags_run.TagsRunFacetFields("source_doc_id", "a.pdf", "USER")
    tags = {"tags": tags_run.TagsRunFacet([tag])}
    packed = OpenLineageClient(
        transport=HttpTransport(
            HttpConfig(
                url=client.transport.config.url,
                endpoint=client.transport.config.endpoint,
                auth=client.transport.config.auth,
                compression=HttpCompression.GZIP,
            )
        )
    )
    send(RunState.START, str(uuid.uuid4()), "tagged", packed, facets=tags)
    send(RunState.ABORT, str(uuid.uuid4()), "aborted")
    send(RunState.OTHER, str(uuid.uuid4()), "waiting")

    query = {"jobType": job_type_job.JobTypeJobFacet("BATCH", "AIRFLOW", "QUERY")}
    send(RunState.COMPLETE, str(uuid.uuid4()), "ingest.query.1", job_facets=query)
    at = "2026-11-20T03:00:00Z"
    client.emit(JobEvent(eventTime=at, job=Job("etl", "ingest"), producer=PRODUCER))
    client.emit(DatasetEvent(eventTime=at, dataset=Dataset("s3://x", "y"), producer=PRODUCER))


if __name__ == "__main__":
    main()
