"""What a state of a project is: when it holds, how it looks, and what is said of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from app.rules.sentences import Brief, Parts, age, clock, paren, say, strong
from app.rules.verdicts.facts import Failures, ProjectFacts


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a project and its story; times in µs.

    `count` is documents that fail (failing, some failures), or `at_least` so many; jobs that are
    silent or stand (stalled), wait (starved), made no nodes, `of` so many (no output), or run.
    Slow, a `unit` (document, chunk) takes `pace` seconds, `usual` ones as a rule. `cause` is the
    commonest error among the failures,
    `cause_id` its number, `cause_count` its documents, and `causes` how many there are, 0 where
    that is not known; where each has `each_its_own`, no two documents share one. `document` is the
    only one that fails, `times` how often it did. `last_at` is the newest failure, the last sign of
    life (stalled), the newest empty job (no output), the oldest that waits (starved) or the newest
    job (late, fine); `until` is when what runs and waits will be done.
    """

    state: "ProjectState"
    since: int | None = None
    count: int = 0
    at_least: bool = False
    of: int = 0
    pace: float | None = None
    usual: float | None = None
    unit: str = ""
    cause: str | None = None
    cause_id: int | None = None
    cause_count: int = 0
    causes: int = 0
    each_its_own: bool = False
    document: str | None = None
    times: int = 0
    last_at: int | None = None
    until: int | None = None


@dataclass(frozen=True, eq=False)
class ProjectState(ABC):
    """One state; the lowest `rank` is the worst, and the worst that holds leads.

    `name` is its value in URLs, `label` its word, `shape` its drawing (`app.web.shapes`) and `tone`
    its colours (`.tone--…` in base.css and wall.css). In `trouble` it has a row of its own on the
    wall; of a `quiet` one the wall may leave out the words.
    """

    rank: int
    name: str
    label: str
    shape: str
    tone: str
    trouble: bool = False
    quiet: bool = False

    blames: ClassVar[bool] = False
    """Whether documents fail, so that it is asked what fails, for `blame`."""

    @abstractmethod
    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """The verdict at `now` (µs), None where this state does not hold."""

    @abstractmethod
    def sentence(self, verdict: Verdict, facts: ProjectFacts) -> Parts:
        """What is so, since when, by what cause, and whether it is still happening."""

    def blame(self, verdict: Verdict, _failures: Failures) -> Verdict:
        """The verdict with what failing documents have in common."""
        return verdict

    def brief(self, _verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """The same in a row of the overview: what is wrong, and what is known about it."""
        return Brief()

    def glance(self, _verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """On the wall: the words beside the name, and what stands below or behind them."""
        return Brief(say(self.label.lower()))

    def closeup(self, _verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """On the wall of this project alone: what follows the state's word."""
        return ()

    def _lead(self, verdict: Verdict) -> Parts:
        """`Failing since 02:41 (23 min)`."""
        if verdict.since is None:
            return strong(self.label)
        since = verdict.since
        return say(strong(f"{self.label} since ", clock(since)), paren(since))


def since(verdict: Verdict) -> Parts:
    """`since 02:41`, in a row of the overview."""
    return () if verdict.since is None else say("since ", clock(verdict.since))


def since_when(verdict: Verdict) -> Parts:
    """` since 02:41 · 23 min`, on the wall."""
    if verdict.since is None:
        return ()
    return say(" since ", clock(verdict.since), " · ", age(verdict.since))
