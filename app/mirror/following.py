"""A round of following a source: what is new, what runs, and now and then all there is."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from app.ledger import sources
from app.ledger.following import Said, follow
from app.ledger.merge import Merge
from app.ledger.removal import remove_job
from app.ledger.report import parse_report
from app.mirror.progress import Progress
from app.mirror.scan import Scan
from app.mirror.upstream import Answer, Upstream, UpstreamError
from app.models.source import SENTENCE
from app.queries.projects import list_projects
from app.queries.sources import Due, SourceLine, count_due, known_due, list_due, newest_at
from app.rules.fields import InvalidError
from app.rules.project import Project
from app.rules.sources import LAG, SELDOM, SOON, ask_after, here_up_to
from app.rules.times import MINUTE, SECOND
from app.store.database import reading

FIRST_PAGE, PAGE = 100, 500  # jobs
MOST_PAGES, SWEPT_PAGES, MOST_ASKED = 50, 5, 50  # requests of a round, of each kind
ROOM = 10_000  # µs, one for each job that may stand between
AGAIN = 30 * SECOND  # until a job is asked for again that was not known
MISSES = 2  # after which a job is gone
MOST_TROUBLE = 3  # jobs in a row that cannot be told, before that is the upstream's trouble
LONGEST_WAIT = 5 * MINUTE
GIVEN_UP = 10  # doublings, of which the last does not count any more

FIELDS = (
    *("job_id", "source_doc_id", "status", "chunks_processed", "nodes_created", "edges_created"),
    *("started_at", "completed_at", "error_message"),
)
"""What of the contract's ten fields a report has: all but the project."""


class Told(NamedTuple):
    """What was told of a job, and of which attempt, if that was said."""

    body: Mapping[str, Any]
    attempt: int | None = None


