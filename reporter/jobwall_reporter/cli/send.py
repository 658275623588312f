"""History in bulk: a file of reports, sent in order, from where it was left."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jobwall_reporter.settings import Settings
from jobwall_reporter.wire import AwayError, RefusedError, Result, Wire

BATCH = 500  # reports in a request
NUMBERS = (
    "attempt",
    "chunks_processed",
    "chunks_total",
    "nodes_created",
    "edges_created",
)
LONGEST_PAUSE = 30.0  # seconds between two tries
csv.field_size_limit(1024 * 1024)


class SendError(Exception):
    """What keeps a file from being sent, in words."""


class Line(NamedTuple):
    """A report, or the words of what is wrong with its line; `end` is how many lines are read."""

    number: int
    report: dict[str, Any] | None
    words: str = ""


def send(name: str, settings: Settings, *, again: bool = False) -> int:
    """Send all of it; gives the exit code, 1 where something was refused."""
    path = Path(name)
    state, refused = Path(f"{name}.sent"), Path(f"{name}.refused.ndjson")
    try:
        total = _lines_in(path)
        done = 0 if again else _done(state, path, settings)
    except OSError as error:
        raise SendError(f"{name}: {error.strerror}") from error
    if not done:
        refused.unlink(missing_ok=True)
    wire, sent, left_out = Wire(settings), 0, 0
    batch: list[Line] = []
    for line in _read(path, done):
        batch.append(line)
        if len(batch) == BATCH:
            left_out += _send(wire, batch, refused)
            sent += len(batch)
            _note(state, path, settings, batch[-1].number)
            _show(batch[-1].number, total)
            batch = []
    if batch:
        left_out += _send(wire, batch, refused)
        sent += len(batch)
        _note(state, path, settings, batch[-1].number)
        _show(batch[-1].number, total)
    _end_bar()
    what = f"{sent:,} reports sent" if sent else "Nothing was left to send (--again sends all)"
    if left_out:
        print(f"{what}, of which {left_out:,} were refused: {refused}", file=sys.stderr)
        return 1
    print(what, file=sys.stderr)
    return 0


def _send(wire: Wire, batch: list[Line], refused: Path) -> int:
    """Send a batch until the board has answered; gives how many of it were refused."""
    good = [line for line in batch if line.report is not None]
    bad = [(line, line.words) for line in batch if line.report is None]
    if good:
        reports = [line.report for line in good if line.report is not None]
        results = _insist(wire, reports)
        bad += [
            (line, result.words or str(result.status))
            for line, result in zip(good, results)
            if not result.taken
        ]
    if bad:
        with refused.open("a", encoding="utf-8") as file:
            for line, words in sorted(bad, key=lambda each: each[0].number):
                fields = {"line": line.number, "refused": words, "report": line.report}
                file.write(json.dumps(fields, ensure_ascii=False) + "\n")
    return len(bad)


def _insist(wire: Wire, reports: list[dict[str, Any]]) -> list[Result]:
    tries = 0
    while True:
        try:
            return wire.send(reports)
        except RefusedError as error:
            if error.status == 413 and len(reports) > 1:
                half = len(reports) // 2
                return _insist(wire, reports[:half]) + _insist(wire, reports[half:])
            raise SendError(f"the board refuses it ({error.status}): {error}") from error
        except AwayError as error:
            pause = min(LONGEST_PAUSE, 2.0 ** min(tries, 5)) * random.uniform(0.5, 1)  # noqa: S311
            pause = pause if error.retry_after is None else error.retry_after
            if not tries:
                _end_bar()
                print(f"No answer ({error}); trying again. Ctrl-C stops.", file=sys.stderr)
            tries += 1
            time.sleep(pause)


def _read(path: Path, done: int) -> Iterator[Line]:
    """The lines behind those that are done."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        if path.suffix.lower() == ".csv":
            rows = csv.DictReader(file)
            try:
                for number, row in enumerate(rows, 1):
                    if number > done:
                        yield _of_row(number, row)
            except csv.Error as error:
                raise SendError(f"{path}, line {rows.line_num}: {error}") from error
            return
        for number, text in enumerate(file, 1):
            if number > done and text.strip():
                yield _of_text(number, text)


def _of_row(number: int, row: dict[str | None, Any]) -> Line:
    if None in row or None in row.values():
        return Line(number, None, "has another number of fields than the head")
    report: dict[str, Any] = {}
    for name, value in row.items():
        if value == "" or name is None:
            continue
        report[name] = int(value) if name in NUMBERS and value.strip().isdigit() else value
    return Line(number, report)


def _of_text(number: int, text: str) -> Line:
    try:
        report = json.loads(text)
    except ValueError as error:
        return Line(number, None, f"is no JSON: {error}")
    if not isinstance(report, dict):
        return Line(number, None, "is no JSON object")
    return Line(number, report)


def _lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _done(state: Path, path: Path, settings: Settings) -> int:
    """How many lines were sent there before, of this very file as far as its size tells."""
    try:
        known = _marks(state)[_place(settings)]
        same = known["size"] <= path.stat().st_size and known["head"] == _head(path, known["size"])
        return int(known["lines"]) if same else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _note(state: Path, path: Path, settings: Settings, lines: int) -> None:
    size = path.stat().st_size
    mark = {"lines": lines, "size": size, "head": _head(path, size)}
    fresh = state.with_name(state.name + ".new")
    fresh.write_text(json.dumps({**_marks(state), _place(settings): mark}))
    os.replace(fresh, state)


def _marks(state: Path) -> dict[str, Any]:
    """How far a file was sent, to each project of each board."""
    try:
        known = json.loads(state.read_text())
    except (OSError, ValueError):
        return {}
    marks = known.items() if isinstance(known, dict) else ()
    return {place: mark for place, mark in marks if isinstance(mark, dict)}


def _place(settings: Settings) -> str:
    return f"{settings.url.rstrip('/')} {settings.project}"


def _head(path: Path, size: int) -> str:
    """By which a file is known again that others may write on at its end."""
    with path.open("rb") as file:
        return file.read(min(size, 256)).hex()


def _show(done: int, total: int) -> None:
    if sys.stderr.isatty():
        width = max(10, min(40, shutil.get_terminal_size().columns - 30))
        full = width * done // max(1, total)
        bar = "#" * full + "-" * (width - full)
        print(f"\r[{bar}] {done:,} of {total:,}", end="", file=sys.stderr, flush=True)


def _end_bar() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
