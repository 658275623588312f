"""What the states have in common that blame a cause: documents fail."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.rules.sentences import Brief, Parts, ago, clock, foreign, joined, quoted, say
from app.rules.verdicts.facts import Cause, ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict
from app.rules.words import count, plural


@dataclass(frozen=True, eq=False)
class Blaming(ProjectState):
    """A state in which documents fail, by the cause that most of them fail by."""

    blames = True

    def blame(self, verdict: Verdict, causes: Sequence[Cause]) -> Verdict:
        """The verdict with its documents counted and its commonest (else newest) cause named.

        `causes` are those by which documents fail that failed since `verdict.since`.
        """
        if not causes:
            return verdict
        commonest = max(causes, key=lambda cause: (cause.documents, cause.last_at, cause.error))
        return replace(
            verdict,
            since=min(cause.since for cause in causes),
            count=sum(cause.documents for cause in causes),
            cause=commonest.error,
            cause_id=commonest.cause_id,
            cause_count=commonest.documents,
            causes=len(causes),
            last_at=max(cause.last_at for cause in causes),
        )

    def brief(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """The cause first, because that is what is read."""
        main = foreign(verdict.cause or self.label)
        return Brief(say(main), joined(self._known(verdict)))

    def _known(self, verdict: Verdict) -> Iterator[Parts]:
        if _apart(verdict):
            yield say("and ", plural(verdict.count - 1, "other cause"))
        elif verdict.count:
            yield say(plural(verdict.count, "document"))
        if self.trouble and verdict.since is not None:
            yield say("since ", clock(verdict.since))
        if verdict.last_at is not None:
            yield say("last ", ago(verdict.last_at))


def _apart(verdict: Verdict) -> bool:
    """Whether every document has a cause of its own: the commonest of several has just one."""
    return verdict.cause_count == 1 < verdict.count


def blamed(verdict: Verdict) -> Parts:
    """`19 documents, 17 by “LLM API timeout after 3 retries”`."""
    documents = plural(verdict.count, "document")
    if _apart(verdict):
        newest = say(", the newest ", quoted(verdict.cause)) if verdict.cause else ()
        return say(documents, ", each with its own error", newest)
    if not verdict.cause:
        return say(documents)
    share = f"{count(verdict.cause_count)} " if verdict.cause_count < verdict.count else "all "
    return say(documents, ", ", share if verdict.count > 1 else "", "by ", quoted(verdict.cause))


def newest(verdict: Verdict) -> Parts:
    """` Last one 12 s ago.`."""
    return () if verdict.last_at is None else say(" Last one ", ago(verdict.last_at), ".")
