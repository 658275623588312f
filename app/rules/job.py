"""A job, as everyone who reads it knows it, and how one kind of job looks everywhere."""

from dataclasses import dataclass
from typing import NamedTuple

from app.rules.causes import cause_name
from app.rules.durations import Basis, duration_of, runs_since
from app.rules.sentences import Parts, clock, say, strong
from app.rules.skew import TOLERANCE, of_job
from app.rules.status import JobStatus
from app.rules.times import SECOND
from app.rules.words import count, duration, plural


class Job(NamedTuple):
    """A job with the contract's output rules applied, and what only our pages show; times in µs."""

    project_id: str
    job_id: str
    source_doc_id: str
    status: JobStatus
    state: "JobState"
    chunks_processed: int
    chunks_total: int | None
    nodes_created: int
    edges_created: int
    created_at: int
    started_at: int | None
    completed_at: int | None
    error_message: str | None
    attempt: int
    heard_at: int
    received_at: int
    skew_seconds: int | None = None
    started_by: Basis = Basis.GIVEN
    completed_by: Basis = Basis.GIVEN
    cause: int | None = None
    moved_at: int | None = None
    graph: bool = True
    """Whether its project's jobs make nodes and edges."""

    @property
    def key(self) -> tuple[int, str]:
        """Its place in the list."""
        return self.created_at, self.job_id

    @property
    def took(self) -> int | None:
        """How long it took (µs), where that was measured."""
        return duration_of(
            self.started_at,
            self.started_by,
            self.completed_at,
            self.completed_by,
            self.skew_seconds,
        )

    @property
    def runs_since(self) -> int | None:
        """When a job that has not ended started, by our clock; None too of one not begun."""
        if self.status.terminal or self.started_at is None:
            return None
        return runs_since(self.started_at, self.started_by, self.skew_seconds)

    @property
    def began_at(self) -> int | None:
        """When it started, for who reads it beside the present: never in the future."""
        return self.runs_since if not self.status.terminal else self._by_our_clock(self.started_at)

    @property
    def ended_at(self) -> int | None:
        """When it ended, likewise."""
        return self._by_our_clock(self.completed_at)

    def _by_our_clock(self, at: int | None) -> int | None:
        """A time as sent, but of a clock that is ahead: nothing was told before it was so."""
        if at is None or not self._is_ahead(at):
            return at
        return min(at - (self.skew_seconds or 0) * SECOND, self.heard_at)

    def whose(self, at: int | None, basis: Basis) -> str:
        """Whose word a time is, in short; empty where a right clock gave it."""
        return "by the sender's clock" if self._is_ahead(at) else basis.label

    def _is_ahead(self, at: int | None) -> bool:
        """Whether a time lies after the last report: only a clock that is wrong can give it."""
        return at is not None and at - self.heard_at > TOLERANCE

    @property
    def chunks_told(self) -> str:
        """How many chunks are done, and of how many; more than were announced are not of them."""
        done, total = plural(self.chunks_processed, "chunk"), self.chunks_total
        if total is None or total == self.chunks_processed:
            return done
        if self.chunks_processed > total:
            return f"{done}, {count(total)} announced"
        return f"{count(self.chunks_processed)} of {plural(total, 'chunk')}"

    @property
    def tried(self) -> str:
        """Which attempt it is, in a row of a list; nothing of the first."""
        return f"attempt {count(self.attempt)}" if self.attempt > 1 else ""

    @property
    def made(self) -> str:
        """What it made, in words: chunks alone, where no graph is made."""
        if not self.graph:
            return plural(self.chunks_processed, "chunk")
        return tally(self.nodes_created, self.edges_created)

    @property
    def clock(self) -> str:
        """What is to be said of its sender's clock, if anything."""
        return of_job(self.skew_seconds) if self.skew_seconds else ""

    @property
    def silent_since(self) -> int | None:
        """When a job that fell silent was heard of last."""
        return self.heard_at if self.state.silent else None

    @property
    def failed_by(self) -> str | None:
        """The cause of a job that failed, as a URL names it."""
        return None if self.cause is None else cause_name(self.cause)

    @property
    def stand_ins(self) -> list[Basis]:
        """What stands in for times that nobody reported, each once."""
        used = (self.started_by, self.completed_by)
        return [basis for basis in Basis if basis.note and basis in used]

    @property
    def happened(self) -> Parts:
        """What happened, in a row of a list; nothing while it only goes on."""
        return self.state.happened(self)

    @property
    def sentence(self) -> Parts:
        """How it stands, and since when."""
        return self.state.sentence(self)


def tally(nodes: int, edges: int) -> str:
    """What a job made of its chunks: `7 nodes · 14 edges`."""
    return f"{plural(nodes, 'node')} · {plural(edges, 'edge')}"


@dataclass(frozen=True, eq=False)
class JobState:
    """How one kind of job looks everywhere: that of a `status`, or (None) of some jobs of one.

    `name` is its value in URLs, `label` its word, `shape` its drawing (`app.web.shapes`) and `tone`
    its colours (`.tone--…` in base.css). A change of how many there are of a `spoken` one is said
    aloud. What one says that only `repeats` the numbers beside it is left out of wide tables. One
    of `graphs` alone is of no project whose jobs make none.
    """

    name: str
    label: str
    shape: str
    tone: str
    status: JobStatus | None = None
    spoken: bool = False
    repeats: bool = False
    silent: bool = False
    graphs: bool = False
    nobody: str = ""
    """What is said where there is none of them."""

    @property
    def parameter(self) -> tuple[str, str]:
        """The parameter in a URL that keeps these jobs, and its value."""
        return (self.name, "1") if self.status is None else ("status", self.status.word)

    @property
    def column(self) -> str:
        """What a list's numbers call them."""
        return self.name if self.status is None else self.status.word

    @property
    def none_there(self) -> str:
        """What is said where there is none of them."""
        return self.nobody or f"No job is {self.label.lower()}."

    def happened(self, _job: Job) -> Parts:
        """What happened, in a row; nothing where it only goes on."""
        return ()

    def sentence(self, job: Job) -> Parts:
        """How it stands, and since when: as a job that ended, unless a kind says otherwise."""
        at = job.received_at if job.ended_at is None else job.ended_at
        took = "" if job.took is None else f", after {duration(job.took)}"
        return say(strong(self.label), " at ", clock(at), took, ".", self.result(job))

    def result(self, _job: Job) -> str:
        """What is said of its end, behind that."""
        return ""
