"""Where a search looks: the jobs that an index finds for one part of a filter, so many at most.

Whatever the length of the history, none of these reads more of an index than it is told to take.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    not_,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from app.models import Job
from app.models.job import KEY_LENGTH, document_key
from app.queries.looking import Conditions, Looked, is_named, look
from app.queries.views import Anchor
from app.rules.documents import identity
from app.store.seeks import is_one_of, seek_numbers, seek_texts

LAST_CHARACTER = "\U0010ffff"
SOME = "some"

NEWEST = (Job.created_at, Job.job_id)


@dataclass(frozen=True)
class Candidates:
    """The jobs of some `parts`, each the conditions of one index, the greatest by `order` first.

    `taken` says in a word which these are, where there are more than are taken.
    """

    taken: str
    order: tuple[Any, ...]
    parts: Sequence[Conditions]

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
class TextMatches:
    """The jobs that the text `q` means, in no order: by their id, their document or their error.

    `begins` is how a document id begins like that; `looked` is what was found by looking.
    """

    dialect: str
    project_id: str
    q: str
    begins: str
    looked: Looked
    taken: str = SOME

    @property
    def condition(self) -> ColumnElement[bool]:
        """Whether a job is one of these."""
        known = (
            self._begins_exactly,
            Job.cause.in_(self.looked.causes),
            is_named(self.q),
            self._was_found,
        )
        return or_(*known)

    def read(self, columns: Sequence[Any], most: int) -> Select[Any]:
        """These columns of so many jobs at most: all that were found by looking, and others."""
        jobs = select(*columns).where(Job.project_id == self.project_id)
        others = max(0, most - len(self.looked.jobs))
        rest = jobs.where(not_(self._was_found)) if self.looked.jobs else jobs
        begins = rest.where(_begins(self.begins))
        if len(self.begins) > KEY_LENGTH:  # of so long a one the index knows a part
            begins = begins.where(self._begins_exactly)
        parts = [rest.where(is_named(self.q)), begins]
        if self.looked.causes:
            parts.append(seek_numbers(self.dialect, rest, Job.cause, self.looked.causes))
        found = union(*(select(part.limit(others).subquery()) for part in parts)).subquery()
        some = select(found).limit(others)
        if not self.looked.jobs:
            return some
        looked = seek_texts(self.dialect, jobs, Job.job_id, sorted(self.looked.jobs))
        every = union_all(select(looked.subquery()), select(some.subquery()))
        return select(every.subquery())

    @property
    def _begins_exactly(self) -> ColumnElement[bool]:
        return func.substr(Job.source_doc_id, 1, len(self.begins)) == self.begins

    @property
    def _was_found(self) -> ColumnElement[bool]:
        return is_one_of(self.dialect, Job.job_id, sorted(self.looked.jobs))


@dataclass(frozen=True, slots=True)
class Index:
    """What knows a part of a filter: `find` tells what it finds of a project for the part's value.

    It may cut off what it finds by conditions on when jobs were created. `taken` is that of what it
    finds. Of several that all find too much, the one of the least `rank` is read: the rarer a part
    mostly is, the less. `in_order` where it can be walked through in the order of every list.
    """

    rank: int
    taken: str
    find: Callable[[str, Any, Conditions], Candidates | TextMatches]
    in_order: bool = False


def index(
    rank: int, taken: str, order: tuple[Any, ...], seeks: Callable[[Any], Sequence[Conditions]]
) -> Index:
    """An index that is read in this order, by one seek or several.

    `seeks` gives for the part's value the conditions of each, without the project's.
    """
    in_order = order is NEWEST

    def find(project_id: str, value: Any, times: Conditions) -> Candidates:
        mine = Job.project_id == project_id
        also = times if in_order else ()
        return Candidates(taken, order, [[mine, *seek, *also] for seek in seeks(value)])

    return Index(rank, taken, find, in_order)


def mean(connection: Connection, project_id: str, q: Any, times: Conditions) -> "TextMatches":
    """What a text means among the jobs of these times: four statements, where it was not known."""
    if isinstance(q, TextMatches):
        return q
    dialect = connection.dialect.name
    return TextMatches(dialect, project_id, q, identity(q), look(connection, project_id, q, times))


def _begins(beginning: str) -> ColumnElement[bool]:
    """Whether the document id begins like that: a range of the index, exact for any character.

    Of a longer text only as far as the index knows.
    """
    start = beginning[:KEY_LENGTH]
    end = start + LAST_CHARACTER * (KEY_LENGTH - len(start))
    return document_key(Job.source_doc_id).between(start, end)
