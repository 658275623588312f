"""The SQL that writes a history of jobs, and the counts that belong to it.

The rows are made inside the database, from nothing but their number, so that loading is as fast
as the database writes. What differs between the engines is one common table expression; the rest
is the same text. Whole numbers only: both engines divide and shift them alike.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.ledger.counts import step_of
from app.models import Job
from app.models.counts import CREATED_COLUMNS
from app.rules.causes import cause_of
from app.rules.times import DAY, HOUR, MINUTE, MONTH, SECOND, floor
from app.store.database import table_of

SPAN = 365 * DAY
QUIET_END = HOUR // 2  # before now: so the last job had the time to end
BURST_FROM, BURST_SHARE = 0.6, 0.2
WAITING, RUNNING = 4, 12  # of the newest jobs
JOBS_PER_DOCUMENT = 10

# 32 durations from 2 s to 448 s: (4 + 0 … 3) half seconds, doubled 0 … 7 times.
DURATIONS = [(4 + part) * SECOND // 2 << doubled for part in range(4) for doubled in range(8)]

ERRORS = (
    "HTTP 429 from the embedding service, retry after 20 s",
    "TimeoutError, the language model did not answer within 60 s",
    "PdfReadError, EOF marker not found",
    "UnicodeDecodeError, byte 0xe2 in position 4096 is not UTF-8",
    "ServiceUnavailable, the graph database refused the connection",
    "The document has no text, is it a scan?",
)
CAUSES = [cause_of(error) for error in ERRORS]
_PLACES = range(len(ERRORS))


def _chosen(subject: str, keys: Iterable[int], values: Iterable[int | str]) -> str:
    """The expression for the value whose key the subject is; no text here has a quote in it."""
    cases = zip(keys, values, strict=True)
    return f"CASE {subject} {' '.join(f'WHEN {key} THEN {value!r}' for key, value in cases)} END"


NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS "
        "(SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)"
    ),
    "postgresql": (
        "WITH numbers(n) AS (SELECT generate_series(CAST(:first AS bigint), CAST(:last AS bigint)))"
    ),
}

# Two multiplications modulo 2³² take the place of chance: `dice` and `coin`. The first is one to
# one, so that it makes ids that are unique and yet come in no order, like those of real pipelines.
ROWS = f"""
, drawn AS (
    SELECT n, (n * 2654435761) % 4294967296 AS dice,
        (n * 2246822519 + 374761393) % 4294967296 AS coin
    FROM numbers
), placed AS (
    SELECT n, dice, coin, coin / 1024 % :documents AS document,
        :start + (n - :origin) * :step + dice % :step AS created_at,
        CASE WHEN n >= :waits_from THEN 0 WHEN n >= :runs_from THEN 1
            WHEN dice / 1024 % 1000 < 50 THEN 3 ELSE 2 END AS status,
        10 + coin / 512 % 90 AS chunks,
        coin / 128 % {len(ERRORS)} AS error,
        ((4 + coin / 256 % 4) * {SECOND // 2}) << CAST(dice / 4096 % 8 AS integer) AS duration
    FROM drawn
), run AS (
    SELECT *, CASE WHEN status = 1 AND created_at + 21000000 < :now - duration / 2
            THEN :now - duration / 2 ELSE created_at + 1000000 + coin % 20000000 END AS started_at,
        status = 2 AND coin / 64 % 400 = 0 AS empty
    FROM placed
)"""

EXPRESSIONS = {
    "project_id": ":project_id",
    "job_id": "'job-' || substr(CAST(10000000000 + dice AS text), 2)",
    "source_doc_id": """CASE document % 5 WHEN 0 THEN 'contracts/lease-'
        WHEN 1 THEN 'contracts/supply-' WHEN 2 THEN 'manuals/pump-'
        WHEN 3 THEN 'minutes/board-' ELSE 'mail/2026/' END
        || substr(CAST(10000000 + document AS text), 2)
        || CASE document % 5 WHEN 4 THEN '.eml' ELSE '.pdf' END""",
    "created_at": "created_at",
    "received_at": "created_at",
    "heard_at": """CASE status WHEN 0 THEN created_at WHEN 1 THEN :now
        ELSE started_at + duration END""",
    "ended_at": "CASE WHEN status >= 2 THEN started_at + duration END",
    "empty": "empty",
    "cause": f"CASE WHEN status = 3 THEN {_chosen('error', _PLACES, CAUSES)} END",
    "took": "CASE WHEN status >= 2 THEN duration END",
    "event_count": "0",
    "attempt": "1",
    "status": "status",
    "chunks_processed": """CASE status WHEN 0 THEN 0 WHEN 1 THEN chunks / 2
        WHEN 2 THEN chunks ELSE chunks / 3 END""",
    "chunks_total": "chunks",
    "nodes_created": "CASE WHEN status = 2 AND NOT empty THEN 3 * chunks ELSE 0 END",
    "edges_created": "CASE WHEN status = 2 AND NOT empty THEN 7 * chunks ELSE 0 END",
    "started_at": "CASE WHEN status >= 1 THEN started_at END",
    "started_filled": "1 = 0",
    "completed_at": "CASE WHEN status >= 2 THEN started_at + duration END",
    "completed_filled": "1 = 0",
    "error_message": f"CASE WHEN status = 3 THEN {_chosen('error', _PLACES, ERRORS)} END",
}


@dataclass(frozen=True, slots=True)
class History:
    """The jobs of one project: how many, and whether a fifth of them came in one hour.

    `span` is the time (µs) in which they came; where they are `over`, none waits or runs.
    """

    project_id: str
    size: int
    burst: bool = False
    span: int = SPAN
    over: bool = False

    @property
    def waits_from(self) -> int:
        """The first job that waits."""
        return self.size if self.over else self.size - WAITING

    @property
    def runs_from(self) -> int:
        """The first job that runs."""
        return self.size if self.over else self.waits_from - RUNNING


@dataclass(frozen=True, slots=True)
class Stretch:
    """Jobs `first` … `last` (numbers), evenly `step` µs apart from `start` on."""

    first: int
    last: int
    start: int
    step: int


def stretches(history: History, now: int) -> list[Stretch]:
    """The stretches of time in which the jobs come, oldest first, up to half an hour ago."""
    size, span = history.size, history.span
    start = now - QUIET_END - span
    if not history.burst:
        return [Stretch(0, size - 1, start, max(1, span // size))]
    before, in_burst = int(size * BURST_FROM), int(size * BURST_SHARE)
    after = size - before - in_burst
    burst_start = floor(start + int(span * BURST_FROM), HOUR) + HOUR
    rest_start = burst_start + HOUR
    return [
        Stretch(0, before - 1, start, (burst_start - start) // before),
        Stretch(before, before + in_burst - 1, burst_start, HOUR // in_burst),
        Stretch(before + in_burst, size - 1, rest_start, (now - QUIET_END - rest_start) // after),
    ]


def chunks(stretch: Stretch, most: int) -> Iterator[tuple[int, int]]:
    """The stretch in parts of at most `most` jobs: their first and last numbers."""
    for first in range(stretch.first, stretch.last + 1, most):
        yield first, min(first + most - 1, stretch.last)


def insert_jobs(dialect: str) -> str:
    """The statement that makes the jobs `:first` … `:last` of a stretch."""
    names = [column.name for column in table_of(Job).columns if column.name in EXPRESSIONS]
    values = ", ".join(EXPRESSIONS[name] for name in names)
    return (
        f"INSERT INTO jobs ({', '.join(names)}) {NUMBERS[dialect]}{ROWS} SELECT {values} FROM run"
    )


def count_statements() -> list[tuple[str, str]]:
    """What fills the counts from the jobs of `:project_id`: (what it does, the statement)."""
    amounts = ", ".join(CREATED_COLUMNS)
    sums = ", ".join(f"sum({name})" for name in CREATED_COLUMNS)
    steps = " UNION ALL ".join(
        f"SELECT {took} AS took, {step_of(took)} AS step" for took in DURATIONS
    )
    totals = ", ".join(
        f"{name} = (SELECT sum({name}) FROM created_counts "
        "WHERE project_id = :project_id AND level = 0)"
        for name in CREATED_COLUMNS
    )
    return [
        (
            "counting by minute",
            f"""INSERT INTO created_counts (project_id, level, bucket, {amounts})
            SELECT project_id, 2, created_at - created_at % {MINUTE} AS at,
                sum(CASE status WHEN 0 THEN 1 ELSE 0 END),
                sum(CASE status WHEN 1 THEN 1 ELSE 0 END),
                sum(CASE status WHEN 2 THEN 1 ELSE 0 END),
                sum(CASE status WHEN 3 THEN 1 ELSE 0 END),
                sum(CASE WHEN empty THEN 1 ELSE 0 END)
            FROM jobs WHERE project_id = :project_id GROUP BY project_id, at""",
        ),
        *(
            (
                f"counting by {word}",
                f"""INSERT INTO created_counts (project_id, level, bucket, {amounts})
                SELECT project_id, {level}, bucket - bucket % {span} AS at, {sums}
                FROM created_counts WHERE project_id = :project_id AND level = {below}
                GROUP BY project_id, at""",
            )
            for level, below, word, span in (
                (1, 2, "hour", HOUR),
                (0, 1, "day", DAY),
                (3, 0, "month", MONTH),
            )
        ),
        (
            "counting what finished",
            f"""INSERT INTO finished_counts
                (project_id, hour, completed, failed, chunks, nodes, edges)
            SELECT project_id, ended_at - ended_at % {HOUR} AS at,
                sum(CASE status WHEN 2 THEN 1 ELSE 0 END),
                sum(CASE status WHEN 3 THEN 1 ELSE 0 END),
                sum(chunks_processed), sum(nodes_created), sum(edges_created)
            FROM jobs WHERE project_id = :project_id AND ended_at IS NOT NULL
            GROUP BY project_id, at""",
        ),
        (
            "counting durations",
            f"""WITH steps AS ({steps})
            INSERT INTO duration_counts (project_id, hour, step, jobs)
            SELECT project_id, ended_at - ended_at % {HOUR} AS at, step, count(*)
            FROM jobs JOIN steps USING (took)
            WHERE project_id = :project_id AND status = 2
            GROUP BY project_id, at, step""",
        ),
        (
            "looking for documents that failed",
            """INSERT INTO documents
                (project_id, document, failed_at, job_id, error, cause, failing_since, succeeded_at,
                failures)
            WITH successes AS (
                SELECT source_doc_id, max(ended_at) AS succeeded_at FROM jobs
                WHERE project_id = :project_id AND status = 2 GROUP BY source_doc_id
            ), failures AS (
                SELECT source_doc_id, job_id, ended_at, error_message, cause, succeeded_at,
                    row_number() OVER (
                        PARTITION BY source_doc_id ORDER BY ended_at DESC, job_id DESC
                    ) AS place,
                    min(CASE WHEN ended_at >= coalesce(succeeded_at, 0) THEN ended_at END)
                        OVER (PARTITION BY source_doc_id) AS failing_since,
                    sum(CASE WHEN ended_at >= coalesce(succeeded_at, 0) THEN 1 ELSE 0 END)
                        OVER (PARTITION BY source_doc_id) AS failures
                FROM jobs LEFT JOIN successes USING (source_doc_id)
                WHERE project_id = :project_id AND status = 3
            )
            SELECT :project_id, source_doc_id, ended_at, job_id, error_message, cause,
                failing_since, succeeded_at, failures
            FROM failures WHERE place = 1""",
        ),
        (
            "counting causes",
            f"""INSERT INTO cause_counts (project_id, cause, hour, failed)
            SELECT project_id, cause, ended_at - ended_at % {HOUR} AS at, count(*)
            FROM jobs WHERE project_id = :project_id AND cause IS NOT NULL
            GROUP BY project_id, cause, at""",
        ),
        _counting_failing("projects"),
        _counting_failing("finished_counts", "hour"),
        _counting_failing("cause_counts", "cause", "hour"),
        (
            "looking for causes",
            """INSERT INTO causes (project_id, cause, line, job_id, jobs, documents, first_at,
                last_at)
            WITH failures AS (
                SELECT cause, job_id, error_message, ended_at,
                    row_number() OVER (PARTITION BY cause ORDER BY ended_at DESC, job_id DESC)
                        AS place,
                    count(*) OVER (PARTITION BY cause) AS jobs,
                    min(ended_at) OVER (PARTITION BY cause) AS first_at
                FROM jobs WHERE project_id = :project_id AND cause IS NOT NULL
            )
            SELECT :project_id, cause, error_message, job_id, jobs,
                (SELECT count(*) FROM documents WHERE documents.project_id = :project_id
                    AND documents.cause = failures.cause AND failing_since IS NOT NULL),
                first_at, ended_at
            FROM failures WHERE place = 1""",
        ),
        ("adding up", f"UPDATE projects SET {totals} WHERE project_id = :project_id"),
    ]


def _counting_failing(table: str, *keys: str) -> tuple[str, str]:
    """What counts the documents that still fail in the rows of a table."""
    named = ", ".join(("project_id", *keys))
    same = " AND ".join(f"counted.{key} = {table}.{key}" for key in ("project_id", *keys))
    return (
        f"counting documents that still fail in {table}",
        f"""UPDATE {table} SET failing = counted.documents FROM (
            SELECT {named}, count(*) AS documents FROM (
                SELECT project_id, cause, failed_at - failed_at % {HOUR} AS hour
                FROM documents WHERE failing_since IS NOT NULL
            ) AS failing WHERE project_id = :project_id GROUP BY {named}
        ) AS counted WHERE {same}""",
    )
