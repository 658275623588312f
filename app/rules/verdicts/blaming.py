"""What the states have in common that blame a cause: documents fail."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.rules.documents import name_of
from app.rules.sentences import Brief, Parts, ago, clock, foreign, joined, leading, quoted, say
from app.rules.verdicts.facts import Cause, Failures, ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict
from app.rules.words import count, plural


@dataclass(frozen=True, eq=False)
class Blaming(ProjectState):
    """A state in which documents fail, by the cause that most of them fail by."""

    blames = True

    def blame(self, verdict: Verdict, failures: Failures) -> Verdict:
        """The verdict with its documents counted and its commonest (else newest) cause named."""
        if not failures.documents or not failures.causes:
            return verdict
        commonest = max(failures.causes, key=_rank)
        complete = sum(one.documents for one in failures.causes) == failures.documents
        alone = failures.documents == 1 and not failures.at_least
        return replace(
            verdict,
            count=failures.documents,
            at_least=failures.at_least,
            cause=commonest.error,
            cause_id=commonest.cause_id,
            cause_count=commonest.documents,
            causes=len(failures.causes) if complete and not failures.at_least else 0,
            each_its_own=failures.each_its_own,
            document=failures.document if alone else None,
            times=failures.times if alone else 0,
            last_at=failures.last_at,
        )

    def brief(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """The cause first, because that is what is read."""
        main = foreign(verdict.cause or self.label)
        return Brief(say(main), joined(self._known(verdict)))

    def _known(self, verdict: Verdict) -> Iterator[Parts]:
        if verdict.each_its_own and verdict.count > 1 and not verdict.at_least:
            yield say(documents(verdict), ", ", plural(verdict.count, "cause"))
        elif verdict.count:
            yield say(documents(verdict), _often(verdict))
        if self.trouble and verdict.since is not None:
            yield say("since ", clock(verdict.since))
        if verdict.last_at is not None:
            yield say("last ", ago(verdict.last_at))


def _rank(one: Cause) -> tuple[int, int, str, int]:
    """What makes a cause the commonest, else the newest; of equals always the same one is."""
    return one.documents, one.last_at, one.error, -(one.cause_id or 0)


def documents(verdict: Verdict) -> Parts:
    """`19 documents`, `at least 1,200 documents`."""
    words = leading(plural(verdict.count, "document"), "failed")
    return say("at least ", words) if verdict.at_least else say(words)


def short_documents(verdict: Verdict) -> str:
    """`19`, `1,200+`, on the wall."""
    return f"{count(verdict.count)}{'+' if verdict.at_least else ''}"


def _often(verdict: Verdict) -> str:
    return f" failed {plural(verdict.times, 'time')}" if verdict.times > 1 else ""


def blamed(verdict: Verdict) -> Parts:
    """`19 documents, 17 by “LLM API timeout after 3 retries”`."""
    if verdict.document is not None:
        name = say(", ", foreign(name_of(verdict.document)), ",")
        last = ", last" if verdict.times > 1 else ""
        often = _often(verdict) or " failed"
        by = say(f"{last} by ", quoted(verdict.cause)) if verdict.cause else ()
        return say(documents(verdict), name, often, by)
    if not verdict.cause:
        return say(documents(verdict))
    if verdict.count > 1 and verdict.cause_count == 1:
        how = (
            ", each with its own error, the newest " if verdict.each_its_own else ", the newest by "
        )
        return say(documents(verdict), how, quoted(verdict.cause))
    if verdict.cause_count < verdict.count or verdict.at_least:
        share = f"{count(verdict.cause_count)} "
    else:
        share = "all " if verdict.count > 1 else ""
    return say(documents(verdict), f", {share}by ", quoted(verdict.cause))


def newest(verdict: Verdict) -> Parts:
    """` Last one 12 s ago.`."""
    return () if verdict.last_at is None else say(" Last one ", ago(verdict.last_at), ".")
