"""Somebody who copies what a way to report says, block by block, into a terminal."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from app.rules.ways import Block, Way, filled
from app.web import reporter
from tests.kit.board import Board
from tests.kit.clones import bare_environment, lend_scripts
from tests.kit.libraries import PATIENT, python_of

PATIENCE = 120.0  # seconds for what is typed to do what it says
FAREWELL = 3.0  # seconds more for what ends by itself: a worker does not


class Newcomer:
    """A folder, an environment with a library in it, and a terminal that stays open.

    The page of a board has filled in that board, its project and a key for it; `words` are what
    only stands for something of their own.
    """

    patience = PATIENCE

    def __init__(
        self, board: Board, folder: Path, library: str, words: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.words = folder, words or {}
        self.blanks = {
            "url": board.url,
            "project": board.project,
            "key": board.new_key("write", board.project),
            "wheel": reporter.wheel().name,
        }
        self.python = borrow(folder / "environment", library)
        path = f"{self.python.parent}{os.pathsep}{bare_environment()['PATH']}"
        self.environment = bare_environment() | {
            "PATH": path,
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "no_proxy": "127.0.0.1",
            "PIP_NO_INDEX": "1",  # the reporter comes from the board, the library is here
            "PIP_NO_COMPILE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **PATIENT,
        }

    def follow(self, way: Way, until: Callable[[], bool]) -> str:
        """Do all that it says; what goes on working is ended once `until` holds. Gives the output.

        Commands may fail, for some are meant to: the board says what came of it.
        """
        return "".join(self._do(block, until) for block in way.blocks)

    def text_of(self, block: Block) -> str:
        """What is copied, with what it needs of their own."""
        text = "".join(part.text for part in filled(block.text, self.blanks))
        for word, own in self.words.items():
            text = text.replace(word, own)
        return text

    def _do(self, block: Block, until: Callable[[], bool]) -> str:
        text = self.text_of(block)
        if block.file:
            (self.folder / block.file).write_text(text)
            return ""
        if block.language == "python":
            script = self.folder / "first.py"
            script.write_text(text)
            return self.run([str(self.python), str(script)], until)
        if block.language == "crontab":
            return self._cron(text, until)
        session = self.folder / "session"
        done = self.run(["sh", "-c", f'{text}\nexport -p >"{session}"'], until)
        if session.exists():
            words = ["sh", "-c", f'. "{session}"; exec env -0']
            named = subprocess.run(words, env={}, check=True, capture_output=True, text=True).stdout
            pairs = (pair.partition("=") for pair in named.split("\0") if pair)
            self.environment = {name: value for name, _, value in pairs}
        return done

    def _cron(self, text: str, until: Callable[[], bool]) -> str:
        """Run each line once, with what cron gives: its own variables, and little else."""
        bare = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "no_proxy": "127.0.0.1"}
        said = ""
        for line in text.splitlines():
            if variable := re.fullmatch(r"(\w+)=(.*)", line):
                bare[variable[1]] = variable[2]
            else:
                said += self.run(["sh", "-c", line.split(maxsplit=5)[5]], until, bare)
        return said

    def run(
        self, words: list[str], until: Callable[[], bool], environment: dict[str, str] | None = None
    ) -> str:
        """Run a command to its end, or until something holds; gives what it said."""
        log = self.folder / "said"
        with log.open("wb") as output:
            process = subprocess.Popen(
                words,
                cwd=self.folder,
                env=environment or self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait(process, self.patience, until)
            self._wait(process, FAREWELL)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                self._wait(process, self.patience)
                with suppress(ProcessLookupError):  # also what the command itself leaves behind
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return log.read_text(errors="replace")

    @staticmethod
    def _wait(
        process: subprocess.Popen[bytes], seconds: float, until: Callable[[], bool] = lambda: False
    ) -> None:
        ends = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < ends and not until():
            time.sleep(0.1)


def borrow(folder: Path, library: str) -> Path:
    """The Python of a new environment that has what that of a library has, or ("") nothing.

    What is installed into it stays in it. The test is skipped where the library is not installed.
    """
    python = python_of(library) if library else Path(sys.executable)
    if not python.exists():
        pytest.skip(f"{library} is not installed: make test-adapters")
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    own = folder / "bin"
    if library:
        asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
        [packages] = folder.glob("lib/python*/site-packages")
        lent = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)
        (packages / "lent.pth").write_text(lent.stdout)
        lend_scripts(python.parent, own)
    pip = own / "pip"
    pip.write_text(f'#!/bin/sh\nexec {sys.executable} -m pip --python {own / "python"} "$@"\n')
    pip.chmod(0o755)
    return own / "python"
