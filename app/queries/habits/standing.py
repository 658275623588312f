"""Which jobs are heard of and have not gone on for too long."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from app.models import Job
from app.queries.habits.doubt import DOUBTED, Learned, Row
from app.rules.silence import silent_since
from app.rules.status import JobStatus
from app.rules.verdicts.pace import Usual, stands_after
from app.store.database import inlined
from app.store.seeks import ask_each, each_row, is_of


def learn(
    connection: Connection,
    rows: Sequence[Row],
    usual: Mapping[str, Usual],
    now: int,
    learned: Learned,
) -> None:
    """Which jobs of these projects have not gone on for too long, by what is usual in each."""
    if not rows:
        return
    limits = [_limits(row, usual[row["project_id"]], now) for row in rows]
    for limit in limits:
        learned[limit["project_id"]]["unmoved"] = 0
    standing = ask_each(connection, _standing, DOUBTED, limits)
    for row in sorted(standing, key=lambda row: (row.moved_at, row.job_id)):
        fields = learned[row.project_id]
        if fields["unmoved"] == 0:
            fields |= {
                "unmoved_since": row.moved_at,
                "unmoved_chunks": row.chunks_processed,
                "unmoved_total": row.chunks_total,
            }
        fields["unmoved"] += 1


def _limits(row: Row, usual: Usual, now: int) -> dict[str, Any]:
    """Since when a job of the project must not have gone on, to stand: see `stands_after`."""
    counted, uncounted = stands_after(usual, row["silent_after"])
    return {
        "project_id": row["project_id"],
        "heard_since": silent_since(now, row["silent_after"]),
        "counted": now - counted,
        "uncounted": 0 if uncounted is None else now - uncounted,
    }


@cache
def _standing(dialect: str) -> Any:
    """The running jobs that are heard of and have not gone on for too long."""
    limits = each_row(dialect, DOUBTED, "heard_since", "counted", "uncounted")
    tells = Job.chunks_processed > 0, Job.chunks_processed < func.coalesce(Job.chunks_total, 2**62)
    limit = case((and_(*tells), limits.c.counted), else_=limits.c.uncounted)
    return (
        select(Job.project_id, Job.job_id, Job.moved_at, Job.chunks_processed, Job.chunks_total)
        .join(limits, is_of(dialect, Job.project_id, limits))
        .where(
            Job.status == inlined(JobStatus.RUNNING),
            Job.heard_at > limits.c.heard_since,
            Job.moved_at <= limits.c.counted,
            Job.moved_at <= limit,
        )
    )
