"""gunicorn's worker: one loop reads and writes for all clients, threads only make the answers.

gunicorn's own worker with threads reads and writes in them: sixteen clients that send half a
request, or take no answer, and all of them wait. Here a thread gets a request when it is there as a
whole, and gives its answer back. So no client can hold one, but by what it asks; and for that there
are lanes.
"""

import errno
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from app.api.requests import MIB
from app.queries.versions import Versions
from app.serving.bodies import MalformedBodyError
from app.serving.connection import Connection, TooLargeError, TooSlowError
from app.serving.lanes import Lane, Lanes
from app.serving.refusals import CROWDED, REFUSALS, refusal
from app.serving.watch import Watch, wait_of
from app.store import deadline

HEAD_WITHIN = 5.0
"""Seconds from a request's first byte to the end of its head."""

LINGER = 2.0
"""Seconds for which a closed client may go on sending: closed at once, it would lose its answer."""

HELD = 64 * 1024 * 1024
"""Bytes that are kept for all clients of a process together, at most."""

TICK = 0.5
"""Seconds between looks at whose time is up, and at what changed."""

PARKED = 30.0
"""Seconds for which an answer may wait, whatever happens."""

FRESH = 2 * TICK
"""Seconds: what was looked at so lately is said to be so."""

AT_ONCE = "/healthz"
"""What the loop answers itself, whatever the threads do: it must cost nothing."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """See the module. Of gunicorn's it keeps how a request becomes an environ and an answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lanes: Lanes[Connection] = Lanes()
        self.waiting: set[Connection] = set()  # for what they send, or for them to take it
        self.watch: Watch[Connection] = Watch()  # of these, whose answer waits for a change
        self.busy = 0  # connections of which a thread, or the line for one, has a request

    @classmethod
    def check_config(cls, cfg: Any, _log: Any) -> None:
        """What it cannot do, it says at the start."""
        if cfg.is_ssl:
            raise SystemExit("TLS is for the proxy before the board: see docs/operating.md")

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """A thread for every place in the lanes, and one that looks whether anything changed."""
        return ThreadPoolExecutor(max_workers=self.lanes.threads + 1)

    def run(self) -> None:
        """Serve until told to stop; then let those that ask be answered, for a while."""
        self.poller.register(
            self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks
        )
        self.set_accept_enabled(True)
        while self.alive and self.is_parent_alive():
            self._turn()
        self.set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()
        for connection in list(self.watch.waiting):
            self._ask_again(connection)
        now = time.monotonic()
        for connection in self.waiting:
            if connection.silent:  # its next request may be on its way
                connection.deadline = min(connection.deadline, now + LINGER)
        until = now + self.cfg.graceful_timeout
        while (self.waiting or self.busy) and time.monotonic() < until:
            self._turn()
        self.tpool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()

    def _turn(self) -> None:
        self.wait_for_and_dispatch_events(TICK)
        now = time.monotonic()
        if now - self._ticked >= TICK:
            self._ticked = now
            self.notify()  # a loop that hangs is ended, after `timeout`
            self._tick(now)

    _ticked = 0.0

    def _tick(self, now: float) -> None:
        for connection in [one for one in self.waiting if one.deadline <= now]:
            self._close(connection)
        self._look(now)
        for lane in self.lanes.all:
            for connection in lane.give_up(now):
                self.busy -= 1
                self._refuse(connection, *CROWDED)
        held = [one for one in self.waiting if one.held]
        excess = sum(one.held for one in held) - HELD
        for connection in sorted(held, key=lambda one: one.held, reverse=True):
            if excess <= 0:
                break
            excess -= connection.held
            self._close(connection)

    # The loop's clients. One waits for an event, or its request is with the threads.

    def accept(self, listener: Any) -> None:
        """Take a new client in; where there are too many, whoever has waited longest goes."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        if self.nr_conns > self.cfg.worker_connections:
            self._make_room()
        connection = Connection(sock, client, listener.getsockname())
        connection.deadline = time.monotonic() + self.cfg.keepalive
        self._receive(connection)  # it often sends at once

    def _make_room(self) -> None:
        if self.waiting:
            self._close(min(self.waiting, key=lambda one: one.deadline))

    def _wait(self, connection: Connection, event: int, then: Callable[[Connection], None]) -> None:
        if connection in self.waiting:
            self.poller.modify(connection, event, then)
        else:
            self.waiting.add(connection)
            self.poller.register(connection, event, then)

    def _take(self, connection: Connection) -> None:
        self.watch.waiting.discard(connection)
        if connection in self.waiting:
            self.waiting.remove(connection)
            self.poller.unregister(connection)

    def _close(self, connection: Connection) -> None:
        self._take(connection)
        if not connection.closed:
            self.nr_conns -= 1
            connection.close()

    def _receive(self, connection: Connection) -> None:
        was_silent = connection.silent
        if not connection.receive():
            self._close(connection)
            return
        if was_silent and not connection.silent:
            connection.deadline = time.monotonic() + HEAD_WITHIN
        self._read(connection)

    def _read(self, connection: Connection) -> None:
        """Pass its request on, if it is whole."""
        now = time.monotonic()
        try:
            if connection.read_head(self.cfg, now):
                request = connection.request
                lane = self.lanes.of(request.method, request.path, request.query)
                if connection.read_body(lane.body):
                    connection.arrived = now
                    connection.wait = wait_of(request, now)
                    self._take(connection)
                    self._dispatch(connection, lane)
                    return
        except TooLargeError:
            self._refuse(connection, 413, f"The body is larger than {lane.body // MIB} MiB.")
        except (errors.ParseException, MalformedBodyError) as error:
            self.log.info("refused a request: %s", type(error).__name__)
            detail = str(error) if isinstance(error, MalformedBodyError) else "This is no HTTP."
            self._refuse(connection, *REFUSALS.get(type(error), (400, detail)))
        except OSError:
            self._close(connection)
        else:
            self._wait(connection, selectors.EVENT_READ, self._receive)

    def _dispatch(self, connection: Connection, lane: Lane[Connection]) -> None:
        if connection.request.path == AT_ONCE:
            self._answered(connection, self._answer(connection))
            return
        entered = lane.enter(connection, connection.arrived)
        if entered is None:
            self._refuse(connection, *CROWDED)
            return
        self.busy += 1
        if entered:
            self._submit(lane, connection)

    def _submit(self, lane: Lane[Connection], connection: Connection) -> None:
        future = self.tpool.submit(self._answer, connection)
        future.add_done_callback(
            lambda done: self.method_queue.defer(self._leave, lane, connection, done)
        )

    def _leave(self, lane: Lane[Connection], connection: Connection, done: Future[bool]) -> None:
        self.busy -= 1
        following = lane.leave()
        if following is not None:
            self._submit(lane, following)
        self._answered(connection, not done.exception() and done.result())

    def _answered(self, connection: Connection, keep: bool) -> None:
        """Send what the client has not taken yet; then it may ask again, or is closed."""
        if keep and connection.may_wait and self.alive:
            self._park(connection)
            return
        try:
            if not connection.flush():
                self._wait(connection, selectors.EVENT_WRITE, partial(self._answered, keep=keep))
                return
        except OSError:
            self._close(connection)
            return
        if keep:
            connection.next_request()
            connection.deadline = time.monotonic() + self.cfg.keepalive
            if connection.silent:
                self._wait(connection, selectors.EVENT_READ, self._receive)
            else:  # it has asked again already
                self._take(connection)
                self.method_queue.defer(self._read, connection)
        else:
            self._part(connection)

    # Those whose answer waits for a change.

    def _park(self, connection: Connection) -> None:
        self.watch.waiting.add(connection)
        connection.deadline = time.monotonic() + PARKED
        self._wait(connection, selectors.EVENT_READ, self._stir)

    def _stir(self, connection: Connection) -> None:
        if not connection.receive():  # what it sends meanwhile is read when it is answered
            self._close(connection)

    def _look(self, now: float) -> None:
        """Answer those whose time is up, and look for a change where others wait."""
        for connection in self.watch.over(now):
            self._give(connection, now)
        if self.watch.must_look(now):
            future = self.tpool.submit(self.watch.look, self.wsgi)
            future.add_done_callback(lambda done: self.method_queue.defer(self._looked, done, now))

    def _looked(self, done: Future[Versions], began: float) -> None:
        found = None if done.exception() else done.result()
        for connection in self.watch.concerned(found, began):
            self._ask_again(connection)

    def _ask_again(self, connection: Connection) -> None:
        """Something may have changed: its answer is made anew."""
        self._take(connection)
        connection.take_back()
        request = connection.request
        connection.arrived = time.monotonic()
        lane = self.lanes.of(request.method, request.path, request.query)
        self._dispatch(connection, lane)

    def _give(self, connection: Connection, now: float) -> None:
        """Let it have its answer, if nothing changed a moment ago; else ask for it again."""
        connection.wait = None
        if not self.watch.is_fresh(now, FRESH):
            self._ask_again(connection)
            return
        self._take(connection)
        connection.date_anew()
        self._answered(connection, keep=True)

    def _part(self, connection: Connection) -> None:
        """Close it, but let it take its answer: what it sends meanwhile would cut that off."""
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(connection)
        else:
            connection.deadline = time.monotonic() + LINGER
            self._wait(connection, selectors.EVENT_READ, self._discard)

    def _discard(self, connection: Connection) -> None:
        if not connection.discard():
            self._close(connection)

    def _refuse(self, connection: Connection, status: int, detail: str) -> None:
        """Answer without the app, and close: where the next request begins may be unknown."""
        connection.sendall(refusal(connection.asked, status, detail))
        self._answered(connection, keep=False)

    # The threads.

    def _answer(self, connection: Connection) -> bool:
        """Make the answer to a request; whether the client may ask again."""
        connection.begin_answer()
        deadline.begin(connection.arrived)
        try:
            return bool(self.handle_request(connection.request, connection))
        except TooSlowError as error:
            self.log.info("%s", error)
        except (OSError, StopIteration):
            pass  # the client is gone; or an answer broke off, and gunicorn has logged it
        except Exception:
            self.log.exception("a request could not be answered")
            detail = "Something went wrong here. It has been logged."
            connection.sendall(refusal(connection.asked, 500, detail))
        return False
