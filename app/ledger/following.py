"""Following another board: what it says of its jobs, recorded as that board says it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.ledger.draft import Draft
from app.ledger.job import Recorded
from app.ledger.record import merge_all
from app.ledger.report import Report
from app.rules.project import Project


class Said(NamedTuple):
    """All that another board says of a job, and of which attempt that is, if it says so."""

    report: Report
    attempt: int | None = None


def follow(
    project: Project, page: Sequence[Said], *, now: int, sure: bool, above: int = 0
) -> list[Recorded]:
    """Record what another board says of some of its jobs, in the order of its list: newest first.

    Unless it is `sure` that this is how they are now, what contradicts what it said before is
    doubtful, and changes nothing. That list tells no time of creation, so new jobs are given one
    that keeps the order, and is after `above`. `now` is the receipt (µs). Raises as `record`.
    """

    def merge(drafts: Mapping[str, Draft]) -> list[Recorded]:
        known = {one: draft.job.created_at for one, draft in drafts.items() if draft.job}
        made = creation_times(page, known, now, above)
        results = []
        for said in page:
            report = said.report
            sent = report.sent_doc_id or report.source_doc_id
            report = replace(report, created_at=made[report.job_id], source_doc_id=sent)
            results.append(drafts[report.job_id].follow(report, now, said.attempt, sure=sure))
        return results

    return merge_all(project, [said.report for said in page], merge, now=now)


def creation_times(
    page: Sequence[Said], fixed: Mapping[str, int], now: int, below: int
) -> dict[str, int]:
    """When (µs) each job of a page was created, as far as its place among the others tells.

    By its start, or else by now; but after each job that stands below it, and before each that
    stands above it. Of those that are known that is `fixed`; all were created after `below`.
    """
    least: list[int] = []
    for said in reversed(page):
        created_at = fixed.get(said.report.job_id)
        below = below + 1 if created_at is None else max(below + 1, created_at)
        least.append(below)
    above = now + 1
    times: dict[str, int] = {}
    for said, lowest in zip(page, reversed(least), strict=True):
        job_id, started_at = said.report.job_id, said.report.started_at
        created_at = fixed.get(job_id)
        if created_at is None:
            guess = now if started_at is None else started_at
            created_at = min(max(guess, lowest), above - 1)
        times[job_id] = created_at
        above = min(above, created_at)
    return times
