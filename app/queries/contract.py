"""The ten fields of a job, as the contract shows them: from a job, or straight from its row.

A list of 50 that was made of whole jobs took twice as long, most of it for what only pages show.
"""

from collections.abc import Sequence
from typing import Any

from app.ledger.merge import OUTCOME_FIELDS, outcome
from app.queries.views import Reading
from app.rules.job import Job
from app.rules.project import Project
from app.rules.status import STATUSES, JobStatus
from app.rules.times import format_time

Fields = dict[str, Any]


def fields_of(job: Job) -> Fields:
    """The ten fields of a job, in the contract's order."""
    counts = (job.chunks_processed, job.nodes_created, job.edges_created)
    seen = (job.started_at, job.completed_at, job.error_message)
    return _fields(job.job_id, job.project_id, job.source_doc_id, job.status, (*counts, *seen))


def _of_row(row: Sequence[Any], project: Project, _now: int) -> Fields:
    _, job_id, document, sent, number, chunks, nodes, edges, *evidence = row
    if not project.graph:
        nodes = edges = 0
    status = STATUSES[number]
    started_at, completed_at, error, *_ = outcome(status, evidence)
    seen = (chunks, nodes, edges, started_at, completed_at, error)
    return _fields(job_id, project.project_id, sent or document, status, seen)


def _fields(
    job_id: str, project_id: str, source_doc_id: str, status: JobStatus, seen: Sequence[Any]
) -> Fields:
    chunks, nodes, edges, started_at, completed_at, error = seen
    return {
        "job_id": job_id,
        "project_id": project_id,
        "source_doc_id": source_doc_id,
        "status": status.word,
        "chunks_processed": chunks,
        "nodes_created": nodes,
        "edges_created": edges,
        "started_at": None if started_at is None else format_time(started_at),
        "completed_at": None if completed_at is None else format_time(completed_at),
        "error_message": error,
    }


CONTRACT = Reading(
    (
        "created_at",
        "job_id",
        "source_doc_id",
        "sent_doc_id",
        "status",
        "chunks_processed",
        "nodes_created",
        "edges_created",
        *OUTCOME_FIELDS,
    ),
    _of_row,
)
"""How a list reads the ten fields of its jobs, and nothing else."""
