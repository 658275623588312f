"""A round of following a source: what is new, what runs, and now and then all there is."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from app.ledger import sources
from app.ledger.removal import remove_job
from app.mirror.progress import Progress
from app.mirror.recording import Kept, Told, record_told
from app.mirror.scan import Scan
from app.mirror.upstream import Answer, Upstream, UpstreamError
from app.queries.projects import list_projects
from app.queries.sources import Due, SourceLine, count_due, list_due, newest_at
from app.rules.project import Project
from app.rules.sources import LAG, SELDOM, SOON, here_up_to
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
            kept, values = Kept(), dict[str, Any]()
            if scan.take([job["job_id"] for job in answer.body]):
                told = [Told(job) for job in answer.body]
                above = self._above(progress, scan)
                kept = record_told(project, told, now=self._clock(), sure=False, above=above)
                scan.joined = scan.joined or kept.known
                scan.newest_at = max(scan.newest_at, kept.newest_at)
            if scan.done:
                progress.complete(scan, self._clock())
                values["synced_at"] = max(scan.since, self._source.synced_at or 0)
            values["progress"] = progress.save()
            self._note(answer, kept, values)
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
        if not due:
            return False
        told: list[Told] = []
        again: list[Due] = []
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
        kept = record_told(project, told, now=self._clock(), sure=True)
        settled = {one.job_id for one in kept.due} | {*kept.ended}
        asked = {job.body["job_id"] for job in told}
        refused = [one for one in due if one.job_id in asked - settled]
        kept.due += again + [self._later(one, misses=0, wait=SELDOM) for one in refused]
        self._note(answer, kept)
        if failed is not None:
            raise failed
        return len(due) == MOST_ASKED

    def _lists_faster(self, progress: Progress) -> bool:
        """Whether the whole list tells of those jobs with fewer requests than one for each."""
        pages = progress.swept // PAGE + MOST_ASKED
        with reading() as connection:
            return count_due(connection, self._source.project_id, self._clock(), pages) == pages

    def _later(self, one: Due, *, misses: int, wait: int = AGAIN) -> Due:
        return one._replace(due_at=self._clock() + wait, misses=misses)

    def _note(
        self, answer: Answer | None, kept: Kept, values: Mapping[str, Any] | None = None
    ) -> None:
        """Keep what follows from an answer, and that there was one."""
        before, at = self._source, self._clock()
        noted = dict(values or {})
        if kept.refusal is not None:
            noted["refusal"] = kept.refusal
        if answer is not None:
            noted |= {"answered_at": at, "requests_left": answer.left}
            noted |= {"error": None, "failing_since": None, "retry_at": None}
        late = answer is not None and at - here_up_to(before) > LAG
        caught_up = late and ("synced_at" in noted or before.synced_at is None)
        due = [one._asdict() for one in kept.due]
        sources.note_answer(before.project_id, noted, due=due, ended=kept.ended, seen=caught_up)
        self._source = before._replace(**noted)


def _attempt_of(answer: Answer) -> int | None:
    """Of which attempt an answer is: another Jobwall says it."""
    text = answer.headers.get("x-job-attempt", "")
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 10 else None
