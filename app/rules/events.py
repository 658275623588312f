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

    def tell(self, attempt: int, status: JobStatus, *, several: bool) -> Parts:
        """The event in words; `status` is the one that the report claimed, or that was lost.

        Of a job with `several` attempts each says of which it is.
        """
        return _TOLD[self](attempt, strong(status.word), several)


def _report(attempt: int, word: Parts, several: bool) -> Parts:
    return say(f"First report, of attempt {attempt}: " if several else "First report: ", word)


def _status(attempt: int, word: Parts, several: bool) -> Parts:
    return say(f"Attempt {attempt} now " if several else "Now ", word)


def _attempt(attempt: int, word: Parts, _several: bool) -> Parts:
    return say(f"Attempt {attempt} began, ", word)


def _conflict(attempt: int, word: Parts, several: bool) -> Parts:
    of = f" in attempt {attempt}" if several else ""
    return say(strong("Conflict"), f"{of}: a report said ", word, " and lost")


def _ignored(attempt: int, word: Parts, several: bool) -> Parts:
    return say(
        f"A report of attempt {attempt} said " if several else "A report said ",
        word,
        " after the end, and changed nothing. To run the job again, send ",
        strong(f"attempt: {attempt + 1}"),
        " or another job_id",
    )


_TOLD: dict[EventKind, Callable[[int, Parts, bool], Parts]] = {
    EventKind.REPORTED: _report,
    EventKind.STATUS: _status,
    EventKind.ATTEMPT: _attempt,
    EventKind.CONFLICT: _conflict,
    EventKind.IGNORED: _ignored,
}
