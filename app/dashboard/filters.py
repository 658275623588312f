"""The filter of the job table: reads the URL, builds the query, writes the URL back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from app.queries.charts import LAST_DAY, SCALES, Scale
from app.queries.filters import JobFilter
from app.queries.views import Anchor
from app.rules.causes import parse_cause
from app.rules.fields import IDENTIFIER, UNREADABLE
from app.rules.job import JobState
from app.rules.job_states import EMPTY, JOB_STATES
from app.rules.status import JobStatus
from app.rules.times import (
    DAY,
    HOUR,
    MINUTE,
    floor,
    parse_period,
    parse_span,
    parse_time,
)
from app.web.formatters import period_words, span_words

PAGE_SIZE = 50
LAST_PAGE = 2**43
LONGEST_Q = 1024
SPANS = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
LONGER = {"1m": "1 min", "10m": "10 min", "1h": "1 h", "6h": "6 h"}
PARTS = ("q", "since", "until", "finished", "longer", "document", "cause")
SPAN_LABELS = {"1h": "Last hour", "24h": "Last 24 h", "7d": "Last 7 days", "30d": "Last 30 days"}


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
    label: str
    remove_href: str


@dataclass(frozen=True, slots=True)
class TableFilter:
    """The filter as the URL says it: text as typed, nonsense left out; "" where nothing is set.

    `tab` is the state whose tab is open, None for all; `page` counts from 1. `scale` is what the
    chart covers, and narrows nothing.
    """

    path: str
    q: str = ""
    since: str = ""
    until: str = ""
    finished: str = ""
    longer: str = ""
    document: str = ""
    cause: str = ""
    tab: JobState | None = None
    page: int = 1
    anchor: Anchor | None = None
    scale: Scale = LAST_DAY

    def to_query(self, now: int, silent_after: int) -> JobFilter:
        """What to read at `now` (µs); a span such as 24h ends with the minute that runs."""
        status = self.tab.status if self.tab else None
        return JobFilter(
            statuses=frozenset() if status is None else frozenset({status}),
            q=self.q,
            since=_moment(self.since, now),
            until=_moment(self.until, now),
            silent_since=now - silent_after if self.tab and self.tab.silent else None,
            empty=self.tab is EMPTY,
            document=self.document,
            cause=parse_cause(self.cause) if self.cause else None,
            finished=parse_period(self.finished) if self.finished else None,
            longer=parse_span(self.longer) if self.longer else None,
        )

    def chips(self, cause: str = "") -> list[Chip]:
        """What is set besides the tab, each removable; `cause` is what the cause's errors say."""
        labels = {
            "q": f"“{self.q}”",
            "since": SPAN_LABELS.get(self.since, f"since {self.since}"),
            "until": f"until {self.until}",
            "finished": f"finished {period_words(self.finished)}",
            "longer": f"longer than {span_words(self.longer)}",
            "document": f"document “{self.document}”",
            "cause": f"cause “{cause}”" if cause else f"cause {self.cause}",
        }
        without: dict[str, dict[str, Any]] = {name: {name: ""} for name in PARTS}
        set_parts = [name for name in PARTS if getattr(self, name)]
        return [Chip(name, labels[name], self.url(**without[name])) for name in set_parts]

    def export(self, ending: str) -> str:
        """The URL of the same list as a file."""
        return replace(self, path=f"{self.path}/jobs.{ending}", scale=LAST_DAY).url()

    def carried(self, *sets: str) -> list[tuple[str, str]]:
        """What a form that sets these parameters must carry along."""
        return [(name, value) for name, value in self.parameters() if name not in sets]

    def parameters(self, **changes: Any) -> list[tuple[str, str]]:
        """The parameters of this filter on its first page, some of them changed."""
        values = {name: getattr(self, name) for name in PARTS} | changes
        tab = changes.get("tab", self.tab)
        pairs = [tab.parameter] if tab else []
        pairs += [(name, values[name]) for name in PARTS if values[name]]
        chart = changes.get("chart", self.scale.name)
        return pairs + ([] if chart == LAST_DAY.name else [("chart", chart)])

    def url(self, *, page: int = 1, at: str | None = None, **changes: Any) -> str:
        """The URL of this list with some parts changed, on its first page unless told."""
        pairs = self.parameters(**changes)
        if page > 1:
            pairs.append(("page", str(page)))
        if at:
            pairs.append(("at", at))
        return self.path + ("?" + urlencode(pairs) if pairs else "")

    def tabs(self, counts: dict[str, int]) -> list[Tab]:
        """The tabs with their numbers."""
        total = sum(counts[status.word] for status in JobStatus)
        everything = Tab(None, "All", total, self.url(tab=None), self.tab is None)
        return [
            everything,
            *(
                Tab(
                    state,
                    state.label,
                    counts[state.column],
                    self.url(tab=state),
                    self.tab is state,
                )
                for state in JOB_STATES
            ),
        ]


def parse_filter(path: str, args: MultiDict[str, str]) -> TableFilter:
    """Read the URL. A page is for people: what makes no sense is left out, not refused."""
    given = args.to_dict()
    tab = next((state for state in JOB_STATES if state.parameter in given.items()), None)
    page = args.get("page", "1")
    return TableFilter(
        path=path,
        q=_text(args.get("q", "").strip()[:LONGEST_Q]),
        since=_span(args.get("since", "")),
        until=_span(args.get("until", "")),
        finished=_if_read(parse_period, args.get("finished", "")),
        longer=_if_read(parse_span, args.get("longer", "")),
        document=_text(args.get("document", "")),
        cause=_if_read(parse_cause, args.get("cause", "")),
        tab=tab,
        scale=SCALES.get(args.get("chart", ""), LAST_DAY),
        page=min(max(int(page), 1), LAST_PAGE)
        if page.isascii() and page.isdigit() and len(page) < 15
        else 1,
        anchor=_anchor(args.get("at", "")),
    )


def anchor_text(created_at: int, job_id: str) -> str:
    """A row's place in the list, for a link."""
    return f"{created_at}~{job_id}"


def _anchor(text: str) -> Anchor | None:
    created_at, _, job_id = text.partition("~")
    if not created_at.isascii() or not created_at.isdigit() or len(created_at) > 18:
        return None
    return (int(created_at), job_id) if IDENTIFIER.fullmatch(job_id) else None


def _text(text: str) -> str:
    return "" if len(text) > LONGEST_Q or UNREADABLE.search(text) else text


def _span(text: str) -> str:
    return text if text in SPANS else _if_read(parse_time, text)


def _if_read(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except ValueError:
        return ""
    return text


def _moment(text: str, now: int) -> int | None:
    if not text:
        return None
    span = SPANS.get(text)
    return parse_time(text) if span is None else floor(now, MINUTE) - span
