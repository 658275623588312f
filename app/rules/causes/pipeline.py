"""Reading an error, whatever it is dressed in: small steps, each a pure function.

An error arrives as a traceback, a body of JSON, the `repr` of an exception, the end of a log. Each
step knows some such dress and takes it off. A step takes time in proportion to the text's length,
and of a long text only the ends are read.
"""

from functools import lru_cache

from app.rules.causes import answers, logs, traces, wording
from app.rules.causes.reading import LINE, Reading, Step
from app.rules.legible import shows, without_codes

ENDS = 4096  # characters at each end of an error that are read
MOST_TURNS = 4  # dresses within dresses

DRESSES: tuple[Step, ...] = (
    traces.raised,  # frames, of whatever language
    answers.rpc,  # a status of gRPC
    answers.page,  # the page of a proxy
    logs.logged,  # lines of a log
    wording.typed,  # types and prefixes
    answers.validation,  # what pydantic found
    answers.body,  # JSON, or a dict as Python prints it
    wording.quoted,  # the `repr` of an exception
    wording.caused,  # what lies under a failed connection
    answers.coded,  # a code before a message
)
"""Taken off in this order, and again from what is left."""

REST: tuple[Step, ...] = (wording.first_line, wording.typed, wording.quoted, wording.trailed)
"""Taken off at the end."""


@lru_cache(maxsize=1024)  # a bulk has a thousand at most
def read(error: str | None) -> Reading:
    """What an error says; without text where there is none, or none that shows."""
    if not error:
        return Reading("")
    text = _ends(without_codes(error)).strip()
    reading = Reading(logs.uncollected(text) or text)
    idle: dict[Step, Reading] = {}
    for steps in (DRESSES, REST):
        reading = _undressed(reading, steps, idle)
    text = " ".join(reading.text.split())
    return reading._replace(text=text if shows(text[:LINE]) else "")


def _undressed(reading: Reading, steps: tuple[Step, ...], idle: dict[Step, Reading]) -> Reading:
    """What is left when no step finds anything; `idle` says in which reading each found nothing."""
    for _ in range(MOST_TURNS):
        before = reading
        for step in steps:
            if idle.get(step) is reading:
                continue
            found = step(reading)
            if found is None or found == reading:
                idle[step] = reading
            else:
                reading = found
        if reading is before:
            break
    return reading


def _ends(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if len(text) <= 2 * ENDS else f"{text[:ENDS]}\n…\n{text[-ENDS:]}"
