"""What is to be sent, and the two threads that see to it: one keeps it on disk, one sends it.

Whatever a pipeline does costs it a lock that is never held for long, and nothing here raises into
it. The keeper writes what changed to the spool once a second, also while the sender waits for a
server that hangs: so a killed process loses a second at most.
"""

from __future__ import annotations

import atexit
import copy
import os
import random
import threading
import time
import weakref
from collections.abc import Sequence

from jobwall_reporter.attempts import Attempts, runs_in
from jobwall_reporter.log import log
from jobwall_reporter.settings import Settings
from jobwall_reporter.spool import Journal, Left, left_in
from jobwall_reporter.states import State
from jobwall_reporter.wire import AwayError, RefusedError, Result, Wire

BATCH = 500  # states in a request
MOST_IN_MEMORY = 5_000  # states that wait for a server that is away; more are on disk alone
MOST_JOURNAL = 8 * 1024 * 1024  # bytes, after which it is written anew with what still waits
LONGEST_PAUSE = 30.0  # seconds between tries
REFUSED_PAUSE = 60.0  # seconds until a board that refuses all is asked again
LOOK_AGAIN = 0.05  # seconds between two tries of who waits for all to be sent
LOOK_EVERY = 30.0  # seconds between two looks at what other processes left
MOST_TOLD = 20  # refusals that are logged, one by one


