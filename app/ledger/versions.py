"""Versions: numbers of a project that rise with what can be seen of it, and are never used twice.

A version is the time of its writing. So a store that was put back to an earlier moment, by a
restore or by the failover to a server that lagged behind, goes on with numbers that the lost time
did not know: whoever holds a page of that time is never told that it is still true.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, extract, func

BEGIN = 1_767_225_600  # s since 1970: 2026-01-01, so that until 2084 the sum of 5,000 fits 64 bits
BEGIN_JULIAN = 2_461_041.5  # the same in days, as SQLite counts them


def next_version(dialect: str, version: Any = 0) -> ColumnElement[int]:
    """The version after this one: µs since 2026, by the clock of the database, or else one more.

    Of one database there is one clock, however many hosts write. It tells when the statement began:
    to a writer who then waited for another of its project, or where the clock was set back, one
    more is what decides. (A Citus lets an update ask for no time but that.)
    """
    if dialect == "postgresql":
        seconds = extract("epoch", func.statement_timestamp()) - BEGIN
        return func.greatest(version + 1, cast(seconds * 1_000_000, BigInteger))
    days = func.julianday("now") - BEGIN_JULIAN
    return func.max(version + 1, cast(days * 86_400_000_000, BigInteger))
