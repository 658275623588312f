"""One way to stop everything: a signal, or a fault that makes going on pointless."""

import signal
import threading
from collections.abc import Iterable
from types import FrameType


class StoppedError(Exception):
    """Work was given up because the pipeline is stopping."""


class Stop:
    """Set once, by the first signal or fault; every wait of the pipeline ends with it."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._event = threading.Event()
        self.signum: int | None = None
        self.fault: Exception | None = None

    def listen(self) -> None:
        """Stop at SIGINT and SIGTERM. Call from the main thread."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._on_signal)

    def because_of(self, fault: Exception) -> None:
        """Stop since `fault` leaves nothing to go on with; the first one is kept."""
        self.fault = self.fault or fault
        self._event.set()

    def sleep(self, seconds: float) -> None:
        """Wait, or raise StoppedError as soon as the pipeline stops."""
        if self._event.wait(max(0.0, seconds)):
            raise StoppedError

    def wait_for(self, threads: Iterable[threading.Thread]) -> None:
        """Wait until all have ended. Raises StoppedError, or the fault, as soon as one is known;
        threads may still be busy then: one may be deep in a large PDF."""
        for thread in threads:
            while thread.is_alive() and not self._event.wait(0.05):
                pass
        if self.fault:
            raise self.fault
        if self._event.is_set():
            raise StoppedError

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        self.signum = signum
        self._event.set()
        # Whoever asks twice does not want to wait for the farewell to the board.
        signal.signal(signum, signal.SIG_DFL)
