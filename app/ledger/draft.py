"""One job while the reports of a request are merged into it: pure, the database is elsewhere."""

from collections.abc import Mapping

from app.ledger.folds import Folds
from app.ledger.job import Claim, LedgerEvent, LedgerJob, Recorded, Refusal, first_event
from app.ledger.merge import (
    AttemptState,
    Merge,
    compare,
    created_at_of,
    evidence,
    join,
    outcome_of,
    says,
    without_end,
)
from app.ledger.report import Report
from app.rules.documents import shown_form
from app.rules.events import EventKind
from app.rules.origins import DocumentBy, Origin, tells_more
from app.rules.origins import join as join_origins
from app.rules.silence import silent_since, unheard
from app.rules.skew import TOLERANCE
from app.rules.status import JobStatus
from app.rules.times import SECOND

HEARD_EVERY = 10 * SECOND  # a sign of life alone is not written more often
MOST_EVENTS = 50  # kept of a job, the first ones


class Draft:
    """A job before and after some reports, its earlier attempts that changed, its new events."""

    __slots__ = (
        "_folds",
        "_known_claims",
        "_known_origin",
        "attempts",
        "before",
        "changed_attempts",
        "events",
        "job",
        "origin",
    )

    def __init__(
        self,
        known: LedgerJob | None = None,
        attempts: Mapping[int, AttemptState] | None = None,
        claims: frozenset[Claim] = frozenset(),
        folds: Folds | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.before = known
        self.job = known
        self.origin = self._known_origin = origin
        self.attempts = dict(attempts) if attempts else {}
        self.changed_attempts: dict[int, AttemptState] = {}
        self.events: list[LedgerEvent] = []
        self._known_claims = set(claims)
        self._folds = Folds() if folds is None else folds

    @property
    def changed(self) -> bool:
        """Whether anything has to be written."""
        rest = self.events or self.changed_attempts or self.new_origin
        return self.job != self.before or bool(rest)

    @property
    def new_origin(self) -> bool:
        """Whether more is known of where the job comes from."""
        return self.origin != self._known_origin

    @property
    def new_document(self) -> bool:
        """Whether a known job turned out to be of another document."""
        known, job = self.before, self.job
        if known is None or job is None:
            return False
        return known.source_doc_id != job.source_doc_id

    def visible(self, silent_after: int) -> bool:
        """Whether someone could see the difference: a sign of life shows where it ends a silence.

        `silent_after` (µs) is the silence after which a running job counts as stalled.
        """
        if self.changed_attempts or any(event.kind.visible for event in self.events):
            return True
        if self.new_origin:  # and whatever document follows from it
            return True
        if self.before is None or self.job is None:
            return self.job is not None
        running = self.before.state.status is JobStatus.RUNNING
        since = silent_since(self.job.heard_at, silent_after)
        stalled = running and unheard(self.before.heard_at, since)
        before, after = ((job.state, job.sent_doc_id) for job in (self.before, self.job))
        return stalled or after != before

    def follow(self, report: Report, now: int, attempt: int | None, *, sure: bool) -> Recorded:
        """Merge all that another board says of a job: what it says last is how the job is.

        It says of which `attempt` that is, or (None) not. What cannot come of what it said before,
        such as that a job runs which had ended, is another attempt; unless that is `sure`, it is
        doubtful, for an answer may be an old one, and leaves the draft as it was.
        """
        if self.job is None:
            return self.apply(report, now, None, attempt)
        known = self.job.state
        number = max(attempt or 1, known.attempt)
        reported = evidence(report, now, None, number)
        if says(reported, report) and not says(join(known, reported), report):
            if not sure:
                return Recorded(report.job_id, job=self.job, doubtful=True)
            number = known.attempt + 1
        return self.apply(report, now, None, number)

    def apply(
        self, report: Report, now: int, skew: int | None, attempt: int | None = None
    ) -> Recorded:
        """Merge one report received at `now` (µs); a refused one leaves the draft as it was.

        `skew` is how many seconds its sender's clock says that it is off, `attempt` the one that it
        speaks for where it names none, else that is found out.
        """
        if self.job is None:
            return self._create(report, evidence(report, now, skew, attempt), now)
        reported = evidence(report, now, skew, attempt or self._attempt_of(report))
        if report.origin is None and report.source_doc_id not in (None, self.job.source_doc_id):
            refusal = Refusal(422, "source_doc_id", "the job is known with another document")
            return Recorded(report.job_id, refusal=refusal)
        before, known = self.job, self.job.state
        runs_again = _may_be_a_new_run(known, reported)
        if runs_again and reported.started_filled:  # after the end, it is no start of this
            reported = reported._replace(started_at=None, started_filled=False)
        if self._was_said(known, reported):
            reported = without_end(reported)
        merge, merged = compare(known, reported), join(known, reported)
        if reported.attempt < known.attempt:
            self._record_late(reported, named=report.attempt is not None)
        else:
            self._note_change(known, reported, merged, merge, now)
        if runs_again:
            self._note(LedgerEvent(now, EventKind.IGNORED, known.attempt, reported.status))
        self._keep(reported, merged, now)
        if (self._take_origin(report) | self._take_form(report)) and merge is Merge.STALE:
            merge = Merge.APPLIED
        idle = known.status.terminal and self.job == before
        return Recorded(report.job_id, False, merge, self.job, None, reported.skew_seconds, idle)

    def _attempt_of(self, report: Report) -> int:
        """The attempt that a report speaks for: of one that names none, the latest known.

        Unless its own times lie before that one's start. Where nobody told the start, nor whether
        it began, such times may be of any attempt: the first sends no number.
        """
        if report.attempt is not None or self.job is None:
            return report.attempt or 1
        told = max(report.started_at or 0, report.completed_at or 0)
        attempts = {**self.attempts, self.job.state.attempt: self.job.state}
        for number, state in sorted(attempts.items(), reverse=True):
            if not told or _began_by(state, told):
                return number
        return 1

    def _was_said(self, known: AttemptState, reported: AttemptState) -> bool:
        """Whether an end without its time repeats a word of this attempt that lost since."""
        if not (known.status.terminal and reported.status.terminal and reported.completed_filled):
            return False
        word = (reported.attempt, reported.status, reported.error_message)
        return (EventKind.CONFLICT, *word) in self._known_claims

    def _create(self, report: Report, reported: AttemptState, now: int) -> Recorded:
        if report.source_doc_id is None:
            refusal = Refusal(404, "job_id", "no such job; with a source_doc_id it would be made")
            return Recorded(report.job_id, refusal=refusal)
        created_at = created_at_of(report, now)
        self.origin = report.origin
        self.job = LedgerJob(
            report.job_id,
            report.source_doc_id,
            created_at,
            now,
            now,
            0,
            reported,
            report.sent_doc_id,
            self._cause_of(reported),
            now,
        )
        return Recorded(report.job_id, True, None, self.job, None, reported.skew_seconds)

    def _take_origin(self, report: Report) -> bool:
        """Take over what a report says of where its job comes from; whether that is news.

        So the job may turn out to be of another document: of those that were told, one stands,
        whatever came first. What a report of our own words told stands for good.
        """
        job, told = self.job, report.origin
        if job is None or told is None:
            return False
        known = self.origin or told._replace(document_by=DocumentBy.REPORT)
        document = report.source_doc_id
        if document is not None and tells_more(
            told.document_by, document, known.document_by, job.source_doc_id
        ):
            self.job = job._replace(source_doc_id=document, sent_doc_id=report.sent_doc_id)
        joined = join_origins(known, told)
        news, self.origin = joined != self.origin, joined
        return news

    def _take_form(self, report: Report) -> bool:
        """Take over the form in which the document was sent; whether another is shown from now."""
        job = self.job
        if job is None or report.source_doc_id != job.source_doc_id:
            return False
        told, known = report.origin, self.origin
        if told is not None and known is not None and told.document_by < known.document_by:
            return False  # what told less of the document tells nothing of its form
        form = shown_form(job.sent_doc_id, report.sent_doc_id)
        if form == job.sent_doc_id:
            return False
        self.job = job._replace(sent_doc_id=form)
        return True

    def _cause_of(self, state: AttemptState) -> int | None:
        """By what the job fails in a state, None where it does not; no error is folded anew."""
        if not state.status.failure:
            return None
        job, error = self.job, outcome_of(state).error_message
        if (
            job is not None
            and job.cause is not None
            and outcome_of(job.state).error_message == error
        ):
            return job.cause
        return self._folds[error]

    def _keep(self, reported: AttemptState, merged: AttemptState, now: int) -> None:
        """Take over the merged state, and that the job was heard of.

        A voice of an earlier attempt proves nothing about this one, and a job that has ended needs
        no sign of life: when it was heard of stays when it last changed. Of two reports that
        overtook each other the later receipt stands; one that lies further ahead is of a clock of
        ours that was set back since, and would hide every silence until then.
        """
        job = self.job
        if job is None:
            return
        earlier_voice = reported.attempt < merged.attempt
        lately = abs(now - job.heard_at) < HEARD_EVERY
        if merged != job.state or not (earlier_voice or lately or merged.status.terminal):
            heard_at = max(now, job.heard_at) if lately else now
            if earlier_voice:
                heard_at = job.heard_at
            self.job = job._replace(
                state=merged,
                heard_at=heard_at,
                moved_at=heard_at if _moved(job.state, merged) else job.moved_at,
                cause=job.cause if merged == job.state else self._cause_of(merged),
            )

    def _record_late(self, reported: AttemptState, *, named: bool) -> None:
        """A report of an earlier attempt completes that attempt's record and nothing else."""
        kept = self.attempts.get(reported.attempt)
        if kept is None and not named:
            return  # a report that names no attempt counts as the first, but proves none
        joined = reported if kept is None else join(kept, reported)
        if joined != kept:
            self.attempts[reported.attempt] = self.changed_attempts[reported.attempt] = joined

    def _note_change(
        self,
        known: AttemptState,
        reported: AttemptState,
        merged: AttemptState,
        merge: Merge,
        now: int,
    ) -> None:
        """Note what a reader of the job's page will want to know of this report."""
        if reported.attempt > known.attempt:
            self.attempts[known.attempt] = self.changed_attempts[known.attempt] = known
            self._note(LedgerEvent(now, EventKind.ATTEMPT, reported.attempt, reported.status))
        elif merge is Merge.CONFLICT:
            stands = (merged.status, merged.error_message) == (known.status, known.error_message)
            lost = reported if stands else known
            self._note(
                LedgerEvent(now, EventKind.CONFLICT, lost.attempt, lost.status, lost.error_message)
            )
        elif merged.status is not known.status:
            self._note(LedgerEvent(now, EventKind.STATUS, merged.attempt, merged.status))

    def _note(self, event: LedgerEvent) -> None:
        job = self.job
        if job is None or (event.kind.told_once and event.claim in self._known_claims):
            return
        if not job.event_count and not self.events:
            self.events.append(first_event(job))
        if job.event_count + len(self.events) < MOST_EVENTS:
            self._known_claims.add(event.claim)
            self.events.append(event)


def _moved(before: AttemptState, after: AttemptState) -> bool:
    """Whether a job went on from one state to another: not by an error that was only noted."""
    return any(getattr(before, name) != getattr(after, name) for name in _MOVING)


_MOVING = ("attempt", "status", "chunks_processed", "nodes_created", "edges_created")


def _began_by(state: AttemptState, told: int) -> bool:
    """Whether an attempt had begun at a time (µs) that its sender told; False: nobody knows."""
    if state.started_at is None:
        return False
    return told >= state.started_at - (TOLERANCE if state.started_filled else 0)


def _may_be_a_new_run(known: AttemptState, reported: AttemptState) -> bool:
    """Whether a report that a job runs, which had ended, is more than one that comes late."""
    if not known.status.terminal or reported.status.terminal or reported.attempt != known.attempt:
        return False
    if reported.started_at is None or known.completed_at is None:
        return False
    return reported.started_filled or reported.started_at > known.completed_at
