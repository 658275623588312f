"""Any program as a job: run, watched by its stderr, ended by its exit code."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from typing import Any

from jobwall_reporter.errors import MOST
from jobwall_reporter.job import Job
from jobwall_reporter.log import log
from jobwall_reporter.reporter import Reporter

MARK = b"::jobwall "
COUNT = re.compile(r"\b(chunks|of|nodes|edges)=(\d{1,16})\b")
PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH")
LATE = 0.2  # seconds in which a program's last words may still come once it has ended
NOT_FOUND, NOT_RUNNABLE = 127, 126  # as a shell says it


def execute(command: list[str], document: str, job_id: str | None) -> int:
    """Run it to its end; gives its exit code. Ends by the signal that it ended by."""
    reporter = Reporter()
    if not reporter.reports and not os.environ.get("JOBWALL_URL", "").strip():
        log.warning("nothing is reported: JOBWALL_URL is not set")
    job = reporter.start(document, job_id=job_id)
    errors = subprocess.PIPE if reporter.reports else None
    # A terminal's signals reach the program itself; this one only waits for what it makes of them.
    # A handler, for what is ignored would be ignored by the program too.
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    begun: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        if begun:
            begun[0].send_signal(number)
        else:
            early.append(number)

    for name in PASSED_ON:
        signal.signal(getattr(signal, name), pass_on)
    try:
        process = subprocess.Popen(command, stderr=errors)
    except OSError as error:
        job.fail(f"{command[0]}: {error.strerror}")
        reporter.close()
        print(f"jobwall-report: {command[0]}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUNNABLE
    begun.append(process)
    for missed in early:
        process.send_signal(missed)
    last = Words(job)
    if process.stderr is not None:
        _listen(process, last)
    code = process.wait()
    last.end()
    if code == 0:
        job.complete()
    else:
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        job.fail(f"{last.text()}\n{command[0]} ended with {how}.".strip())
    reporter.close()
    if code < 0:
        _die_of(-code)
    return code


class Words:
    """What a program writes to stderr: shown as it comes, its end kept, our own lines taken out."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._held = b""  # of a line that is ours, or may yet become that
        self._passes = False  # the rest of a line that is not
        self._tail = b""

    def take(self, some: bytes) -> None:
        """Show what came, but for lines of ours."""
        shown = b""
        for piece in some.splitlines(keepends=True):
            whole = piece.endswith((b"\n", b"\r"))
            if self._passes:
                shown += piece
            else:
                shown += self._sift(piece, whole=whole)
            if whole:
                self._passes = False
        self._show(shown)

    def _sift(self, piece: bytes, *, whole: bool) -> bytes:
        """What of a line is to be shown that may be one of ours."""
        self._held += piece
        ours = self._held.startswith(MARK) and len(self._held) < MOST
        if ours and whole:
            self._job.update(**_counts(self._held))
            self._held = b""
        if self._held and (ours or (MARK.startswith(self._held) and not whole)):
            return b""
        held, self._held = self._held, b""
        self._passes = bool(held)
        return held

    def end(self) -> None:
        """No more comes: show what was held back."""
        if self._held.startswith(MARK):
            self._job.update(**_counts(self._held))
        else:
            self._show(self._held)
        self._held = b""

    def text(self) -> str:
        """The end of it, as much as an error may say."""
        return self._tail.decode("utf-8", "replace").strip()

    def _show(self, shown: bytes) -> None:
        self._tail = (self._tail + shown)[-MOST + 256 :]
        while shown:
            shown = shown[os.write(2, shown) :]


def _counts(line: bytes) -> dict[str, Any]:
    found = COUNT.findall(line.decode("utf-8", "replace"))
    return {name: int(value) for name, value in found}


def _listen(process: subprocess.Popen[bytes], words: Words) -> None:
    """Read until its end, which is not the pipe's: a child left behind may hold that open."""
    assert process.stderr is not None  # noqa: S101
    descriptor, until = process.stderr.fileno(), None
    while until is None or time.monotonic() < until:
        ready, _, _ = select.select([descriptor], [], [], 0.05)
        if ready:
            some = os.read(descriptor, 65536)
            if not some:
                return
            words.take(some)
        elif until is None and process.poll() is not None:
            until = time.monotonic() + LATE


def _die_of(number: int) -> None:
    """End as the program did, so that who started this learns the same."""
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
