"""What a wall shows: the projects it was given, or one of them and more of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from app.queries import causes, jobs
from app.queries.filters import JobFilter
from app.queries.overview import count_states, in_trouble, running_jobs
from app.queries.projects import ProjectLine, get_project
from app.queries.views import Cause
from app.rules.beginnings import told_apart
from app.rules.job import Job
from app.rules.status import JobStatus
from app.rules.verdicts import ProjectFacts, ProjectState
from app.store.nodes import Away

MOST_RUNNING = 24  # jobs on the wall of one project; no screen has room for more
MOST_CAUSES = 24


@dataclass(frozen=True, slots=True)
class Closeup:
    """More of a project that has a wall to itself; `unnamed` jobs run beside those of `running`.

    `causes` are those by which documents fail still, the most documents first; beside them there
    are `more_causes`, and with `and_more` at least so many.
    """

    line: ProjectLine
    causes: Sequence[Cause] = ()
    more_causes: int = 0
    and_more: bool = False
    running: Sequence[Job] = ()
    unnamed: int = 0

    @property
    def facts(self) -> ProjectFacts:
        """What the store knows of the project."""
        return self.line.facts

    @property
    def told_causes(self) -> list[tuple[Cause, tuple[str, str]]]:
        """Each cause with its line in two parts: what others begin with too, and its own."""
        lines = told_apart([cause.line for cause in self.causes])
        return list(zip(self.causes, lines, strict=True))

    @property
    def completed(self) -> int:
        """Jobs that were completed in the hours of the chart."""
        return sum(hour.completed for hour in self.facts.hours)

    @property
    def failed(self) -> int:
        """Jobs that failed in the hours of the chart."""
        return sum(hour.failed for hour in self.facts.hours)


@dataclass(frozen=True, slots=True)
class Wall:
    """The projects of a wall, worst first; `closeup` where there is just one.

    What is `away` of them does not answer, and is not among them.
    """

    lines: Sequence[ProjectLine]
    closeup: Closeup | None = None
    away: Away | None = None

    @property
    def running(self) -> int:
        """How many jobs run in all of them."""
        return running_jobs(self.lines)

    @property
    def troubles(self) -> Sequence[ProjectLine]:
        """Those in trouble."""
        return in_trouble(self.lines)

    @property
    def others(self) -> Sequence[ProjectLine]:
        """All others."""
        return self.lines[len(self.troubles) :]

    @staticmethod
    def states_of(lines: Sequence[ProjectLine]) -> list[tuple[ProjectState, int]]:
        """How many of these are in each state, the worst state first."""
        return sorted(count_states(lines).items(), key=lambda pair: pair[0].rank)

    @property
    def blaming(self) -> int:
        """How many of the others say that something failed."""
        return sum(line.verdict.state.blames for line in self.others)


def get_wall(
    connection: Connection, now: int, lines: Sequence[ProjectLine], away: Away | None = None
) -> Wall:
    """These projects; of one that is alone more than its line."""
    alone = len(lines) == 1 and away is None
    return Wall(lines, _closeup(connection, lines[0], now) if alone else None, away)


def _closeup(connection: Connection, line: ProjectLine, now: int) -> Closeup:
    project = get_project(connection, line.facts.project_id)
    if project is None:
        return Closeup(line)
    failing, in_all = causes.list_worst(connection, project.project_id, MOST_CAUSES)
    page = jobs.list_jobs(
        connection,
        project,
        JobFilter(status=frozenset({JobStatus.RUNNING})),
        limit=MOST_RUNNING,
        offset=0,
        now=now,
        reading=jobs.WHOLE,
    )
    return Closeup(
        line,
        causes=failing,
        more_causes=max(0, in_all - len(failing)),
        and_more=in_all == causes.MOST_COUNTED,
        running=page.rows,
        unnamed=max(0, line.facts.running - len(page.rows)),
    )
