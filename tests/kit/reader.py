"""Somebody who does what a document says, block by block, in one session in a fresh clone."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.kit.clones import bare_environment
from tests.kit.documents import Block
from tests.kit.nginx import check_nginx

SERVES = re.compile(r"(?:\S*/)?(make (?:run|serve|dev)|jobwall (?:serve|demo))\b")
"""What stays in front until Ctrl-C. It is started, must serve and say how to get in, and stays for
the blocks that follow, until the next one wants its port."""

NOT_INSIDE = {
    "make test": "it would run this suite inside itself",
    "make test-fast": "it would run a part of this suite inside itself",
    "make test-adapters": "it installs what is large; the suite runs the small ones",
    "make check": "the suite's own run of checks does it, and it takes as long as ten tests",
    "make bench": "it takes minutes and a quiet machine",
    "make chaos": "it takes minutes; the suite has a small one of its own",
    "make fuzz": "it takes half an hour; the suite has a small one of its own",
    "make scale": "it takes minutes; tests simulate fewer",
    "make verdicts": "it takes minutes; a test replays a shorter time",
    ".venv/bin/python -m bench.verdicts": "the same",
    "make soak-wall": "it takes half an hour",
    "make screenshots": "it takes minutes",
    ".venv/bin/python -m bench": "it takes minutes and a quiet machine",
    ".venv/bin/python -m bench.chaos": "it fills a board of its own for a minute",
}
"""What is not run here, and why. A target must be one that `make` can make, and is run by `.ci/run`
or starts a command that answers `--help`; a command must answer that."""

ELSEWHERE = {
    "pip install": "it builds apart from all else; tests/reporter/test_wheel.py does it",
    "docker compose": "no image can be built here; tests/docs/test_container.py reads what it uses",
}
"""What cannot be run on the machine of a test, and why."""

PATIENCE = 60.0  # seconds until what was started must serve


@dataclass
class Reader:
    """A session: what was exported stays so, what serves goes on serving.

    `words` says what a reader puts in the place of what only stands for something; in the values,
    `{name}` is one of the `facts`, of which a new key is one as soon as it is printed.
    """

    clone: Path
    scripts: Path
    words: Mapping[str, str]
    facts: dict[str, str]
    environment: dict[str, str] = field(default_factory=bare_environment)
    used: set[str] = field(default_factory=set)
    output: str = ""
    _serving: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.environment["PORT"] = self.facts["port"]
        self._cwd = self.clone
        self._runners: dict[str, Callable[[Block, str], None]] = {
            "sh": self._shell,
            "bash": self._script,
            "python": self._python,
            "json": lambda _block, text: json.loads(text),
            "crontab": self._crontab,
            "nginx": self._nginx,
        }

    def follow(self, block: Block) -> None:
        """Do what a block says; fails where that does not work, or nobody knows how to."""
        assert block.language in self._runners, (
            f"{block}: nobody runs a block of {block.language or 'no language'!r}; "
            f"there are runners for {', '.join(self._runners)}"
        )
        text = block.text
        for word, value in self.words.items():
            if word in text:
                self.used.add(word)
                text = text.replace(word, value.format(**self.facts))
        self._runners[block.language](block, text)

    def leave(self) -> None:
        """Press Ctrl-C where something still serves."""
        serving, self._serving = self._serving, None
        if serving is None or serving.poll() is not None:
            return
        os.killpg(serving.pid, signal.SIGINT)
        try:
            serving.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(serving.pid, signal.SIGKILL)
            raise

    def _shell(self, block: Block, text: str) -> None:
        together: list[str] = []
        whole = True  # whether a command can begin here
        known: object = False
        for line in text.splitlines():
            if not whole and known:  # the rest of what is not run
                whole = not line.endswith("\\")
                continue
            known = whole and (SERVES.match(line) or _begins(line, NOT_INSIDE, ELSEWHERE))
            if known:
                self._run(block, together)
                together = []
                if SERVES.match(line):
                    self._serve(block, line)
                elif word := _begins(line, NOT_INSIDE):
                    self._look_at(block, line.partition(" #")[0], word)
            else:
                together.append(line)
            whole = not line.endswith("\\")
        self._run(block, together)

    def _run(self, block: Block, lines: list[str]) -> None:
        if not any(line.strip() for line in lines):
            return
        state = self.clone.parent / "session"
        script = "\n".join(["set -e", *lines, f'export -p >"{state}"', f'pwd >"{state}.cwd"'])
        self._expect(block, ["sh", "-c", script])
        self._cwd = Path(f"{state}.cwd").read_text().rstrip("\n")
        words = ["sh", "-c", f'. "{state}"; exec env -0']
        named = subprocess.run(words, env={}, check=True, capture_output=True, text=True).stdout
        pairs = (pair.partition("=") for pair in named.split("\0") if pair)
        self.environment = {name: value for name, _, value in pairs if name not in ("_", "SHLVL")}

    def _expect(self, block: Block, words: list[str], **more: object) -> None:
        """Run a command that must end well, and look at what it printed."""
        about: dict[str, object] = {"cwd": self._cwd, "env": self.environment} | more
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            check=False,
            **about,  # type: ignore[arg-type]
        )
        assert done.returncode == 0, (
            f"{block}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        )
        assert "Traceback" not in done.stderr, f"{block}:\n{done.stderr}"
        self._notice(done.stdout)

    def _notice(self, printed: str) -> None:
        self.output = printed
        if key := re.search(r"\bib-[\w-]{20,}", printed):
            self.facts["key"] = key[0]

    def _serve(self, block: Block, line: str) -> None:
        self.leave()
        log = self.clone.parent / "served"
        with log.open("wb") as output:
            self._serving = subprocess.Popen(
                ["sh", "-c", f"exec {line}"],
                cwd=self._cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not (self._answers() and re.search(r"ign in: \S+", log.read_text())):
            ended = self._serving.poll() is not None
            assert not ended and time.monotonic() < deadline, f"{block}: {line}\n{log.read_text()}"
            time.sleep(0.1)
        while "make run" in line and "API key: " not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert "Traceback" not in log.read_text(), f"{block}: {line}\n{log.read_text()}"
        self._notice(log.read_text())

    def _answers(self) -> bool:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"http://127.0.0.1:{self.facts['port']}/healthz", timeout=2) as answer:
                return bool(answer.read() == b"ok\n")
        except (OSError, urllib.error.URLError):
            return False

    def _look_at(self, block: Block, line: str, word: str) -> None:
        """See that a command is there that is not run here (`NOT_INSIDE`)."""
        words = line.split()
        if words[0] == "make":
            made = subprocess.run(
                ["make", "-n", *words[1:]],
                cwd=self.clone,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert made.returncode == 0, f"{block}: {made.stderr}"
            checks = (self.clone / ".ci/run").read_text()
            if re.search(rf"\b{re.escape(word)}\s*$", checks, re.MULTILINE):
                return
            words = made.stdout.splitlines()[-1].split()
        self._expect(block, [*words, "--help"], cwd=self.clone)

    def _script(self, block: Block, text: str) -> None:
        """Save a script under the name that the paragraph before it begins with."""
        named = re.match(r"`([\w.-]+)`", block.before)
        assert named, f"{block}: the paragraph before a script begins with its name"
        script = self.scripts / named[1]
        script.write_text(text)
        script.chmod(0o755)
        self._expect(block, ["bash", "-n", str(script)])

    def _python(self, block: Block, text: str) -> None:
        self._expect(block, [str(self.clone / ".venv/bin/python"), "-c", text])

    def _crontab(self, block: Block, text: str) -> None:
        """Run each line once, with what cron gives: little of an environment."""
        for line in text.splitlines():
            *when, command = line.split(maxsplit=5)
            assert len(when) == 5, f"{block}: a time has five parts"
            assert all(re.fullmatch(r"[\d*/,-]+", part) for part in when), f"{block}: {when}"
            assert "%" not in command, f"{block}: cron takes % for the end of the line"
            bare = {"PATH": "/usr/bin:/bin", "HOME": str(self.clone.parent), "SHELL": "/bin/sh"}
            self._expect(block, ["sh", "-c", command], cwd=self.clone.parent, env=bare)

    def _nginx(self, block: Block, text: str) -> None:
        check_nginx(text, self.clone.parent)


def _begins(line: str, *tables: Mapping[str, str]) -> str:
    """The longest known beginning of a line, "" for none."""
    words = (word for table in tables for word in table)
    found = [word for word in words if re.match(rf"{re.escape(word)}(?![\w.-])", line)]
    return max(found, key=len, default="")
