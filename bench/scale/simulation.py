"""Dashboards that poll a board of several hosts, and pipelines that report to it: every event.

The clock is the events' own, and nothing waits: an hour takes no longer than there are polls in
it. The rules are those of the board, by its own constants: how long a poll waits for a change
(`serving/watch`), when it comes again (`web/live`), and when a page is made anew (`web/cache`).
What is not simulated is a queue: the answer to a poll takes no time, so the figures hold as long as
no core is full.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from app.queries.board import MANY
from app.serving.watch import LONGEST, MINUTE, SELDOM, SPREAD
from app.web import cache
from app.web.live import PACE, PATIENCE

OFTEN = 0.5  # seconds between looks at the versions of few projects
UNKNOWN = (-1, -1)

Version = tuple[int, int]
"""How often a project changed, and the minute: what a page is of."""


class Cost(NamedTuple):
    """CPU seconds of the process that answers, and of the database."""

    app: float = 0.0
    database: float = 0.0

    def times(self, number: float) -> "Cost":
        """So many of it."""
        return Cost(self.app * number, self.database * number)

    def plus(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(self.app + other.app, self.database + other.database)


@dataclass(frozen=True, slots=True)
class Costs:
    """What each thing costs, as it was measured; `page_bytes` is a kept page.

    `unchanged` is a poll that is told so, `kept` one that gets a page that is there, `made` one
    that has it made; `look_row` is a row of a look at all versions.
    """

    unchanged: Cost
    kept: Cost
    made: Cost
    report: Cost
    look_row: Cost
    page_bytes: float


@dataclass(frozen=True, slots=True)
class Load:
    """Who asks, and of what: `reports` a second, of which a tenth of the projects get most.

    Each dashboard shows one project; `processes` are of all `hosts` together.
    """

    projects: int = 100_000
    dashboards: int = 100_000
    reports: float = 3_000.0
    hosts: int = 3
    processes: int = 48
    cache_bytes: int = 16 * cache.MIB


@dataclass(slots=True)
class Seen:
    """What happened in so many `seconds`, of which none was waited for.

    A poll that waits has `asked` once already, and is asked for again where something changed.
    """

    seconds: float
    polls: int = 0
    asked: int = 0
    unchanged: int = 0
    kept: int = 0
    made: int = 0
    reports: int = 0
    looks: int = 0
    statements: int = 0
    delays: list[float] = field(default_factory=list)
    """From a report to the poll that answers it, in seconds."""

    def cost(self, costs: Costs, projects: int) -> Cost:
        """CPU seconds in all."""
        parts = (
            costs.unchanged.times(self.asked - self.kept - self.made),
            costs.kept.times(self.kept),
            costs.made.times(self.made),
            costs.report.times(self.reports),
            costs.look_row.times(self.looks * projects),
        )
        total = Cost()
        for part in parts:
            total = total.plus(part)
        return total


class Kept(NamedTuple):
    """A page of a project in a process."""

    version: Version
    made_at: float


STATEMENTS_OF_PAGE = 9  # a project's page: tests/kit/asks.py
STATEMENTS_OF_REPORT = 6  # a change of a known job, with its BEGIN and COMMIT


class Board:
    """The dashboards and processes of a load; `run` lets time pass."""

    def __init__(self, load: Load, costs: Costs, seed: int = 1) -> None:
        self.load, self.costs = load, costs
        self._random = random = Random(seed)
        self._patience = max(PATIENCE, min(cache.SPARED * costs.made.app, cache.LONGEST))
        self._between_looks = SELDOM if load.projects > MANY else OFTEN
        self._pages = max(1, int(load.cache_bytes / costs.page_bytes))
        self._kept: list[OrderedDict[int, Kept]] = [OrderedDict() for _ in range(load.processes)]
        self._phase = [random.random() * self._between_looks for _ in range(load.processes)]
        self._changes = [0] * load.projects
        self._changed_at = [0.0] * load.projects
        self._project = [random.randrange(load.projects) for _ in range(load.dashboards)]
        self._process = [random.randrange(load.processes) for _ in range(load.dashboards)]
        self._known: list[Version] = [UNKNOWN] * load.dashboards
        self._turn = [0] * load.dashboards
        self._waiting: dict[int, set[int]] = {}
        self._events: list[tuple[float, int, int]] = [
            (random.random() * LONGEST, dashboard, 0) for dashboard in range(load.dashboards)
        ]
        heapq.heapify(self._events)

    def run(
        self, seconds: float, warm_up: float = 0.0, tell: Callable[[float], object] | None = None
    ) -> Seen:
        """What happens from `warm_up` on, in so many seconds; `tell` is told the time meanwhile.

        All seconds are the simulated ones.
        """
        self._seen, events = Seen(warm_up), 0
        reports = self._reports(warm_up + seconds)
        report = next(reports, None)
        while self._events:
            at, dashboard, turn = self._events[0]
            if report is not None and report[0] <= at:
                self._report(*report)
                report = next(reports, None)
                continue
            if at >= warm_up + seconds:
                break
            if at >= warm_up and self._seen.seconds == warm_up:
                self._seen = Seen(seconds)
            heapq.heappop(self._events)
            events += 1
            if tell is not None and events % 10_000 == 0:
                tell(at)
            if turn == self._turn[dashboard]:
                self._ask(dashboard, at)
        self._seen.looks = int(self.load.processes * seconds / self._between_looks)
        self._seen.statements += self._seen.looks
        return self._seen

    def _reports(self, until: float) -> Iterator[tuple[float, int]]:
        """When each report comes, and of which project: nine of ten of a tenth of them."""
        busy = max(1, self.load.projects // 10)
        at = self._random.expovariate(self.load.reports) if self.load.reports else until
        while at < until:
            some = busy if self._random.random() < 0.9 else self.load.projects
            yield at, self._random.randrange(some)
            at += self._random.expovariate(self.load.reports)

    def _report(self, at: float, project: int) -> None:
        self._seen.reports += 1
        self._seen.statements += STATEMENTS_OF_REPORT
        self._changes[project] += 1
        self._changed_at[project] = at
        for dashboard in self._waiting.pop(project, ()):
            self._come(dashboard, self._next_look(self._process[dashboard], at))

    def _next_look(self, process: int, at: float) -> float:
        phase, every = self._phase[process], self._between_looks
        return phase + every * (int((at - phase) / every) + 1)

    def _come(self, dashboard: int, at: float) -> None:
        """The next time it is asked for; what was planned before is forgotten."""
        self._turn[dashboard] += 1
        heapq.heappush(self._events, (at, dashboard, self._turn[dashboard]))

    def _ask(self, dashboard: int, at: float) -> None:
        """A poll, or one that waited and is looked at again."""
        project = self._project[dashboard]
        now: Version = (self._changes[project], int(at // MINUTE))
        waited = dashboard in self._waiting.get(project, ())
        if waited:
            self._waiting[project].discard(dashboard)
        if self._known[dashboard] == now and waited:  # its time is up: told so, nothing is asked
            self._seen.polls += 1
            self._seen.unchanged += 1
            self._come(dashboard, at + PACE / 1000)
            return
        self._seen.asked += 1
        self._seen.statements += 1
        if self._known[dashboard] == now:
            waits = min(LONGEST, MINUTE - at % MINUTE + self._random.random() * SPREAD)
            self._waiting.setdefault(project, set()).add(dashboard)
            self._come(dashboard, at + waits)
            return
        self._seen.polls += 1
        self._answer(dashboard, project, now, at)
        self._come(dashboard, at + PACE / 1000)

    def _answer(self, dashboard: int, project: int, now: Version, at: float) -> None:
        pages, known = self._kept[self._process[dashboard]], self._known[dashboard]
        found = pages.get(project)
        young = found is not None and at - found.made_at < self._patience
        if found is not None and (found.version == now or (young and known <= found.version)):
            pages.move_to_end(project)
            if found.version == known:
                self._seen.unchanged += 1
                return
            self._seen.kept += 1
        else:
            found = Kept(now, at)
            pages[project] = found
            pages.move_to_end(project)
            if len(pages) > self._pages:
                pages.popitem(last=False)
            self._seen.made += 1
            self._seen.statements += STATEMENTS_OF_PAGE
        if known != UNKNOWN and found.version[0] > known[0]:
            self._seen.delays.append(at - self._changed_at[project])
        self._known[dashboard] = found.version
