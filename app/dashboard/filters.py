"""The filter of the job table: reads the URL, builds the query, writes the URL back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from app.queries.charts import LAST_DAY, SCALES, Scale
from app.queries.filters import JobFilter
from app.queries.part import Choices, Part, Words
from app.queries.parts import PART_OF, PARTS, TIMES
from app.queries.views import Anchor
from app.rules.formats import LONGEST_TEXT, parse_key
from app.rules.job import JobState
from app.rules.sentences import Parts, say
from app.rules.status import JobStatus
from app.rules.times import MINUTE, floor

PAGE_SIZE = 50
LAST_PAGE = 2**43
# Beside the longest document, each as nine characters of an address, and all other parts.
LONGEST_TYPED = 128

TABS: tuple[JobState, ...] = tuple(state for part in PARTS for state in part.tabs)
_NO_TAB = {part.name: "" for part in PARTS if part.tabs}
_IN_FORM = {part.name for part in PARTS if isinstance(part.offered, Words | Choices)}
_IN_ORDER = sorted(PARTS, key=lambda part: not part.tabs)  # in a URL the tab stands first


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: how many jobs it would show, and where it leads; `state` None is that of all jobs."""

    state: JobState | None
    label: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of the filter that is set, by the name of its parameter, and the URL without it."""

    name: str
    label: Parts
    remove_href: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the form to type in, at most `longest` characters."""

    name: str
    label: str
    value: str
    longest: int = LONGEST_TYPED


Option = tuple[str, str, bool]
"""The value of something to choose, its words, and whether it is chosen."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice of the form."""

    name: str
    label: str
    options: Sequence[Option]


@dataclass(frozen=True, slots=True)
class TableFilter:
    """The filter as the URL says it: the `texts` of the parts that are set, as typed.

    Nonsense is left out, and of tabs there is one at most. `page` counts from 1. `scale` is what
    the chart covers, and narrows nothing.
    """

    path: str
    texts: tuple[tuple[str, str], ...] = ()
    page: int = 1
    anchor: Anchor | None = None
    scale: Scale = LAST_DAY

    def to_query(self, now: int, silent_after: int) -> JobFilter:
        """What to read at `now` (µs); a span such as 24h ends with the minute that runs."""
        values: dict[str, Any] = {}
        for name, text in self.texts:
            part = PART_OF[name]
            if text in part.spans:
                values[name] = floor(now, MINUTE) - part.spans[text]
            else:
                values[name] = part.read([text], now, silent_after)
        return JobFilter(**values)

    @property
    def tab(self) -> JobState | None:
        """The tab that is open, None for all jobs."""
        return next((state for state in TABS if state.parameter in self.texts), None)

    def tabs(self, counts: Mapping[str, int]) -> list[Tab]:
        """The tabs with their numbers."""
        total = sum(counts[status.word] for status in JobStatus)
        current = self.tab
        tabs = [Tab(None, "All", total, self._changed(_NO_TAB), current is None)]
        for state in TABS:
            href = self._changed(_NO_TAB | dict([state.parameter]))
            tabs.append(Tab(state, state.label, counts[state.column], href, current is state))
        return tabs

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
            _selection(part.name, part.offered, texts.get(part.name, ""))
            for part in PARTS
            if isinstance(part.offered, Choices)
        ]

    def carried(self) -> list[tuple[str, str]]:
        """What the form must carry along, because no field of it sets it."""
        return [(name, text) for name, text in self.parameters() if name not in _IN_FORM]

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
        return replace(self, path=f"{self.path}/jobs.{ending}", scale=LAST_DAY).url()

    def parameters(self, *, chart: str | None = None, **changes: str) -> list[tuple[str, str]]:
        """The parameters of this filter on its first page, some of them changed."""
        if unknown := changes.keys() - PART_OF.keys():
            raise TypeError(f"{', '.join(sorted(unknown))}: no such part of a filter")
        texts = dict(self.texts) | changes
        pairs = [(part.name, text) for part in _IN_ORDER if (text := texts.get(part.name))]
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


def _selection(name: str, choices: Choices, chosen: str) -> Selection:
    texts = dict.fromkeys((*choices.texts, *([chosen] if chosen else [])))
    offered = {text: choices.words(text) for text in texts}
    return Selection(name, choices.label, options(choices.none, offered, chosen))


def options(none: str, offered: Mapping[str, str], chosen: str) -> list[Option]:
    """What can be chosen: to leave it out, and what is offered, by its value, with its words."""
    return [("", none, not chosen), *((text, offered[text], text == chosen) for text in offered)]


def parse_filter(path: str, args: MultiDict[str, str]) -> TableFilter:
    """Read the URL. A page is for people: what makes no sense is left out, not refused."""
    parameters = (state.parameter for state in TABS)
    tab = next(((name, text) for name, text in parameters if args.get(name) == text), None)
    texts = ((part.name, _sensible(part, args.get(part.name))) for part in PARTS if not part.tabs)
    page = args.get("page", "1")
    return TableFilter(
        path=path,
        texts=(*([tab] if tab else []), *((name, text) for name, text in texts if text)),
        scale=SCALES.get(args.get("chart", ""), LAST_DAY),
        page=min(max(int(page), 1), LAST_PAGE)
        if page.isascii() and page.isdigit() and len(page) < 15
        else 1,
        anchor=_anchor(args.get("at", "")),
    )


def _sensible(part: Part, text: str | None) -> str:
    """The text of a parameter as far as it can be read, else ""."""
    if text and isinstance(part.offered, Words):
        text = text.strip()[:LONGEST_TEXT]
    if not text or text in part.spans:
        return text or ""
    try:
        part.format.parse(text)
    except ValueError:
        return ""
    return text


def _anchor(text: str) -> Anchor | None:
    try:
        return parse_key(text)
    except ValueError:
        return None
