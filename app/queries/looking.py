"""What no index tells: where a text is anywhere in a document's id, or its words in an error.

So it is looked for, among the newest alone, and it is said how far: no more rows are read, and no
longer, however long the history is and whatever is sought. What is plain ASCII the engine compares;
what is not is compared here, since no engine folds width and form.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
)

from app.models import Cause, Job
from app.queries.matching import ended
from app.rules.alike import alike
from app.rules.status import FAILURES
from app.rules.times import SECOND, floor, format_time

MOST_WORDS = 50  # more than these are no words of an error
MOST_CAUSES = 10_000  # of a project, the last seen: their lines are searched for words
MOST_MATCHING_CAUSES = 500  # of those, as many causes may words mean
MOST_DOCUMENTS = 20_000  # jobs, the newest, whose documents are looked at
MOST_FAILURES = 5_000  # the same of failures, whose errors are read whole
ENOUGH = 1_500  # jobs that are found, and no more are looked for
LOOKING = 0.03  # seconds for which texts are compared here, at each of the three places
AT_ONCE = 500  # of them between looks at the clock

Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Looked:
    """The jobs and the causes that were found, and in words for programs how far was looked.

    `limits` are such as "documents since 2026-11-24T03:10:00Z"; none where everything was.
    """

    jobs: frozenset[str] = frozenset()
    causes: tuple[int, ...] = ()
    limits: tuple[str, ...] = ()


def look(connection: Connection, project_id: str, q: str, times: Conditions) -> Looked:
    """Look for a text among the jobs of these times: four statements."""
    text = alike(q.strip())
    if not text:
        return Looked()
    words = _apart({alike(word) for word in q.split()})
    causes, looked = find_causes(connection, project_id, words)
    mine = (Job.project_id == project_id, *times)
    failed = (*mine, ended(FAILURES), Job.ended_at.is_not(None))
    by_creation = (Job.created_at, Job.job_id)
    meant = or_(is_named(q), Job.cause.in_(causes))
    error = func.coalesce(Job.error_message, Job.noted_error)
    places = (
        _Place("documents", Job.source_doc_id, (text,), meant, by_creation, mine, MOST_DOCUMENTS),
        _Place("failures", error, words, false(), (Job.ended_at,), failed, MOST_FAILURES),
    )
    beyond = connection.execute(select(*(place.beyond() for place in places))).one()
    jobs: set[str] = set()
    limits = []
    for place, since in zip(places, beyond, strict=True):
        found, until = place.find(connection) if place.sought else (set(), None)
        jobs |= found
        last = since if until is None else until
        if last is not None:
            # Of the second in which it ends, not all was looked at.
            limits.append(f"{place.name} since {format_time(floor(last, SECOND) + SECOND)}")
    limits += [f"causes {looked}"] if looked else []
    return Looked(frozenset(jobs), tuple(causes), tuple(limits))


def is_named(q: str) -> ColumnElement[bool]:
    """Whether a job's id begins like that: no character of an id is greater than "~"."""
    return Job.job_id.between(q, f"{q}\x7f")


@dataclass(frozen=True)
class _Place:
    """A text of the newest jobs by an order, `most` of them, and what is `sought` in it.

    Jobs for which `meant` holds are found too.
    """

    name: str
    text: Any
    sought: Sequence[str]
    meant: ColumnElement[bool]
    order: tuple[Any, ...]
    of: Conditions
    most: int

    def beyond(self) -> Any:
        """The time of the first job that is not looked at; None where all are."""
        return self._newest(self.order[0]).offset(self.most).limit(1).scalar_subquery()

    def find(self, connection: Connection) -> tuple[set[str], int | None]:
        """The jobs that were found, and where the time was over or there were enough, else None."""
        dialect = connection.dialect.name
        some = self._newest(
            Job.job_id,
            self.order[0].label("at"),
            self.text.label("text"),
            func.lower(self.text).label("small"),
            self.meant.label("meant"),
        )
        rows = some.limit(self.most).subquery()
        fits = or_(rows.c.meant, and_(*(has(dialect, rows.c.small, one) for one in self.sought)))
        # What is not ASCII comes with its text, for us to look at.
        other = and_(not_(fits), _is_not_ascii(dialect, rows.c.text))
        matching = (
            select(rows.c.job_id, rows.c.at, case((other, rows.c.text)).label("text"))
            .where(or_(fits, other))
            .order_by(rows.c.at.desc(), rows.c.job_id.desc())
        )
        found: set[str] = set()
        looked = 0  # at texts, by us
        with connection.execute(matching) as result:
            until = time.monotonic() + LOOKING
            for row in result:
                if row.text is None or _all_in(self.sought, row.text):
                    found.add(row.job_id)
                looked += row.text is not None
                over = looked > 0 and looked % AT_ONCE == 0 and time.monotonic() > until
                if over or len(found) == ENOUGH:
                    return found, row.at
        return found, None

    def _newest(self, *columns: Any) -> Any:
        newest = (column.desc() for column in self.order)
        return select(*columns).where(*self.of).order_by(*newest)


def find_causes(
    connection: Connection, project_id: str, words: Sequence[str]
) -> tuple[list[int], int]:
    """The causes of the project whose line has every word (see `alike`), the last seen first.

    And how many causes were looked at, where that was not all of them: there are more, or enough
    were found, or the time was over (`LOOKING`); else 0.
    """
    if not words:
        return [], 0
    found: list[int] = []
    until = time.monotonic() + LOOKING
    # Here, since of no engine LIKE is done in linear time.
    with connection.execute(_LINES, {"of_project": project_id}) as rows:
        for number, row in enumerate(rows):
            over = number % AT_ONCE == AT_ONCE - 1 and time.monotonic() > until
            if number == MOST_CAUSES or len(found) == MOST_MATCHING_CAUSES or over:
                return found, number
            if _all_in(words, row.line):
                found.append(row.cause)
    return found, 0


_LINES = (
    select(Cause.cause, Cause.line)
    .where(Cause.project_id == bindparam("of_project"))
    .order_by(Cause.last_at.desc(), Cause.cause)
    .limit(MOST_CAUSES + 1)
)


def _all_in(words: Sequence[str], text: str) -> bool:
    text = alike(text)
    return all(word in text for word in words)


def _apart(words: set[str]) -> tuple[str, ...]:
    """The words that need a look of their own, the longest first, which is rarest."""
    if not 0 < len(words) <= MOST_WORDS:
        return ()
    apart = [one for one in words if not any(one in other for other in words - {one})]
    return tuple(sorted(apart, key=lambda word: (-len(word), word)))


def has(dialect: str, text: Any, word: str) -> ColumnElement[bool]:
    """Whether a text has this word in it, both in small letters."""
    find = func.strpos if dialect == "postgresql" else func.instr
    return find(text, literal(word)) > 0


def _is_not_ascii(dialect: str, text: Any) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return func.octet_length(text) != func.length(text)
    return func.length(cast(text, LargeBinary)) != func.length(text)