class Outbox:
    """States on their way to one project of one board."""

    def __init__(self, settings: Settings) -> None:
        self.lock = threading.Lock()
        self._settings = settings
        self._wire = Wire(settings)
        self._dirty: dict[int, State] = {}
        self._open = _none_open()
        self._begin()
        outboxes.add(self)

    def _begin(self) -> None:
        """What every process has of its own."""
        self._journal = Journal(self._settings.spool)
        self._kept: dict[int, int] = {}
        self._flying: dict[int, State] = {}
        self.attempts = Attempts()
        self._left: list[Left] = []
        self._look_at = 0.0
        self._beat_at = time.monotonic()
        self._wake, self._due = threading.Event(), threading.Event()
        self._idle = threading.Condition(self.lock)
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self.refusal: str | None = None
        self._tries = 0
        self._resume_at = 0.0
        self._refused = 0
        self._left_behind = 0
        self._full = False
        self._unable = False

    def changed(self, state: State) -> None:
        """Something of a state is new; called with the lock."""
        state.revision += 1
        if state.number in self._dirty:
            return
        self._dirty[state.number] = state
        if not self._threads:
            self._start()
        if len(self._dirty) % BATCH == 0:
            self._wake.set()

    def opened(self, state: State) -> None:
        """Signs of life are to be given for it, as long as somebody holds it, until it has ende"""
        self._open[state.number] = state

    def flush(self, patience: float) -> bool:
        """Wait until all is acknowledged, for so long (seconds) at most; whether it was."""
        until = time.monotonic() + patience
        with self.lock:
            while self._waits():
                left = until - time.monotonic()
                if left <= 0 or not self._threads:
                    return False
                self._wake.set()
                # Not until the sender is idle: that is woken by this, and both would spin.
                self._idle.wait_for(lambda: not self._waits(), min(left, LOOK_AGAIN))
        return True

    def _waits(self) -> bool:
        return bool(self._dirty or self._flying or self._left)

    def close(self) -> None:
        """Send what can be sent within a farewell's time; leave the rest to the next process."""
        if not self._threads and not self._dirty:
            return
        self._resume_at = 0.0
        self.flush(self._settings.farewell)
        self._stopping = True
        self._wake.set()
        self._due.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(0.2)
        try:
            self._keep()
            with self.lock:
                waiting = len(self._dirty) + len(self._flying)
            if not waiting:
                self._journal.rewrite(())
            self._journal.close()
            if waiting != self._left_behind:  # it is closed once more as the process ends
                whose = f"the next run that reports to {self._settings.project}"
                log.warning("kept in %s for %s: %d", self._settings.spool, whose, waiting)
            self._left_behind = waiting
        except OSError as error:
            log.error("reports could not be kept: %s", error)
        with self.lock:
            self._threads = []

    def after_fork(self) -> None:
        """In a child: what was on its way is the parent's, and so are its threads."""
        self.lock = threading.Lock()
        self._journal.disown()
        self._dirty = {}
        self._open = _none_open()
        self._begin()

    def _start(self) -> None:
        if self._unable or self._stopping:
            return
        try:
            for run, name in ((self._keeping, "keeper"), (self._sending, "sender")):
                thread = threading.Thread(target=run, name=f"jobwall-{name}", daemon=True)
                self._threads.append(thread)
                thread.start()
        except RuntimeError as error:  # a subinterpreter may have none, nor a process that ends
            self._unable = not self._threads[0].is_alive()
            log.error("no thread can be started that reports (%s)", error)

    # What the keeper does.

    def _keeping(self) -> None:
        while not self._stopping:
            self._wake.wait(self._settings.interval)
            self._wake.clear()
            try:
                self._beat()
                self._keep()
            except Exception as error:
                self._say_full(error)
                self._shed()
            self._due.set()

    def _beat(self) -> None:
        """Let what is open and has nothing new be heard of."""
        if time.monotonic() - self._beat_at < self._settings.heartbeat:
            return
        self._beat_at = time.monotonic()
        with self.lock:
            for state in list(self._open.values()):
                if state.revision and not state.ended:
                    self._dirty.setdefault(state.number, state)

    def _keep(self) -> None:
        """Write what changed to the spool; what is too much for the memory is there alone."""
        with self.lock:
            waiting = [*self._flying.values(), *self._dirty.values()]
            latest = {state.number: copy.copy(state) for state in waiting}
        new = [one for one in latest.values() if self._kept.get(one.number) != one.revision]
        if self._journal.size > MOST_JOURNAL:
            self._journal.rewrite(list(latest.values()))
            self._kept = {}
        else:
            self._journal.append(new)
        self._kept.update((one.number, one.revision) for one in new)
        self._full = False
        ended = [one for one in latest.values() if one.ended]
        if len(ended) > MOST_IN_MEMORY and time.monotonic() < self._resume_at:
            self._park(ended, latest)

    def _park(self, ended: Sequence[State], latest: dict[int, State]) -> None:
        """Leave ended jobs to the disk until the server is back."""
        self._journal.rewrite(ended)
        self._journal.park()
        self._look_at = 0.0
        with self.lock:
            for one in ended:
                state = self._dirty.get(one.number)
                if state is not None and state.revision == one.revision:
                    del self._dirty[one.number]
                self._kept.pop(one.number, None)
        self._journal.append([one for one in latest.values() if not one.ended])

    def _say_full(self, error: Exception) -> None:
        if not self._full:
            self._full = True
            what = "what waits is in memory alone" if isinstance(error, OSError) else "a fault"
            log.error("reports cannot be kept in %s (%s): %s", self._settings.spool, error, what)

    def _shed(self) -> None:
        """Where the disk takes no more, let go of the oldest ended jobs, and say so."""
        with self.lock:
            ended = [number for number, state in self._dirty.items() if state.ended]
            lost = ended[: max(0, len(ended) - 2 * MOST_IN_MEMORY)]
            for number in lost:
                del self._dirty[number]
        if lost:
            log.error("%d reports are lost: neither board nor disk takes them", len(lost))

    # What the sender does.

    def _sending(self) -> None:
        try:
            self._adopt()
        except Exception as error:
            log.error("what an earlier run left cannot be read: %s", error)
        while not self._stopping:
            self._due.wait()
            self._due.clear()
            try:
                while not self._stopping and time.monotonic() >= self._resume_at and self._send():
                    pass
            except Exception as error:
                log.error("reports cannot be sent: %r", error)
                self._pause(REFUSED_PAUSE)
            with self.lock:
                self._idle.notify_all()

    def _send(self) -> bool:
        """Send a batch, or what an earlier run left; whether there may be more."""
        with self.lock:
            taken = [self._dirty.pop(number) for number in list(self._dirty)[:BATCH]]
            states = [copy.copy(state) for state in taken]
            self._flying = {state.number: state for state in taken}
        try:
            if taken:
                self._deliver(states)
                return True
            return self._send_left()
        except (AwayError, RefusedError) as error:
            self._failed(error)
            return False
        finally:
            self._settle(taken)

    def _deliver(self, states: list[State]) -> None:
        """Send states and see to each result. Raises where it must be tried again."""
        self._resolve(states)
        try:
            results = self._wire.send([state.report() for state in states])
        except RefusedError as refused:
            if refused.status not in (400, 413, 415, 422):
                raise
            if len(states) > 1:  # some of it is too much, or wrong
                half = len(states) // 2
                self._deliver(states[:half])
                self._deliver(states[half:])
                return
            results = [Result(states[0].job_id, refused.status, str(refused))]
        self._answered()
        for state, result in zip(states, results):
            if not result.taken:
                self._say_refused(result)
            self._acknowledge(state)

    def _acknowledge(self, state: State) -> None:
        """What was sent is not needed any more, unless more of it is new since."""
        with self.lock:
            flying = self._flying.pop(state.number, None)
            if flying is not None and flying.revision != state.revision:
                self._dirty[state.number] = flying
            else:
                self._kept.pop(state.number, None)

    def _settle(self, taken: Sequence[State]) -> None:
        """What was not acknowledged goes back to the head of what waits."""
        with self.lock:
            back = {one.number: one for one in taken if one.number in self._flying}
            self._flying = {}
            if back:
                self._dirty = {**back, **self._dirty}
            nothing = not self._dirty
        if nothing and self._journal.size and not self._stopping:
            try:
                self._forget_journal()
            except OSError as error:
                self._say_full(error)

    def _forget_journal(self) -> None:
        with self.lock:  # nothing may be written meanwhile that would be lost
            if not self._dirty and not self._flying:
                self._journal.rewrite(())
                self._kept.clear()

    def _resolve(self, states: Sequence[State]) -> None:
        """Find out of which attempt each run is; written down before it is sent."""
        found = [state for state in states if state.attempt is None]
        for state in found:
            self.attempts.resolve(state, self._wire.known, self.attempts.earlier)
        if not found:
            return
        with self.lock:
            for state in found:
                flying = self._flying.get(state.number)
                if flying is not None:
                    flying.attempt = state.attempt
        try:
            self._journal.append(found)
        except OSError as error:
            self._say_full(error)

    def _adopt(self) -> None:
        """Find what earlier runs left, before anything of ours is numbered after it."""
        earlier = self.attempts.earlier
        left = []
        for one in left_in(self._settings.spool):
            one.before = dict(earlier)
            for job_id, run in runs_in(one.states()).items():
                earlier[job_id] = earlier.get(job_id, 0) + run
            left.append(one)
        with self.lock:
            self._left = left

    def _send_left(self) -> bool:
        """Send a file of what was left or parked in the spool; whether there may be more."""
        if not self._left and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY
            found = list(left_in(self._settings.spool))
            for one in found:
                one.before = self.attempts.earlier
            with self.lock:
                self._left = found
        if not self._left:
            return False
        left = self._left[0]
        states = left.states()
        for start in range(0, len(states), BATCH):
            some = states[start : start + BATCH]
            unknown = [state for state in some if state.attempt is None]
            for state in unknown:
                self.attempts.resolve(state, self._wire.known, left.before)
            left.append(unknown)
            self._deliver(some)
        left.remove()
        with self.lock:
            self._left = self._left[1:]
        if states:
            log.info("%d reports that waited in the spool were sent", len(states))
        return True

    # How the server does.

    def _failed(self, error: Exception) -> None:
        pause = min(LONGEST_PAUSE, 2.0 ** min(self._tries, 10)) * random.uniform(0.5, 1)  # noqa: S311
        if isinstance(error, RefusedError):
            pause = REFUSED_PAUSE * random.uniform(0.8, 1)  # noqa: S311
            words, then = self._refusal_of(error)
            self.refusal = f"{error} ({error.status})"
        else:
            words, then = f"does not answer ({error})", "they are kept and sent later"
            after = getattr(error, "retry_after", None)
            pause = pause if after is None else after
        if self._tries == 0:
            log.warning("%s %s; %s", self._settings.url, words, then)
        self._tries += 1
        self._pause(pause)

    def _refusal_of(self, error: RefusedError) -> tuple[str, str]:
        """What is said of a refusal of all reports, and what becomes of them."""
        project, told = self._settings.project, str(error).rstrip(".")
        if error.status == 404:  # another project may be right, and these may not be for it
            told = f"{told}: {project}"
            then = f"what is reported to {project} is kept for it, and sent to no other project"
        else:
            then = "they are kept and sent later"
        return f"refuses reports ({error.status}) {told}", then

    def _pause(self, seconds: float) -> None:
        self._resume_at = time.monotonic() + seconds

    def _answered(self) -> None:
        if self._tries:
            log.warning("%s answers again", self._settings.url)
        self._tries, self._resume_at, self.refusal = 0, 0.0, None

    def _say_refused(self, result: Result) -> None:
        self._refused += 1
        if self._refused <= MOST_TOLD:
            log.error("job %s was refused (%d): %s", result.job_id, result.status, result.words)
        elif self._refused == MOST_TOLD + 1:
            log.error("more jobs are refused, which is not logged one by one")


def _none_open() -> weakref.WeakValueDictionary[int, State]:
    return weakref.WeakValueDictionary()


outboxes: weakref.WeakSet[Outbox] = weakref.WeakSet()
"""Those of this process. One that has threads lives on, whoever has let go of its reporter."""


@atexit.register
def _farewell() -> None:
    for outbox in list(outboxes):
        outbox.close()


def _after_fork() -> None:
    for outbox in list(outboxes):
        outbox.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
