"""How every project stands, kept in each process: only what changed is judged anew.

After a report one project of a thousand is another. What is said of the others was worked out from
the same rows in the same minute, and stays true until the moment that each line knows itself: as
for a whole page, see Answers in `docs/design.md`. No version comes twice, even where a store was
put back: one that is not the same, older or newer, is of other rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from threading import Lock
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy import Connection

from app.queries import projects
from app.queries.hours import fill_hours, hours_of
from app.queries.projects import ProjectLine, earliest
from app.queries.standby import lines_of
from app.queries.versions import Version, Versions, all_versions, versions_of
from app.rules.times import MINUTE, SECOND, floor
from app.rules.verdicts import Hour, urgency
from app.store import deadline
from app.store.distributed import FEW, is_distributed
from app.store.nodes import nodes

MANY = 2000
"""Projects of which more are not judged anew all at once when a minute begins.

What is said of the last hour is then of a moment within the last minute, for each its own.
"""

OFTEN = 2 * SECOND
"""The state of one of many projects ends every moment; all of them are looked at no oftener."""

WAITED = int(deadline.REQUEST * SECOND)
"""By so much (µs) a line may be of a later moment: another request made it while this one waited.

One of a future that is further away is of a clock that was set back since.
"""

PIECE = 250  # projects that are judged, or asked for, at a time
PIECE_APART = 200  # the same of several nodes, to which a statement costs more
MOST_KEPT = 100_000  # projects; of more all are judged anew


class Board(NamedTuple):
    """Projects, worst first, and until when (µs) that is true if nothing is reported before."""

    lines: list[ProjectLine]
    until: int | None


class KeptLine(NamedTuple):
    """What was said of a project of this version, true from one moment until another (µs).

    `until` is when another state may hold, `due` when it is to be made anew at the latest.
    """

    version: Version
    since: int
    due: int
    until: int | None
    urgency: tuple[int, int, str]
    line: ProjectLine


Kept = dict[str, KeptLine]
"""By project, in the order in which they were shown last: so they are soon sorted again."""


def init_app(app: Flask, *, keeps: bool) -> None:
    """Give the app its lines, none yet; none ever where it keeps no pages either."""
    app.extensions["lines"] = {} if keeps else None
    app.extensions["judging"] = Lock()


def look(connection: Connection, now: int, only: Sequence[str] | None = None) -> Board:
    """How every project stands, or these, as far as they answer.

    One that is alone has its hours of the day; to others `with_hours` gives them.
    """
    kept: Kept | None = current_app.extensions["lines"]
    apart = is_distributed(connection) and nodes().apart
    versions: Versions = {}
    if kept is not None or apart:
        versions = all_versions(connection) if only is None else versions_of(connection, only)
    if apart:  # what is not answered for is not asked for
        only = list(versions)
    if kept is None or not 1 < len(versions) <= MOST_KEPT:
        lines = projects.list_lines(connection, now, only)
        return Board(lines, earliest(line.until for line in lines))
    found, changed = _still_true(versions, now)
    if changed:
        with _turn() as waited:
            if waited:  # another thread may have judged them
                found, changed = _still_true(versions, now)
            found += _judge(connection, now, versions, changed, every=only is None)
    found.sort(key=attrgetter("urgency"))
    if only is None:
        current_app.extensions["lines"] = {one.version[0]: one for one in found}
    until = earliest(one.until for one in found)
    if len(versions) > MANY and until is not None:
        until = max(until, now + OFTEN)
    return Board([one.line for one in found], until)


def _still_true(versions: Versions, now: int) -> tuple[list[KeptLine], Versions]:
    """The lines of these projects that hold at `now` (µs), and the projects that have none."""
    kept: Kept = current_app.extensions["lines"]
    found = [
        one
        for project_id, one in kept.copy().items()  # others may add to it meanwhile
        if one.since - WAITED <= now < one.due and versions.get(project_id) == one.version
    ]
    if len(found) == len(versions):
        return found, {}
    as_before = {one.version[0] for one in found}
    return found, {one: version for one, version in versions.items() if one not in as_before}


def _judge(
    connection: Connection, now: int, versions: Versions, changed: Versions, *, every: bool
) -> list[KeptLine]:
    """New lines of those that `changed`, kept from now on; all of them may be `every` project."""
    kept: Kept = current_app.extensions["lines"]
    many, first = len(versions) > MANY, len(changed) > MANY
    made = []
    # A request whose time is up keeps what it has, and the next one goes on.
    for piece in _pieces(connection, sorted(changed)):
        wanted = {project_id: changed[project_id] for project_id in piece}
        all_of_them = every and len(piece) == len(versions)
        for line in lines_of(connection, now, wanted, every=all_of_them):
            project_id = line.facts.project_id
            one = _keep(line, changed[project_id], now, many=many, first=first)
            kept[project_id] = one
            made.append(one)
    return made


@contextmanager
def _turn() -> Iterator[bool]:
    """Let one thread at a time judge: others want the same. Tells whether another had the turn.

    For longer than its request has, none waits: with what is left it gets no answer either.
    """
    lock: Lock = current_app.extensions["judging"]
    waited = not lock.acquire(blocking=False)
    mine = not waited or lock.acquire(timeout=deadline.left_or(deadline.REQUEST))
    try:
        yield waited
    finally:
        if mine:
            lock.release()


def _pieces(connection: Connection, ids: Sequence[str]) -> Iterator[Sequence[str]]:
    size = PIECE
    if is_distributed(connection):
        size = FEW if nodes().apart else PIECE_APART
    for first in range(0, len(ids), size):
        yield ids[first : first + size]


def with_hours(connection: Connection, now: int, lines: Iterable[ProjectLine]) -> list[ProjectLine]:
    """The same lines, each with its hours of the day."""
    lines = list(lines)
    hours: dict[str, list[Hour]] = {}
    bare = [line.facts.project_id for line in lines if not line.facts.hours]
    for piece in _pieces(connection, bare):
        hours |= hours_of(connection, now, piece)

    def charted(line: ProjectLine) -> ProjectLine:
        shown = fill_hours(hours.get(line.facts.project_id, ()), now)
        return replace(line, facts=replace(line.facts, hours=shown))

    return [line if line.facts.hours else charted(line) for line in lines]


def _keep(line: ProjectLine, version: Version, now: int, *, many: bool, first: bool) -> KeptLine:
    """A line with the moment when it is to be made anew, if nothing is reported before.

    That is within a minute, or when it is steady no more. Of many each has a moment of its own:
    made together at `first`, they would be so every minute, and every hour.
    """
    project_id, until, steady = version[0], line.until, line.facts.steady_until
    own = 1 + hash(project_id) % MINUTE
    if many:
        due = max(now + (own if first else MINUTE), steady + own)
    else:
        due = max(floor(now, MINUTE) + MINUTE, steady)
    order = urgency(project_id, line.verdict)
    if line.facts.newest:  # nothing but the judgement follows from these, and they are many
        line = replace(line, facts=replace(line.facts, newest=()))
    due = due if until is None else min(due, until)
    return KeptLine(version, now, due, until, order, line)
