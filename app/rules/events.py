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
}
