"""Where the jobs of a filter may be sought: what the indexes that know its parts find."""

from app.models import Job
from app.queries.filters import JobFilter
from app.queries.indexes import NEWEST, Candidates, TextMatches
from app.queries.matching import of_kind


def candidates(project_id: str, wanted: JobFilter) -> list[Candidates | TextMatches]:
    """For each part of a filter that has an index, what that finds: the rarer ones first.

    A part without one is sought among the newest jobs.
    """
    found = _known(project_id, wanted)
    if not found or wanted.kinds != ("every",) or wanted.times:
        found.append(newest(project_id, wanted))
    return found


def in_order(project_id: str, wanted: JobFilter) -> Candidates:
    """Of those the ones that can be walked through in the order of every list."""
    for place in _known(project_id, wanted):
        if isinstance(place, Candidates) and place.order is NEWEST:
            return place
    return newest(project_id, wanted)


def newest(project_id: str, wanted: JobFilter) -> Candidates:
    """The newest jobs of the wanted kinds and times, whatever else of them is wanted."""
    mine = Job.project_id == project_id
    kinds = [of_kind(kind) for kind in wanted.kinds]
    parts = [[mine, *([] if kind is None else [kind]), *wanted.times] for kind in kinds]
    return Candidates("newest", NEWEST, parts)


def _known(project_id: str, wanted: JobFilter) -> list[Candidates | TextMatches]:
    known = [(part.index, value) for part, value in wanted.parts if part.index is not None]
    known.sort(key=lambda each: each[0].rank)
    return [index.find(project_id, value, wanted.times) for index, value in known]
