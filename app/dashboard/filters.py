"""The filter of the job table: builds the query, writes the URL back; `asked` reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from app.dashboard.controls import (
    Chip,
    Head,
    Line,
    Moment,
    Selection,
    Tab,
    options,
    selection_of,
)
from app.queries.charts import LAST_DAY, Scale
from app.queries.filters import JobFilter
from app.queries.part import Choices, Words
from app.queries.parts import ALL, HAS_BEGUN, PART_OF, PARTS, TIMES
from app.queries.sorts import SORTS, Order, Sort
from app.queries.views import Anchor
from app.rules.job import JobState
from app.rules.job_states import WAITING
from app.rules.sentences import say
from app.rules.status import JobStatus
from app.rules.times import MINUTE, floor

PAGE_SIZE = 50
LAST_PAGE = 2**43
LEAST_FIRST = "asc"

TABS: tuple[JobState, ...] = tuple(state for part in PARTS for state in part.tabs)
_NO_TAB = {part.name: "" for part in PARTS if part.tabs}
_IN_FORM = {"sort"} | {part.name for part in PARTS if isinstance(part.offered, Words | Choices)}
_MINUTE = len("2026-11-24T03:04")
_IN_ORDER = sorted(PARTS, key=lambda part: not part.tabs)  # in a URL the tab stands first


@dataclass(frozen=True, slots=True)
class TableFilter:
    """The filter as the URL says it: the `texts` of the parts that are set, as typed.

    Of tabs there is one at most; `left_out` says in sentences what made no sense. `page` counts
    from 1; with a `moment` (µs) it is the one that reaches that. `scale` is what the chart covers,
    and narrows nothing. Without an `order` the newest come first.
    """

    path: str
    texts: tuple[tuple[str, str], ...] = ()
    page: int = 1
    moment: int | None = None
    anchor: Anchor | None = None
    scale: Scale = LAST_DAY
    order: Order | None = None
    left_out: tuple[str, ...] = ()

    def to_query(self, now: int, silent_after: int) -> JobFilter:
        """What to read at `now` (µs); a span such as 24h ends with the minute that runs."""
        values: dict[str, Any] = {}
        for name, text in self.texts:
            part = PART_OF[name]
            if text in part.spans:
                values[name] = floor(now, MINUTE) - part.spans[text]
            elif text in part.views:
                values[name] = part.views[text]
            else:
                values[name] = part.read([text], now, silent_after)
        return JobFilter(**values)

    @property
    def tab(self) -> JobState | None:
        """The tab that is open; None for all jobs, and for all that have begun."""
        return next((state for state in TABS if state.parameter in self.texts), None)

    def tabs(self, counts: Mapping[str, int], *, graph: bool = True) -> list[Tab]:
        """The tabs with their numbers; of `graph` see `Project`.

        One that is open stays, also where it makes no sense.
        """
        total = sum(counts[status.word] for status in JobStatus)
        current = self.tab
        everything = self._changed(_NO_TAB | {"status": ALL})
        tabs = [Tab(None, "All", total, everything, current is None)]
        for state in TABS:
            if state.graphs and not graph and current is not state:
                continue
            href = self._changed(_NO_TAB | dict([state.parameter]))
            tabs.append(Tab(state, state.label, counts[state.column], href, current is state))
        return tabs

    def opened(self, tabs: Sequence[Tab]) -> "TableFilter":
        """What is shown where the URL asks for no jobs in particular: what has begun, if anything.

        A thousand that wait would bury the rest. They have their tab, and so have all jobs.
        """
        particular = any(name not in TIMES for name, _ in self.texts)
        if particular or tabs[0].count == _that_wait(tabs).count:
            return self
        return replace(self, texts=(("status", HAS_BEGUN), *self.texts))

    def aside(self, tabs: Sequence[Tab]) -> Tab | None:
        """The tab to which the list leaves the jobs that wait, if it does and there are any."""
        waiting = _that_wait(tabs)
        return waiting if ("status", HAS_BEGUN) in self.texts and waiting.count else None

    def chips(self, stored_labels: Mapping[str, str]) -> list[Chip]:
        """What is set besides the tab, each removable; `stored_labels` are its query's."""
        labels = {name: PART_OF[name].label for name, _ in self.texts}
        return [
            Chip(name, say(stored_labels.get(name) or label(text)), self._changed({name: ""}))
            for name, text in self.texts
            if (label := labels[name])
        ]

    def lines(self) -> list[Line]:
        """The lines of the form."""
        texts = dict(self.texts)
        return [
            Line(part.name, part.offered.label, texts.get(part.name, ""))
            for part in PARTS
            if isinstance(part.offered, Words)
        ]

    def selections(self) -> list[Selection]:
        """The choices of the form."""
        texts = dict(self.texts)
        return [
            selection_of(part.name, part.offered, texts.get(part.name, ""))
            for part in PARTS
            if isinstance(part.offered, Choices)
        ]

    def sorting(self) -> Selection:
        """The choice of what to sort by, where the heads of the columns are not in sight."""
        chosen = self.order.sort.name if self.order else ""
        offered = {name: f"By {sort.noun}" for name, sort in SORTS.items()}
        return Selection("sort", "Sort", options("Newest first", offered, chosen))

    def heads(self) -> dict[str, Head]:
        """The heads of the columns that sort: the greatest first, then the least, then not."""
        return {name: self._head(sort) for name, sort in SORTS.items()}

    def _head(self, sort: Sort) -> Head:
        if self.order is None or self.order.sort is not sort:
            return Head(replace(self, order=Order(sort)).url())
        if self.order.least:
            return Head(replace(self, order=None).url(), "ascending")
        return Head(replace(self, order=Order(sort, least=True)).url(), "descending")

    @property
    def caption(self) -> str:
        """What is listed, and in which order."""
        if self.order is None:
            return "Jobs, newest first"
        first = "least" if self.order.least else "greatest"
        return f"Jobs by {self.order.sort.noun}, the {first} first"

    def carried(self) -> list[tuple[str, str]]:
        """What the form must carry along, because no field of it sets it."""
        return [(name, text) for name, text in self.parameters() if name not in _IN_FORM]

    def moments(self) -> list[Moment]:
        """The form that asks between which times jobs were created."""
        texts = {name: text for name, text in self.texts if text not in PART_OF[name].spans}
        labels = zip(TIMES, ("From", "To"), strict=True)
        return [Moment(name, label, texts.get(name, "")[:_MINUTE]) for name, label in labels]

    def carried_by_moments(self) -> list[tuple[str, str]]:
        """What that form must carry along."""
        return [(name, text) for name, text in self.parameters() if name not in TIMES]

    def nothing(self) -> str:
        """What is said where no job matches."""
        for name, _ in self.texts:
            if isinstance(offered := PART_OF[name].offered, Words):
                timed = any(name in TIMES for name, _ in self.texts)
                return offered.empty + (" in that time." if timed else ".")
        if self.tab is None or len(self.texts) > 1:
            return "No job matches."
        return self.tab.none_there

    def export(self, ending: str) -> str:
        """The URL of the same list as a file."""
        path = f"{self.path}/jobs.{ending}"
        return replace(self, path=path, order=None, scale=LAST_DAY).url()

    def parameters(self, *, chart: str | None = None, **changes: str) -> list[tuple[str, str]]:
        """The parameters of this filter on its first page, some of them changed."""
        if unknown := changes.keys() - PART_OF.keys():
            raise TypeError(f"{', '.join(sorted(unknown))}: no such part of a filter")
        texts = dict(self.texts) | changes
        pairs = [(part.name, text) for part in _IN_ORDER if (text := texts.get(part.name))]
        if self.order is not None:
            pairs.append(("sort", self.order.sort.name))
            pairs += [("order", LEAST_FIRST)] if self.order.least else []
        chart = self.scale.name if chart is None else chart
        return pairs if chart == LAST_DAY.name else [*pairs, ("chart", chart)]

    def url(self, *, page: int = 1, at: str | None = None, **changes: str) -> str:
        """The URL of this list with some parts changed, on its first page unless told."""
        pairs = self.parameters(**changes)
        if page > 1:
            pairs.append(("page", str(page)))
        if at:
            pairs.append(("at", at))
        return self._address(pairs)

    def _changed(self, texts: Mapping[str, str]) -> str:
        return self._address(self.parameters(**texts))

    def _address(self, pairs: Sequence[tuple[str, str]]) -> str:
        return self.path + ("?" + urlencode(pairs) if pairs else "")


def leads(path: str) -> dict[str, str]:
    """Where a project's page, of that path, shows the jobs of each kind."""
    return {state.name: f"{path}?{urlencode([state.parameter])}" for state in TABS}


def _that_wait(tabs: Sequence[Tab]) -> Tab:
    return next(tab for tab in tabs if tab.state is WAITING)
