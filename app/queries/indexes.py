"""Where a search looks: the jobs that an index finds for one part of a filter, so many at most.

Whatever the length of the history, none of these reads more of an index than it is told to take.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from app.models import Cause, Job
from app.models.job import KEY_LENGTH, document_key
from app.queries.views import Anchor
from app.rules.documents import identity
from app.store.seeks import seek_numbers

MOST_CAUSES = 10_000  # of a project, the last seen: their lines are searched for words
MOST_MATCHING_CAUSES = 50  # of those, as many causes may words mean
MOST_WORDS = 50  # more than these are no words of an error
LOOKING = 0.1  # seconds for which the lines are searched
AT_ONCE = 500  # lines between looks at the clock
LAST_CHARACTER = "\U0010ffff"
SOME = "some"

Conditions = Sequence[ColumnElement[bool]]

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

    `begins` is how a document id begins like that; `causes` are those whose errors have its words.
    `looked` is how many causes were looked at for that, the last seen, where it was not all of
    them; else 0.
    """

    dialect: str
    project_id: str
    q: str
    begins: str
    causes: tuple[int, ...]
    looked: int = 0
    taken: str = SOME

    @property
    def condition(self) -> ColumnElement[bool]:
        """Whether a job is one of these."""
        begins = func.substr(Job.source_doc_id, 1, len(self.begins)) == self.begins
        return or_(Job.job_id == self.q, begins, Job.cause.in_(self.causes))

    def read(self, columns: Sequence[Any], most: int) -> Select[Any]:
        """These columns of so many jobs at most."""
        jobs = select(*columns).where(Job.project_id == self.project_id)
        parts = [jobs.where(Job.job_id == self.q), jobs.where(_begins(self.begins)).limit(most)]
        if self.causes:
            failed = seek_numbers(self.dialect, jobs, Job.cause, self.causes)
            parts.append(failed.limit(most))
        found = union(*(select(part.subquery()) for part in parts)).subquery()
        return select(found).limit(most)


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


def mean(connection: Connection, project_id: str, q: str) -> TextMatches:
    """What a text means in a project: one statement, for the causes."""
    causes, looked = find_causes(connection, project_id, q)
    dialect = connection.dialect.name
    return TextMatches(dialect, project_id, q, identity(q), tuple(causes), looked)


def find_causes(connection: Connection, project_id: str, q: str) -> tuple[list[int], int]:
    """The causes of the project whose line has every word of `q`, the last seen first.

    And how many causes were looked at, where that was not all of them: there are more, or enough
    were found, or the time was over (`LOOKING`); else 0. Letters from A to Z count as their small
    ones, on both engines.
    """
    words = {_folded(word) for word in q.split()}
    if not 0 < len(words) <= MOST_WORDS:
        return [], 0
    # Longest first, which is rarest. What another word contains needs no look of its own.
    apart = [one for one in words if not any(one in other for other in words - {one})]
    apart.sort(key=len, reverse=True)
    found: list[int] = []
    until = time.monotonic() + LOOKING
    # Here, since of no engine LIKE is done in linear time.
    with connection.execute(_LINES, {"of_project": project_id}) as rows:
        for number, row in enumerate(rows):
            over = number % AT_ONCE == AT_ONCE - 1 and time.monotonic() > until
            if number == MOST_CAUSES or len(found) == MOST_MATCHING_CAUSES or over:
                return found, number
            line = _folded(row.line)
            if all(word in line for word in apart):
                found.append(row.cause)
    return found, 0


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "replace").lower()  # of bytes: A to Z alone


_LINES = (
    select(Cause.cause, Cause.line)
    .where(Cause.project_id == bindparam("of_project"))
    .order_by(Cause.last_at.desc(), Cause.cause)
    .limit(MOST_CAUSES + 1)
)


def _begins(beginning: str) -> ColumnElement[bool]:
    """Whether the document id begins like that: a range of the index, exact for any character.

    Of a longer text only as far as the index knows.
    """
    start = beginning[:KEY_LENGTH]
    end = start + LAST_CHARACTER * (KEY_LENGTH - len(start))
    return document_key(Job.source_doc_id).between(start, end)
