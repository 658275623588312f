"""What there is to know of a part of a filter, and what may be asked of it anywhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from app.queries.indexes import Index
from app.queries.looking import Conditions
from app.rules.formats import Format
from app.rules.job import JobState
from app.rules.sentences import Parts


@dataclass(frozen=True, slots=True)
class Tabs:
    """The dashboard has a tab for each of these kinds of job, and none of them is a chip."""

    tabs: Sequence[JobState]


@dataclass(frozen=True, slots=True)
class Words:
    """The dashboard's form has a line to type in; `empty` is what is said where nothing is found.

    What people type is trimmed, and cut off where it is too long.
    """

    label: str
    empty: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The dashboard's form offers these texts; `none` is to leave it out, `words` says one of them.

    Words are also said of a text that is not offered but stands in the URL.
    """

    label: str
    none: str
    texts: Sequence[str]
    words: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A part of a filter: the parameter `name`, in the API and in the URLs of the dashboard.

    `help` and `example` are for the API's document. `condition` says for a value what holds for a
    row of `jobs`. `index` finds such jobs fast; without one they are sought among the newest.
    `counted` says whether the kept counts tell how many jobs it leaves. `label` says in a chip what
    is set, None where tabs do. `offered` is how the dashboard offers it, None where links alone do.

    What few parts need: `spans` (µs), which a page takes too, as the time so long before now;
    `views`, words that a page takes too, each with the value it stands for, None for any.
    `clock` gives the value from the moment and the silence (µs) after which a job has stalled;
    then a list changes without a report. `look_up` completes a value by what the store knows of a
    project's jobs of some times, before it is a condition or sought in an index; `stored_label`
    gives a better label from there.
    """

    name: str
    help: str
    example: str
    format: Format
    condition: Callable[[Any], Conditions]
    index: Index | None
    counted: bool
    label: Callable[[str], str | Parts] | None
    offered: Tabs | Words | Choices | None
    spans: Mapping[str, int] = field(default_factory=dict)
    views: Mapping[str, Any] = field(default_factory=dict)
    clock: Callable[[int, int], int] | None = None
    look_up: Callable[[Connection, str, Any, Conditions], Any] | None = None
    stored_label: Callable[[Connection, str, Any], str | None] | None = None

    def __post_init__(self) -> None:
        if (self.label is None) != isinstance(self.offered, Tabs):
            raise TypeError(f"{self.name}: a part has either a label for its chip or tabs")
        if self.example not in self.spans:
            self.format.parse(self.example)

    @property
    def tabs(self) -> Sequence[JobState]:
        """Its tabs, if it has any."""
        return self.offered.tabs if isinstance(self.offered, Tabs) else ()

    def read(self, texts: Sequence[str], now: int, silent_after: int) -> Any:
        """The value of what a URL says; raises ValueError with a sentence."""
        value = self.format.read(texts)
        return value if self.clock is None else self.clock(now, silent_after)