class Follower:
    """Follows one source. Nothing that matters is kept here: it may be killed at any moment."""

    def __init__(
        self,
        source: SourceLine,
        upstream: Upstream,
        clock: Callable[[], int],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`clock` gives µs, `chance` a number from 0 to 1."""
        self._source = source
        self._upstream = upstream
        self._clock = clock
        self._chance = chance
        self._failures = 0

    def round(self) -> int:
        """Do what is due; gives how long (µs) to wait for the next round.

        What the upstream does wrong is kept with the source, and the wait is longer. Raises
        UnknownProjectError and UnknownSourceError where it is to be followed no more, and whatever
        the database raises.
        """
        source_id = self._source.project_id
        with reading() as connection:
            found = list_projects(connection, source_id)
        if not found:
            raise sources.UnknownSourceError(source_id)
        try:
            wait = self._round(found[0])
        except UpstreamError as error:
            wait = self._wait_after(error)
            at = self._clock()
            sources.note_error(source_id, error.sentence, now=at, retry_at=at + wait)
            return wait
        self._failures = 0
        return wait

    def close(self) -> None:
        """Let go of the connection to the upstream."""
        self._upstream.close()

    def _wait_after(self, error: UpstreamError) -> int:
        """Twice as long after each failure, by chance less, so that not all come back at once."""
        self._failures = min(self._failures + 1, GIVEN_UP)
        longest = min(SOON * 2**self._failures, LONGEST_WAIT)
        if error.certain:
            longest = max(longest, MINUTE)
        wait = int(longest * (0.5 + self._chance() / 2))
        return wait if error.wait is None else max(wait, int(error.wait * SECOND))

    def _round(self, project: Project) -> int:
        progress = Progress.load(self._source.progress)
        head = progress.begin(self._clock())
        answer = self._read(project, progress, head, MOST_PAGES)
        more = not head.done
        if head.done:
            more = self._ask_for_due(project)
            sweep = progress.begin_sweep(self._clock(), early=self._lists_faster(progress))
            if sweep is not None:
                answer = self._read(project, progress, sweep, SWEPT_PAGES)
        if answer.left == 0:
            return max(SOON, int((answer.reset or 60.0) * SECOND))
        return 0 if more else SOON

    def _read(self, project: Project, progress: Progress, scan: Scan, most: int) -> Answer:
        """Read on in the list, so many pages at most; gives the last answer."""
        for _ in range(most):
            limit = FIRST_PAGE if scan.offset == 0 and scan.anchors else PAGE
            answer = self._upstream.list_jobs(limit=limit, offset=scan.offset)
            jobs = answer.body
            kept: dict[str, Any] = {}
            if scan.take([job["job_id"] for job in jobs]):
                above = self._above(progress, scan)
                kept = self._record(project, [Told(job) for job in jobs], sure=False, above=above)
                scan.joined = scan.joined or kept.pop("joined", False)
                scan.newest_at = max(scan.newest_at, kept.pop("newest_at", 0))
            if scan.done:
                progress.complete(scan, self._clock())
                kept["synced_at"] = max(scan.since, self._source.synced_at or 0)
            kept["progress"] = progress.save()
            self._note(answer, kept)
            if scan.done or answer.left == 0:
                break
        return answer

    def _above(self, progress: Progress, scan: Scan) -> int:
        """After what (µs) new jobs of the next page were created: the newest that stands below.

        With room for those of the pages between. A scan that was broken off has left some above
        the anchors; below these nothing is known.
        """
        if scan.met:
            return 0
        if scan.joined:
            return progress.newest_at + ROOM
        with reading() as connection:
            return newest_at(connection, self._source.project_id) + ROOM

    def _ask_for_due(self, project: Project) -> bool:
        """Ask for jobs that have not ended, one by one; whether there may be more of them."""
        with reading() as connection:
            due = list_due(connection, project.project_id, self._clock(), MOST_ASKED)
        told: list[Told] = []
        again: list[dict[str, Any]] = []
        answer, failed, trouble = None, None, 0
        for one in due:
            try:
                answer = self._upstream.find_job(one.job_id)
            except UpstreamError as error:
                trouble += 1
                if trouble >= MOST_TROUBLE or error.wait is not None or error.certain:
                    failed = error
                    break
                again.append(self._later(one, misses=one.misses))
                continue
            trouble = 0
            if answer.body is not None:
                told.append(Told(answer.body, _attempt_of(answer)))
            elif one.misses + 1 < MISSES:
                again.append(self._later(one, misses=one.misses + 1))
            else:  # though the upstream just told its list
                remove_job(project.project_id, one.job_id)
                sources.bury(project.project_id, one.job_id, now=self._clock())
            if answer.left == 0:
                break
        kept = self._record(project, told, sure=True)
        settled = {row["job_id"] for row in kept["due"]} | {*kept["ended"]}
        asked = {job.body["job_id"] for job in told}
        refused = [one for one in due if one.job_id in asked - settled]
        again += [self._later(one, misses=0, wait=SELDOM) for one in refused]
        if answer is not None:
            self._note(answer, kept | {"due": [*kept["due"], *again]})
        else:
            sources.note_answer(self._source.project_id, {}, due=again)
        if failed is not None:
            raise failed
        return len(due) == MOST_ASKED

    def _lists_faster(self, progress: Progress) -> bool:
        """Whether the whole list tells of those jobs with fewer requests than one for each."""
        pages = progress.swept // PAGE + MOST_ASKED
        with reading() as connection:
            return count_due(connection, self._source.project_id, self._clock(), pages) == pages

    def _later(self, one: Due, *, misses: int, wait: int = AGAIN) -> dict[str, Any]:
        return one._asdict() | {"due_at": self._clock() + wait, "misses": misses}

    def _record(
        self, project: Project, told: Sequence[Told], *, sure: bool, above: int = 0
    ) -> dict[str, Any]:
        """Record what was told of jobs; gives what is to be kept with the source.

        For `sure` and `above` see `ledger.following`.
        """
        at = self._clock()
        page: list[Said] = []
        kept: dict[str, Any] = {"due": [], "ended": []}
        for job, attempt in told:
            said = {name: job[name] for name in FIELDS if job.get(name) is not None}
            try:
                report, _ = parse_report(said, project_id="", job_id=None)
                page.append(Said(report, attempt))
            except InvalidError as invalid:
                name, sentence = invalid.errors[0]
                kept["refusal"] = _refusal(job["job_id"], f"{name} {sentence}")
        if not page:
            return kept
        recorded = follow(project, page, now=at, sure=sure, above=above)
        with reading() as connection:
            known = known_due(connection, project.project_id, [one.job_id for one in recorded])
        kept["joined"] = any(one.job is not None and not one.created for one in recorded)
        kept["newest_at"] = max((one.job.created_at for one in recorded if one.job), default=0)
        for one in recorded:
            if one.refusal is not None:
                kept["refusal"] = _refusal(one.job_id, one.refusal.message)
            elif one.doubtful or (one.job is not None and not one.job.state.status.terminal):
                before = known.get(one.job_id)
                changed = before is None or one.created or one.merge is not Merge.STALE
                changed_at = at if changed or before is None else before.changed_at
                due_at = at if one.doubtful else at + ask_after(changed_at, at)
                row = {"due_at": due_at, "changed_at": changed_at, "misses": 0}
                kept["due"].append({"job_id": one.job_id, **row})
            elif one.job_id in known:
                kept["ended"].append(one.job_id)
        return kept

    def _note(self, answer: Answer, kept: dict[str, Any]) -> None:
        """Keep that it answered, and what follows from the answer."""
        due, ended = kept.pop("due", ()), kept.pop("ended", ())
        for name in ("joined", "newest_at"):
            kept.pop(name, None)
        at = self._clock()
        before = self._source
        values = {
            **kept,
            "answered_at": at,
            "requests_left": answer.left,
            "error": None,
            "failing_since": None,
            "retry_at": None,
        }
        late = at - here_up_to(before) > LAG
        caught_up = late and ("synced_at" in kept or before.synced_at is None)
        sources.note_answer(before.project_id, values, due=due, ended=ended, seen=caught_up)
        self._source = before._replace(**values)


def _attempt_of(answer: Answer) -> int | None:
    """Of which attempt an answer is: another Jobwall says it."""
    text = answer.headers.get("x-job-attempt", "")
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 10 else None


def _refusal(job_id: str, sentence: str) -> str:
    return f"{job_id[:100]}: {sentence}"[:SENTENCE]
