"""PostgreSQL's driver without SQLAlchemy in between, for the statements of the hot paths.

SQLAlchemy's and psycopg's own part of a short statement is longer than the server's. And each way
there and back wakes a process on both ends: so a statement whose answer nobody needs waits, and
goes with the next one, or with COMMIT.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

Sent = tuple[str, Sequence[Any] | None]
"""A statement with its values in the order of $1, $2, …; None where it is not worth preparing."""

_WELL = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class PipelinedConnection(psycopg.Connection[Any]):
    """A connection that can also be asked without a cursor: several statements at once."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting: list[Sent] = []
        self._known: dict[str, bytes] = {}  # statements that the server has, and their names there
        self._named = 0

    def post(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Let a statement wait whose answer nobody needs; what it raises comes with the next."""
        if not (self._waiting or self.autocommit):
            self._begin()
        self._waiting.append((statement, values))

    def ask(self, statement: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
        """Send what waits, and this: gives the rows of its answer, and how many it concerned."""
        self.post(statement, values)
        answer = self._send_waiting()
        if answer.status != ExecStatus.TUPLES_OK:
            return [], answer.command_tuples or 0
        reader = Transformer(self)
        reader.set_pgresult(answer)
        return reader.load_rows(0, answer.ntuples, tuple), answer.ntuples

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        """A cursor as psycopg's own, whose statements come after what waits."""
        if self._waiting:
            self._send_waiting()
        return super().cursor(*arguments, **options)

    def commit(self) -> None:
        """Commit; what waits goes with it. Whatever it raises, no transaction is left."""
        if not self._waiting:
            super().commit()
            return
        self._waiting.append(("COMMIT", None))
        try:
            self._send_waiting()
        except psycopg.Error:
            if self.pgconn.transaction_status == TransactionStatus.INERROR:  # before the COMMIT
                self.rollback()
            raise

    def rollback(self) -> None:
        """Roll back; what waits is forgotten."""
        self._waiting.clear()
        began = self.pgconn.transaction_status != TransactionStatus.IDLE
        super().rollback()
        if began and self._known:  # psycopg forgets its statements now, and lets the server do so
            self._known.clear()
            self._exchange([("DEALLOCATE ALL", None)])

    def _begin(self) -> None:
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            level, read_only = self.isolation_level, self.read_only
            words = ["BEGIN"]
            if level is not None:
                words.append(f"ISOLATION LEVEL {level.name.replace('_', ' ')}")
            if read_only is not None:
                words.append("READ ONLY" if read_only else "READ WRITE")
            self._waiting.append((" ".join(words), None))

    def _send_waiting(self) -> PGresult:
        """Send all that waits; gives the answer to the last. Raises the first error."""
        sent = self._waiting.copy()
        self._waiting.clear()
        return self._exchange(sent)

    def _exchange(self, sent: Iterable[Sent]) -> PGresult:
        answers: list[PGresult] = []
        with self.lock:
            try:
                self.pgconn.enter_pipeline_mode()
                self.wait(self._talk(sent, answers))
                self.pgconn.exit_pipeline_mode()
            except BaseException:
                self.close()  # nobody knows what would come next by it
                self._raise_first(answers)  # what the server said before it went
                raise
        self._raise_first(answers)
        return answers[-1]

    def _talk(self, sent: Iterable[Sent], answers: list[PGresult]) -> Any:
        for statement, values in sent:
            self._send(statement, values)
        self.pgconn.pipeline_sync()
        yield from generators.send(self.pgconn)
        while True:
            [answer] = yield from generators.fetch_many(self.pgconn)
            if answer.status == ExecStatus.PIPELINE_SYNC:
                return
            answers.append(answer)

    def _send(self, statement: str, values: Sequence[Any] | None) -> None:
        if values is None:
            self.pgconn.send_query_params(statement.encode(), None)
            return
        name = self._known.get(statement)
        if name is None:
            self._named += 1
            name = self._known[statement] = b"own_%d" % self._named
            self.pgconn.send_prepare(name, statement.encode())
        dumped = Transformer(self).dump_sequence(values, [PyFormat.TEXT] * len(values))
        self.pgconn.send_query_prepared(name, dumped)

    @staticmethod
    def _raise_first(answers: Iterable[PGresult]) -> None:
        for answer in answers:
            if answer.status not in _WELL:
                raise psycopg.errors.error_from_result(answer)
