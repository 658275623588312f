"""What is usual in a project, asked where it could matter: its pace, its output, when jobs come.

Each question is one statement for all projects in doubt, over counts that are kept by the hour or
over seeks that end after a few jobs.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection

from app.queries.habits import arrivals, output, pace, waits
from app.queries.habits.doubt import Learned, Row


def learn(connection: Connection, rows: Sequence[Row], now: int) -> Learned:
    """What else is to be known of projects at `now` (µs), by what the first statement told."""
    learned: Learned = defaultdict(dict)
    for habit in (pace, output, arrivals, waits):
        doubtful = [row for row in rows if habit.is_doubtful(row, now)]
        if doubtful:
            habit.learn(connection, doubtful, now, learned)
    return learned
