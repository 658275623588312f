"""Projects: their rows, and what is to be said of each of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from app.models import Project as ProjectRow
from app.queries.blame import failures_since
from app.queries.facts import list_facts
from app.queries.looking import has
from app.rules.fields import UNREADABLE
from app.rules.links import Links
from app.rules.project import Project, sought_as
from app.rules.sentences import Brief, Parts
from app.rules.skew import of_project
from app.rules.verdicts import (
    RUNNING,
    ProjectFacts,
    ProjectState,
    Verdict,
    assess,
    beside,
    blame,
    by_urgency,
    until,
)
from app.store.database import table_of
from app.store.nodes import nodes
from app.store.seeks import is_one_of

_COLUMNS = [table_of(ProjectRow).c[name] for name in Project._fields]


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project as the overview and the wall show it; `beside` the worst, what else holds."""

    facts: ProjectFacts
    verdict: Verdict
    beside: Sequence[Verdict] = ()

    @property
    def sentence(self) -> Parts:
        """What is so, since when, and whether it is still happening."""
        return self.verdict.state.sentence(self.verdict, self.facts)

    @property
    def brief(self) -> Brief:
        """The same in a row of the overview."""
        return self.verdict.state.brief(self.verdict, self.facts)

    @property
    def glance(self) -> Brief:
        """The same on the wall: beside the name, and below or behind it."""
        return self.verdict.state.glance(self.verdict, self.facts)

    @property
    def closeup(self) -> Parts:
        """The same on a wall of its own, behind the state's word."""
        return self.verdict.state.closeup(self.verdict, self.facts)

    @property
    def until(self) -> int | None:
        """When (µs) another state may hold, if nothing is reported before."""
        return until(self.facts)

    @property
    def also(self) -> Sequence[tuple[ProjectState, Parts]]:
        """What else is wrong, each state with its few words."""
        wrong = (one for one in self.beside if one.state is not RUNNING)
        return [(one.state, one.state.glance(one, self.facts).main) for one in wrong]

    @property
    def clock(self) -> Parts:
        """What is to be said of a sender's clock that was off within the last day, if anything."""
        return of_project(self.facts.skew_seconds, self.facts.skewed_at)


def earliest(moments: Iterable[int | None]) -> int | None:
    """The first of those that are known."""
    return min((at for at in moments if at is not None), default=None)


def get_project(connection: Connection, project_id: str) -> Project | None:
    """One project, None if there is no such project."""
    query = select(*_COLUMNS).where(ProjectRow.project_id == project_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Project._make(row)


def get_links(connection: Connection, project_id: str) -> Links:
    """The templates of a project's links."""
    columns = (ProjectRow.source_link, ProjectRow.logs_link, ProjectRow.rerun_link)
    query = select(*columns).where(ProjectRow.project_id == project_id)
    return Links._make(connection.execute(query).one())


def list_projects(
    connection: Connection,
    only: str | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
    newest: bool = False,
) -> list[Project]:
    """All projects, or the one that the viewer may see, by id or the `newest` first.

    With a limit no more than so many, those behind `offset` others.
    """
    if only is None:
        nodes().need_all()
    order = (ProjectRow.created_at.desc(),) if newest else ()
    query = select(*_COLUMNS).order_by(*order, ProjectRow.project_id).limit(limit).offset(offset)
    if only is not None:
        query = query.where(ProjectRow.project_id == only)
    return [Project._make(row) for row in connection.execute(query)]


def count_projects(connection: Connection, only: str | None = None) -> int:
    """How many projects there are, or that are the one that the viewer may see."""
    if only is None:
        nodes().need_all()
    query = select(func.count()).select_from(ProjectRow)
    if only is not None:
        query = query.where(ProjectRow.project_id == only)
    return connection.scalar(query) or 0


class Offer(NamedTuple):
    """Some of the projects that were `found`, the first by name, of `total` that there are."""

    projects: list[Project]
    found: int
    total: int


_BY_NAME = select(*_COLUMNS).order_by(ProjectRow.sought, ProjectRow.project_id)


def offer_projects(connection: Connection, words: str, most: int) -> Offer:
    """The projects that have each of these words in their name or id, in whatever case."""
    nodes().need_all()
    matching = _have(connection.dialect.name, sought_as(words).split())
    rows = connection.execute(_BY_NAME.where(*matching).limit(most)).all()
    total = found = count_projects(connection)
    if matching:
        counting = select(func.count()).select_from(ProjectRow).where(*matching)
        found = connection.scalar(counting) or 0
    return Offer([Project._make(row) for row in rows], found, total)


def name_projects(connection: Connection, ids: Collection[str]) -> list[Project]:
    """The projects with these ids, by name."""
    mine = is_one_of(connection.dialect.name, ProjectRow.project_id, sorted(ids))
    return [Project._make(row) for row in connection.execute(_BY_NAME.where(mine))]


def _have(dialect: str, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """A condition for each word; what nobody can be called no project has."""
    if any(map(UNREADABLE.search, words)):
        return [false()]
    texts = (ProjectRow.sought, func.lower(ProjectRow.project_id))  # an id is ASCII
    return [or_(*(has(dialect, text, word) for text in texts)) for word in words]


def list_lines(
    connection: Connection,
    now: int,
    only: str | Sequence[str] | None = None,
) -> list[ProjectLine]:
    """Every project (or the only one, or these) with its facts and its verdict, worst first.

    Of several only those have `hours` whose verdicts follow from them.
    """
    ids = [only] if isinstance(only, str) else only
    facts = {fact.project_id: fact for fact in list_facts(connection, now, ids)}
    verdicts = {project_id: assess(fact, now) for project_id, fact in facts.items()}
    for project_id, failures in failures_since(connection, verdicts).items():
        verdicts[project_id] = blame(verdicts[project_id], failures)
    return [
        ProjectLine(
            facts[project_id],
            verdicts[project_id],
            beside(verdicts[project_id], facts[project_id], now),
        )
        for project_id in by_urgency(verdicts)
    ]
