"""What an upstream told of jobs, recorded, and what is to be kept beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.ledger.following import Said, follow
from app.ledger.job import Recorded
from app.ledger.merge import Merge
from app.ledger.report import parse_report
from app.models.source import SENTENCE
from app.queries.sources import Due, known_due
from app.rules.fields import InvalidError
from app.rules.project import Project
from app.rules.sources import ask_after
from app.store.database import reading

FIELDS = (
    *("job_id", "source_doc_id", "status", "chunks_processed", "nodes_created", "edges_created"),
    *("started_at", "completed_at", "error_message"),
)
"""What of the contract's ten fields a report has: all but the project."""


class Told(NamedTuple):
    """What was told of a job, and of which attempt, if that was said."""

    body: Mapping[str, Any]
    attempt: int | None = None


@dataclass
class Kept:
    """What follows from a page or from answers: `due` are jobs to be asked for, `ended` no more.

    `refusal` says why a job could not be taken. Some of the jobs were `known` before, and the
    newest of them was created at `newest_at` (µs).
    """

    due: list[Due] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    refusal: str | None = None
    known: bool = False
    newest_at: int = 0


def record_told(
    project: Project, told: Sequence[Told], *, now: int, sure: bool, above: int = 0
) -> Kept:
    """Record what was told of jobs at `now` (µs); for `sure` and `above` see `ledger.following`.

    Raises as `record`.
    """
    kept = Kept()
    page: list[Said] = []
    for job, attempt in told:
        said = {name: job[name] for name in FIELDS if job.get(name) is not None}
        try:
            report, _ = parse_report(said, project_id="", job_id=None)
            page.append(Said(report, attempt))
        except InvalidError as invalid:
            name, sentence = invalid.errors[0]
            kept.refusal = _refusal(job["job_id"], f"{name} {sentence}")
    if not page:
        return kept
    recorded = follow(project, page, now=now, sure=sure, above=above)
    with reading() as connection:
        asked = known_due(connection, project.project_id, [one.job_id for one in recorded])
    for one in recorded:
        if one.job is None:
            kept.refusal = _refusal(one.job_id, one.refusal.message if one.refusal else "")
            continue
        kept.known = kept.known or not one.created
        kept.newest_at = max(kept.newest_at, one.job.created_at)
        if one.doubtful or not one.job.state.status.terminal:
            kept.due.append(_due(one, asked.get(one.job_id), now))
        elif one.job_id in asked:
            kept.ended.append(one.job_id)
    return kept


def _due(one: Recorded, before: Due | None, now: int) -> Due:
    """When a job that has not ended is asked for next: what is doubtful, at once."""
    same = not one.created and one.merge is Merge.STALE
    changed_at = before.changed_at if same and before is not None else now
    return Due(one.job_id, now if one.doubtful else now + ask_after(changed_at, now), changed_at, 0)


def _refusal(job_id: str, sentence: str) -> str:
    return f"{job_id[:100]}: {sentence}"[:SENTENCE]
