"""The kinds of job that people see: each status has one, and some jobs of a status have their own.

In the order of the tabs.
"""

from dataclasses import dataclass

from app.rules.causes import reason
from app.rules.job import Job, JobState
from app.rules.sentences import Parts, clock, foreign, lasting, paren, say, strong
from app.rules.silence import silent_since, unheard
from app.rules.status import JobStatus, require_statuses
from app.rules.words import plural


@dataclass(frozen=True, eq=False)
class _Going(JobState):
    """What has not ended, since it was created or started."""

    def sentence(self, job: Job) -> Parts:
        """Since when."""
        since = min(job.created_at, job.received_at) if job.began_at is None else job.began_at
        return say(strong(self.label), " since ", clock(since), paren(since), ".")


@dataclass(frozen=True, eq=False)
class _Waiting(_Going):
    """What has not begun."""

    def happened(self, job: Job) -> Parts:
        """Since when it waits."""
        return say("since ", clock(job.created_at), paren(job.created_at))


@dataclass(frozen=True, eq=False)
class _Stalled(JobState):
    """What runs, and is not heard of any more."""

    def happened(self, job: Job) -> Parts:
        """For how long."""
        return say("no report ", lasting(job.heard_at))

    def sentence(self, job: Job) -> Parts:
        """For how long."""
        return say(strong(self.label), ": no report ", lasting(job.heard_at), ".")


@dataclass(frozen=True, eq=False)
class _Failed(JobState):
    """What failed."""

    def happened(self, job: Job) -> Parts:
        """Why: the line of the error that tells."""
        return say(foreign(reason(job.error_message)))


@dataclass(frozen=True, eq=False)
class _Completed(JobState):
    """What made something."""

    def happened(self, job: Job) -> Parts:
        """What it made."""
        return say(job.made)

    def result(self, job: Job) -> str:
        """What it made."""
        return f" {job.made}."


@dataclass(frozen=True, eq=False)
class _Empty(JobState):
    """What completed and made nothing."""

    def happened(self, job: Job) -> Parts:
        """Of how much it made nothing."""
        return say(f"0 nodes from {plural(job.chunks_processed, 'chunk')}")

    def result(self, job: Job) -> str:
        """Of how much it made nothing."""
        return f" It made no nodes from {plural(job.chunks_processed, 'chunk')}."


RUNNING = _Going(
    "running", "Running", shape="running", tone="running", status=JobStatus.RUNNING, spoken=True
)
WAITING = _Waiting("waiting", "Waiting", shape="waiting", tone="waiting", status=JobStatus.PENDING)
FAILED = _Failed(
    "failed", "Failed", shape="failed", tone="failed", status=JobStatus.FAILED, spoken=True
)
COMPLETED = _Completed(
    "completed",
    "Completed",
    shape="completed",
    tone="completed",
    status=JobStatus.COMPLETED,
    repeats=True,
)
STALLED = _Stalled("stalled", "Stalled", shape="stalled", tone="stalled", spoken=True, silent=True)
EMPTY = _Empty(
    "empty",
    "No nodes",
    shape="empty",
    tone="empty",
    graphs=True,
    nobody="Every completed job made nodes.",
)

JOB_STATES = tuple(one for one in list(globals().values()) if isinstance(one, JobState))
STATE_OF = {state.status: state for state in JOB_STATES if state.status is not None}
require_statuses(STATE_OF, "rules.job_states")


def job_state(
    status: JobStatus, *, empty: bool, heard_at: int, now: int, silent_after: int
) -> JobState:
    """What people see: the status, or that a running job fell silent or a completed one is empty.

    Derived when it is read; never stored and never reported. Times in µs, `silent_after` in µs.
    """
    if status is JobStatus.RUNNING and unheard(heard_at, silent_since(now, silent_after)):
        return STALLED
    return EMPTY if empty else STATE_OF[status]
