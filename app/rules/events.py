"""The events of a job: what its page tells of how it became what it is."""

from collections.abc import Callable
from enum import StrEnum

from app.rules.sentences import Parts, say, strong
from app.rules.status import JobStatus


class EventKind(StrEnum):
    """A kind of event; the value is the stored one."""

    REPORTED = "reported"
    """The job was first seen."""
    STATUS = "status"
    """It went on to another status."""
    ATTEMPT = "attempt"
    """It began again."""
    CONFLICT = "conflict"
    """Of two ends one was lost."""
    IGNORED = "ignored"
    """A report said that it runs after it had ended."""

    @property
    def visible(self) -> bool:
        """Whether it changes what any list shows; a job's own page is made anew every minute."""
        return self not in (EventKind.REPORTED, EventKind.IGNORED)

    @property
    def told_once(self) -> bool:
        """Whether the same, said again, is no news."""
        return self in (EventKind.CONFLICT, EventKind.IGNORED)

    def tell(self, attempt: int, status: JobStatus) -> Parts:
        """The event in words; `status` is the one that the report claimed, or that was lost."""
        return _TOLD[self](attempt, strong(status.word))


_TOLD: dict[EventKind, Callable[[int, Parts], Parts]] = {
    EventKind.REPORTED: lambda _attempt, word: say("First report: ", word),
    EventKind.STATUS: lambda _attempt, word: say("Now ", word),
    EventKind.ATTEMPT: lambda attempt, word: say(f"Attempt {attempt} began, ", word),
    EventKind.CONFLICT: lambda _attempt, word: say(
        strong("Conflict"), ": a report said ", word, " and lost"
    ),
    EventKind.IGNORED: lambda attempt, word: say(
        "A report said ",
        word,
        " after the end, and changed nothing. To run the job again, send ",
        strong(f"attempt: {attempt + 1}"),
        " or another job_id",
    ),
}
