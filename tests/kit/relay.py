"""What stands between board and database and only passes on: a balancer, a virtual address."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Listens on a port of this machine; each connection goes on to where it leads at the time."""

    def __init__(self, place: str | tuple[str, int]) -> None:
        self.place = place
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def lead_to(self, place: str | tuple[str, int]) -> None:
        """Lead to another place (a socket's path, or host and port) and cut what is open."""
        self.place = place
        self.cut()

    def cut(self) -> None:
        """End every connection."""
        while self._open:
            _end(self._open.pop())

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                family = socket.AF_UNIX if isinstance(self.place, str) else socket.AF_INET
                server = socket.socket(family)
                self._open += [client, server]
                try:
                    server.connect(self.place)
                except OSError:
                    _end(client)
                    continue
                for way in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=way, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        _end(self._listener)
        self.cut()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    _end(source)
    _end(target)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)  # which also ends a wait in another thread
    one.close()


@contextmanager
def relay(place: str | tuple[str, int]) -> Iterator[Relay]:
    """A relay to a place, for as long as the block runs."""
    made = Relay(place)
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join(10)
