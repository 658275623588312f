"""Where a search looks: the jobs that one index finds for one part of a filter, so many at most.

Whatever the length of the history, none of these reads more of an index than it is told to take.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select, tuple_, union, union_all

from app.models import Cause, Job
from app.models.job import KEY_LENGTH, document_key
from app.queries.filters import JobFilter
from app.queries.matching import is_silent, of_kind, times
from app.queries.views import Anchor
from app.rules.status import JobStatus
from app.store.database import written
from app.store.seeks import seek_numbers

MOST_CAUSES = 10_000  # of a project, the last seen: their lines are searched for words
MOST_MEANT = 50  # of those, as many causes may words mean
MOST_WORDS = 50  # more than these are no words of an error
LAST_CHARACTER = "\U0010ffff"

NEWEST = (Job.created_at, Job.job_id)


@dataclass(frozen=True)
class Candidates:
    """The jobs of some `parts`, each the conditions of one index, the greatest by `order` first.

    `taken` says in a word which these are, where there are more than are taken.
    """

    taken: str
    order: tuple[Any, ...]
    parts: Sequence[Sequence[ColumnElement[bool]]]

    def read(self, columns: Sequence[Any], most: int) -> Select[Any]:
        """These columns, and those that give the order, of so many jobs at most."""
        columns = tuple({column.key: column for column in (*columns, *self.order)}.values())
        order = [column.desc() for column in self.order]
        first = [select(*columns).where(*part).order_by(*order).limit(most) for part in self.parts]
        if len(first) == 1:
            return first[0]
        every = union_all(*(select(part.subquery()) for part in first)).subquery()
        order = [every.c[column.key].desc() for column in self.order]
        return select(every).order_by(*order).limit(most)

    def after(self, key: Anchor) -> "Candidates":
        """Those that come after this key in the order of every list."""
        older = tuple_(*NEWEST) < tuple_(*key)
        return replace(self, parts=[[*part, older] for part in self.parts])


@dataclass(frozen=True)
class Meant:
    """The jobs that the text `q` means, in no order: by their id, their document or their error."""

    dialect: str
    project_id: str
    q: str
    causes: Sequence[int]
    taken: str = "some"

    def read(self, columns: Sequence[Any], most: int) -> Select[Any]:
        """These columns of so many jobs at most."""
        jobs = select(*columns).where(Job.project_id == self.project_id)
        parts = [jobs.where(Job.job_id == self.q), jobs.where(_begins(self.q)).limit(most)]
        if self.causes:
            failed = seek_numbers(self.dialect, jobs, Job.cause, self.causes)
            parts.append(failed.limit(most))
        found = union(*(select(part.subquery()) for part in parts)).subquery()
        return select(found).limit(most)


def candidates(
    dialect: str, project_id: str, wanted: JobFilter, causes: Sequence[int]
) -> list[Candidates | Meant]:
    """For each part of a filter that has an index, what that finds: the rarer ones first.

    `causes` are those that the words of `q` mean.
    """
    mine = Job.project_id == project_id
    found: list[Candidates | Meant] = []
    if wanted.q:
        found.append(Meant(dialect, project_id, wanted.q, causes))
    if wanted.document:
        found.append(_of_document(project_id, wanted))
    if wanted.cause is not None:
        found.append(_of_cause(project_id, wanted))
    if wanted.silent_since is not None:
        silent = is_silent(wanted.silent_since)
        found.append(Candidates("last heard of", (Job.heard_at,), [[mine, silent]]))
    if wanted.finished is not None:
        start, end = wanted.finished
        ended = and_(Job.ended_at >= start, Job.ended_at < end)
        terminal = [Job.status == written(status) for status in JobStatus if status.terminal]
        parts = [[mine, status, ended] for status in terminal]
        found.append(Candidates("last finished", (Job.ended_at,), parts))
    if wanted.longer is not None:
        longer = Job.took > wanted.longer
        found.append(Candidates("longest", (Job.took,), [[mine, longer]]))
    if wanted.kinds != ("every",) or times(wanted):
        found.append(newest(project_id, wanted))
    return found


def in_order(project_id: str, wanted: JobFilter) -> Candidates:
    """Of those the ones that can be walked through in the order of every list."""
    if wanted.document:
        return _of_document(project_id, wanted)
    if wanted.cause is not None:
        return _of_cause(project_id, wanted)
    return newest(project_id, wanted)


def newest(project_id: str, wanted: JobFilter) -> Candidates:
    """The newest jobs of the wanted kinds and times, whatever else of them is wanted."""
    mine = Job.project_id == project_id
    kinds = [of_kind(kind) for kind in wanted.kinds]
    parts = [[mine, *([] if kind is None else [kind]), *times(wanted)] for kind in kinds]
    return Candidates("newest", NEWEST, parts)


def _of_document(project_id: str, wanted: JobFilter) -> Candidates:
    key = document_key(Job.source_doc_id) == wanted.document[:KEY_LENGTH]
    mine = [Job.project_id == project_id, key, *times(wanted)]
    return Candidates("newest", NEWEST, [mine])


def _of_cause(project_id: str, wanted: JobFilter) -> Candidates:
    mine = [Job.project_id == project_id, Job.cause == wanted.cause, *times(wanted)]
    return Candidates("newest", NEWEST, [mine])


def find_causes(connection: Connection, project_id: str, q: str) -> list[int]:
    """The causes of the project whose line has every word of `q`: the last seen ones.

    Letters from A to Z count as their small ones, on both engines.
    """
    words = set(q.split())
    if not 0 < len(words) <= MOST_WORDS:
        return []
    known = select(Cause.cause, Cause.line, Cause.last_at).where(Cause.project_id == project_id)
    known = known.order_by(Cause.last_at.desc()).limit(MOST_CAUSES)
    last = known.subquery()
    line: Any = last.c.line
    if connection.dialect.name == "postgresql":
        line = line.collate("C")  # by the database's own it would fold more than SQLite does
    has_all = [line.icontains(word, autoescape=True) for word in sorted(words)]
    query = select(last.c.cause).where(*has_all).order_by(last.c.last_at.desc(), last.c.cause)
    return list(connection.scalars(query.limit(MOST_MEANT)))


def _begins(q: str) -> ColumnElement[bool]:
    """Whether the document id begins like that: a range of the index, exact for any character.

    Of a longer text only as far as the index knows.
    """
    start = q[:KEY_LENGTH]
    end = start + LAST_CHARACTER * (KEY_LENGTH - len(start))
    return document_key(Job.source_doc_id).between(start, end)
