"""`causes_*`: how often the board and people agree on what is one cause, and what an error says.

`error_texts/` holds texts from public reports and pairs of them, judged before any rule was tried
on them: `given` is what the rules must do at least, `second` is much harder; `third` and `fourth`
were judged when the rules were done, but for what they then showed. Pairs that can be argued are
left out.
"""

import json
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from app.rules.causes import cause_of, read, telling_line
from bench.measure import Figures, Run

TEXTS = Path(__file__).parent / "error_texts"
GIVEN, OWN = ("given",), ("second", "third", "fourth")
TURNS = 5


class Agreement(NamedTuple):
    """Of the pairs that are one cause to the board, the share that is to people (`precision`).

    Of those that are to people, the share that is to the board (`recall`); and the share of the
    `lines` that say what a person wants to read.
    """

    precision: float
    recall: float
    lines: float


def measure(_run: Run) -> Figures:
    """The agreement on both sets, and what reading and folding a text takes."""
    given, own = agreement(*GIVEN), agreement(*OWN)
    figures = {f"causes_{name}": value for name, value in given._asdict().items()}
    figures |= {f"causes_own_{name}": value for name, value in own._asdict().items()}
    return figures | {"causes_us": _median_us()}


def agreement(*sets: str) -> Agreement:
    """How far the board agrees with people on these sets."""
    together = right = same = lines = texts = 0
    for name in sets:
        of_set = load(name)
        cause = {key: cause_of(one["text"]) for key, one in of_set["texts"].items()}
        for kind in ("same", "different"):
            for pair in of_set[kind]:
                one, other = pair["pair"]
                if pair.get("arguable"):
                    continue
                same += kind == "same"
                if cause[one] == cause[other]:
                    together += 1
                    right += kind == "same"
        lines += sum(says(one) for one in of_set["texts"].values())
        texts += len(of_set["texts"])
    return Agreement(right / together, right / same, lines / texts)


def load(name: str) -> dict[str, Any]:
    """A set: its texts by name, and its pairs."""
    loaded: dict[str, Any] = json.loads((TEXTS / f"{name}.json").read_text())
    return loaded


def says(one: dict[str, Any]) -> bool:
    """Whether the line of a text is the one that was wished for, or says and omits what it must."""
    line = telling_line(one["text"])
    if "line" in one:
        return bool(line == one["line"])
    lower = line.lower()
    said = all(word.lower() in lower for word in one["says"])
    return said and not any(word.lower() in lower for word in one["not"])


def _median_us() -> float:
    took = []
    for name in GIVEN:
        for one in load(name)["texts"].values():
            for _ in range(TURNS):
                read.cache_clear()
                cause_of.cache_clear()
                began = time.perf_counter()
                cause_of(one["text"])
                took.append(time.perf_counter() - began)
    return median(took) * 1e6
