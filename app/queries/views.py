"""What reading gives back: plain frozen objects, ready for a template or a JSON body.

Every time is in microseconds since 1970 UTC, None where there is none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from app.rules.causes import cause_name, remedy_of
from app.rules.events import EventKind
from app.rules.job import JobState, tally
from app.rules.job_states import STALLED, STATE_OF
from app.rules.project import Project
from app.rules.sentences import Parts
from app.rules.status import JobStatus
from app.rules.times import DAY
from app.rules.verdicts import Hour
from app.rules.words import plural

Shown = TypeVar("Shown")


Anchor = tuple[int, str]
"""A place in a list: the `created_at` (µs) and the id of a job."""


class Cursor(NamedTuple):
    """Where a page begins: beside this key, on its older side or (`newer`) on the other one."""

    key: Anchor
    newer: bool = False


@dataclass(frozen=True, slots=True)
class Reading(Generic[Shown]):
    """What a list reads of each job: the `columns` of `jobs`, and what `make` makes of a row.

    Among the columns are `created_at` and `job_id`, by which lists are ordered. `make` is given
    their values, the project and the moment (µs).
    """

    columns: tuple[str, ...]
    make: Callable[[Sequence[Any], Project, int], Shown]


@dataclass(frozen=True, slots=True)
class JobPage(Generic[Shown]):
    """`rows` of `total` matching jobs, newest first, from `offset` on, at most `limit`.

    `new` of the matching jobs are newer than the anchor that the reader holds on to; `anchor` is
    the key of the newest row that this page counts from, for links and held polls. `capped` is ""
    unless more jobs may match than a search looks at; then it says which it looked at, such as
    "newest 10000": `search.limit_words`. `ends` are the keys of the first and the last row.
    """

    rows: Sequence[Shown]
    total: int
    limit: int
    offset: int
    new: int = 0
    anchor: str | None = None
    capped: str = ""
    ends: tuple[Anchor, Anchor] | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """The final state of an earlier attempt of a job; `took` (µs) where that was measured."""

    attempt: int
    status: JobStatus
    state: JobState
    chunks_processed: int
    nodes_created: int
    edges_created: int
    completed_at: int | None
    took: int | None
    error_message: str | None
    graph: bool = True

    @property
    def made(self) -> str:
        """What it made, in words: chunks alone, where no graph is made."""
        chunks = plural(self.chunks_processed, "chunk")
        if not self.graph:
            return chunks
        return f"{chunks} · {tally(self.nodes_created, self.edges_created)}"


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a job's status, a new attempt, or a conflict; `at` is the time of receipt.

    `status` is the one that the report claimed, `detail` what lost in a conflict; `several` whether
    the job has other attempts too.
    """

    at: int
    kind: EventKind
    attempt: int
    status: JobStatus
    detail: str | None = None
    several: bool = False

    @property
    def looks(self) -> JobState:
        """The kind of job as which it is drawn."""
        return STALLED if self.kind.told_once else STATE_OF[self.status]

    @property
    def sentence(self) -> Parts:
        """It in words."""
        return self.kind.tell(self.attempt, self.status, several=self.several)


@dataclass(frozen=True, slots=True)
class Chart:
    """What finished in each hour or day (`unit` µs), oldest first, and how long it took.

    `before` is how many jobs finished in each of the same hours one day before, if that is told.
    `name` is the scale's. `median` and `p95` are in seconds, as is `seconds_per_chunk`: the time
    that jobs took over the chunks that they read. All are marked ≈; None where too little is known.
    `chunks_per_minute` is of the time since `lately` (µs); so are the others with `of_now`, else
    they are of all bars.
    """

    bars: Sequence[Hour]
    unit: int
    name: str
    before: Sequence[int] = ()
    median: float | None = None
    p95: float | None = None
    chunks_per_minute: float | None = None
    seconds_per_chunk: float | None = None
    lately: int | None = None
    of_now: bool = False

    @property
    def daily(self) -> bool:
        """Whether a bar is a day."""
        return self.unit == DAY

    @property
    def top(self) -> int:
        """What its height stands for: the most that finished, made even, since half is told too."""
        most = max((*(bar.finished for bar in self.bars), *self.before), default=0)
        return most + most % 2


@dataclass(frozen=True, slots=True)
class Cause:
    """Why `jobs` of a project failed, and `documents` still fail; seen first and last at (µs).

    `line` is the telling line of the failure seen last; `job_id` is a job that failed like it.
    """

    cause: int
    line: str
    job_id: str
    jobs: int
    documents: int
    first_at: int
    last_at: int

    @property
    def name(self) -> str:
        """As a URL names it."""
        return cause_name(self.cause)

    @property
    def remedy(self) -> str | None:
        """What to do about it, where the contract says so."""
        return remedy_of(self.line)


@dataclass(frozen=True, slots=True)
class CauseLine(Cause):
    """A cause in the list: how many jobs failed by it in the last 24 hours, and in each of them.

    `share` is the part of all failures in that time, from 0 to 1.
    """

    day: int = 0
    share: float = 0.0
    hours: Sequence[Hour] = ()


@dataclass(frozen=True, slots=True)
class CausePage:
    """The causes seen last, most failures in 24 hours first.

    There are `total`, and by `failing` of them documents still fail: both are counted to `most`,
    and no further. `day` is how many jobs failed in the 24 hours, by whatever cause.
    """

    lines: Sequence[CauseLine]
    total: int
    failing: int
    day: int
    most: int


@dataclass(frozen=True, slots=True)
class FailingDocument:
    """A document that fails since a moment, in so many jobs; `job_id` is its latest failure."""

    document: str
    job_id: str
    failed_at: int
    failing_since: int
    failures: int


@dataclass(frozen=True, slots=True)
class SharedCause:
    """A cause that several projects in trouble name, with the id and name of each."""

    cause: int
    error: str
    projects: Sequence[tuple[str, str]]

    @property
    def name(self) -> str:
        """As a URL names it."""
        return cause_name(self.cause)
