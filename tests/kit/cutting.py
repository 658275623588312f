"""A proxy before PostgreSQL that breaks connections off: before a COMMIT, or before its answer."""

import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import URL, make_url

WRITES = (b"INSERT INTO", b"UPDATE ", b"DELETE FROM")
COMMIT = b"COMMIT\0"
READY = b"Z\0\0\0\x05"  # the end of every answer


@dataclass
class Cutting:
    """The way to a database through the proxy.

    While `cut` is "before", no statement with the words `at` of a transaction that writes reaches
    the server; while it is "after", no answer to its COMMIT reaches the client.
    """

    url: URL
    server: str
    cut: str = ""
    at: bytes = COMMIT
    cuts: int = 0
    threads: list[threading.Thread] = field(default_factory=list)

    def accept(self, listener: socket.socket) -> None:
        """Serve whoever connects, until the listener is shut down."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self.threads.append(threading.Thread(target=self._carry, args=(client,)))
                self.threads[-1].start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self.server)
            writes = committing = False
            while True:
                for end in select.select([client, server], [], [])[0]:
                    said = end.recv(65536)
                    if not said:
                        return
                    if end is client:
                        writes = writes or any(word in said for word in WRITES)
                        cut = self.cut if writes and self.at in said else ""
                        self.cuts += bool(cut)
                        if cut == "before":
                            return
                        committing = cut == "after"
                        writes = writes and COMMIT not in said
                        server.sendall(said)
                    elif committing and COMMIT + READY in said:
                        return
                    else:
                        client.sendall(said)


@contextmanager
def cutting(database_url: str) -> Iterator[Cutting]:
    """A proxy before the socket that a URL names."""
    url = make_url(database_url)
    server = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"
    # Not below pytest's folder: the name of a socket must be short.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        way = Cutting(url.set(port=5432).update_query_dict({"host": folder}), server)
        listener.bind(f"{folder}/.s.PGSQL.5432")
        listener.listen()
        accepting = threading.Thread(target=way.accept, args=(listener,))
        accepting.start()
        try:
            yield way
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *way.threads):
                thread.join(10)
