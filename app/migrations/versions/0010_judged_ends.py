"""When a job ended is judged by the receipt, where the end that was given lies after it.

So are the jobs that are there: by when they were heard of last, as their documents were already. A
duration between two clocks that are known to differ is measured no more.
"""

import math
from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BATCH = 1000
HOUR = 3_600_000_000
TOLERANCE = 120_000_000
MOST_COUNTED = 2**40
SHORTEST = 1000
NEW = {
    "jobs": ("end_heard_at",),
    "attempts": ("skew_seconds", "end_heard_at"),
    "projects": ("skew_seconds", "skewed_at"),
}
COUNTS = {
    "finished_counts": (("hour",), ("completed", "failed", "chunks", "nodes", "edges")),
    "cause_counts": (("cause", "hour"), ("failed",)),
    "duration_counts": (("hour", "step"), ("jobs",)),
}

# Each is an end and a duration, and which jobs get them: on the way up, and back.
AHEAD = "ended_at > heard_at"
NOTED = "completed_filled AND noted_completed_at IS NOT NULL"
TWO_CLOCKS = (
    "took IS NOT NULL AND (skew_seconds IS NOT NULL AND completed_filled"
    f" AND noted_completed_at IS NULL OR started_at - ended_at > {TOLERANCE})"
)
UP = (
    f"CASE WHEN {AHEAD} THEN heard_at ELSE ended_at END",
    f"CASE WHEN {TWO_CLOCKS} THEN NULL ELSE took END",
    f"({AHEAD} OR {TWO_CLOCKS})",
)
GIVEN = f"CASE WHEN {NOTED} THEN noted_completed_at ELSE completed_at END"
DOWN = (
    GIVEN,
    f"CASE WHEN started_filled OR started_at IS NULL THEN NULL WHEN started_at > {GIVEN} THEN 0"
    f" ELSE {GIVEN} - started_at END",
    "ended_at IS NOT NULL AND (end_heard_at IS NOT NULL"
    " OR took IS NULL AND started_at IS NOT NULL AND NOT started_filled)",
)


def upgrade() -> None:
    for table, names in NEW.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=True))
    count_anew(*UP)
    ended_at, took, concerned = UP
    heard_at = f"CASE WHEN {AHEAD} THEN heard_at END"
    op.execute(
        f"UPDATE jobs SET end_heard_at = {heard_at}, ended_at = {ended_at}, took = {took}"
        f" WHERE {concerned}"
    )


def count_anew(ended_at: str, took: str, concerned: str) -> None:
    """Move in the counts what ends in another hour than before, or takes another time."""
    connection = op.get_bind()
    query = sa.text(
        f"""SELECT * FROM (
            SELECT project_id, mode, status, cause, chunks_processed, nodes_created, edges_created,
                ended_at AS was_at, took AS was_took, {ended_at} AS at, {took} AS takes
            FROM jobs JOIN (SELECT project_id, mode FROM projects) AS mine USING (project_id)
            WHERE {concerned}
        ) AS moved
        WHERE at / {HOUR} <> was_at / {HOUR} OR coalesce(takes, -1) <> coalesce(was_took, -1)"""
    )
    cells: dict[str, Counter] = {table: Counter() for table in COUNTS}
    with connection.execute(query, execution_options={"yield_per": BATCH}) as rows:
        for row in rows:
            tally(cells, row, row.was_at, row.was_took, -1)
            tally(cells, row, row.at, row.takes, 1)
    for table, (keys, amounts) in COUNTS.items():
        add(connection, table, keys, amounts, cells[table])


def tally(cells, row, ended_at, took, times) -> None:
    """Add what one job adds to the counts, `times` over."""
    hour, graph = ended_at - ended_at % HOUR, row.mode == "kg_vector"
    for column, amount in (
        ("completed", int(row.status == 2)),
        ("failed", int(row.status == 3)),
        ("chunks", row.chunks_processed),
        ("nodes", row.nodes_created if graph else 0),
        ("edges", row.edges_created if graph else 0),
    ):
        cells["finished_counts"][row.project_id, hour, column] += times * min(amount, MOST_COUNTED)
    if row.cause is not None:
        cells["cause_counts"][row.project_id, row.cause, hour, "failed"] += times
    if row.status == 2 and took is not None:
        step = 0 if took <= SHORTEST else 1 + int(4 * math.log2(took / SHORTEST))
        cells["duration_counts"][row.project_id, hour, step, "jobs"] += times


def add(connection, table, keys, amounts, cells) -> None:
    """Add to the rows of a table of counts, or make them."""
    rows: dict[tuple, dict] = {}
    for (*key, column), amount in cells.items():
        if amount:
            rows.setdefault(tuple(key), dict.fromkeys(amounts, 0))[column] = amount
    names = ("project_id", *keys)
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in amounts)
    statement = sa.text(
        f"INSERT INTO {table} ({', '.join((*names, *amounts))})"
        f" VALUES ({', '.join(f':{name}' for name in (*names, *amounts))})"
        f" ON CONFLICT ({', '.join(names)}) DO UPDATE SET {more}"
    )
    values = [dict(zip(names, key, strict=True)) | row for key, row in rows.items()]
    for first in range(0, len(values), BATCH):
        connection.execute(statement, values[first : first + BATCH])


def downgrade() -> None:
    count_anew(*DOWN)
    ended_at, took, concerned = DOWN
    op.execute(f"UPDATE jobs SET ended_at = {ended_at}, took = {took} WHERE {concerned}")
    for table, names in NEW.items():
        for name in names:
            op.drop_column(table, name)
