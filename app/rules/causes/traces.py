"""What a program printed when it failed: its frames, and between them what was raised.

| what | how it is known | what is taken |
| --- | --- | --- |
| Python, plain or chained | `Traceback (most recent call last)` | the last that says something |
| … grouped | lines that begin with a bar | the first exception in the group |
| … of another process | the same between three quotes | as chained |
| … boxed by rich | `╭─ Traceback` | what stands behind the box |
| Java, Scala, Node | lines that begin with `at` | the last cause that says something |
| Rust (anyhow, eyre) | `Caused by:` and a list | the first line and the last cause |
| Go, Rust | `panic:`, `panicked at` | the message |
"""

import re

from app.rules.causes.reading import Reading

_BOX = re.compile(r"^[ \t]*[╭│╰┌└|+][^\n]*\n?", re.MULTILINE)
_BOXED = re.compile(r"^[ \t]*[╭┌][─ ]*+Traceback", re.MULTILINE)
_GROUPED = re.compile(r"^[ \t]*[|+][ \t]+(?:Exception Group )?Traceback", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:\+-[-+]*+(?: (?:\d+|\.\.\.) -++)?[ \t]*$|[|+] ?)", re.MULTILINE)
_HEADER = "Traceback (most recent call last)"
_CHAIN = ("The above exception was", "During handling of the above")
_PYTHON = re.compile(r"^[^\n\"]*+(?:\"[^\n\"]++)?\", line \d+(?:, in \S+)?$", re.MULTILINE)
RAISED = re.compile(
    r"^[ \t]*\[?(?:Uncaught )?(?>(?:[A-Za-z_][\w$]*+\.)*)_?(?:[A-Z]\w*)?"
    r"(?:Error|Exception|Exit|Interrupt|Timeout|Failure)(?: [\[(]\w+[\])])?: ",
    re.MULTILINE,
)
_AWAY = re.compile(
    r"\A(?:[\w.]+\.)?(?:(?:Base)?ExceptionGroup: |RemoteTraceback\b|RetryError: RetryError\[|"
    r"_RemoteTraceback\b|SystemExit\b|NonMultiMultiError\b)"
)
_GROUP = re.compile(r"\A(?:[\w.]+\.)?(?:Base)?ExceptionGroup: ")

_FRAME = re.compile(
    r"^[ \t]+at (?:async |new )?\S[^\n]*$|^[ \t]+\.\.\. \d+ (?:more|lines)[^\n]*$", re.M
)
_CAUSED = re.compile(r"^[ \t]*(?:Caused by: |\[?cause\]?: +)\[?([^\n]*?)(?:\] \{)?$", re.MULTILINE)
_SIGNS = (" at ", "\tat ", " ... ", "\t... ", "Caused by", "cause")  # of frames
_LISTED = re.compile(r"^Caused by:[ \t]*\n((?:[ \t]+[^\n]*\n?)+)", re.MULTILINE)
_NUMBER = re.compile(r"\A\d+: ")
_MAIN = re.compile(r"\A(?:Uncaught |Exception in thread \"[^\"\n]*\" |Unhandled [Rr]ejection:? )")

_PANIC = re.compile(r"^(?:panic|fatal error): ([^\n]*)", re.MULTILINE)
_PANICKED = re.compile(
    r"panicked at (?:'((?>(?:[^'\\\n]|\\.|'(?!, ))*))', \S+|[^\n]*:\d+:\d+:\n([^\n]*))"
)
_UNWRAPPED = re.compile(r"\Acalled `\w+::\w+\(\)` on an? `Err` value: (?=\w+ \w+ \w)")


def raised(reading: Reading) -> Reading | None:
    """What was raised, of a text with frames."""
    found = _raised(reading.text)
    return None if found is None else reading._replace(text=found.strip())


def _raised(text: str) -> str | None:
    if "Traceback" not in text:
        pass
    elif _BOXED.search(text):
        text = _BOX.sub(lambda found: f"{_HEADER}:\n" if "Traceback" in found[0] else "", text)
    elif _GROUPED.search(text):
        text = _RULE.sub("", text)
    if _HEADER in text or _in_frames(text) or any(phrase in text for phrase in _CHAIN):
        return _python(text)
    if found := _PANICKED.search(text):
        return _UNWRAPPED.sub("", found[1] or found[2] or "")
    if (
        ("panic" in text or "fatal" in text)
        and (found := _PANIC.search(text))
        and ("goroutine " in text or found.start() == 0)
    ):
        return found[1].removesuffix(" [recovered]")
    if "Caused by:" in text and (found := _LISTED.search(text)):
        return _listed(text[: found.start()], found[1])
    return _framed(text) if any(sign in text for sign in _SIGNS) else None


def _in_frames(text: str) -> bool:
    return '", line ' in text and _PYTHON.search(text) is not None


def chain(text: str) -> list[str]:
    """What was raised one after the other, the root first; of a text without a chain nothing."""
    text = text.replace("\r\n", "\n")
    if _HEADER in text:
        found = [one.partition("\n")[0].strip() for one in _raised_in_python(text)]
    else:
        causes = [cause.strip() for cause in _CAUSED.findall(text)]
        first = text.lstrip().partition("\n")[0].strip() if causes else ""
        found = [*reversed(causes), _MAIN.sub("", first)]
    found = [one for one in found if one and not one.startswith(("...", "at "))]
    return found if len(found) > 1 else []


def _python(text: str) -> str | None:
    whole = _raised_in_python(text)
    if not whole:
        return text.partition(_HEADER)[0].strip() or None
    for place, one in enumerate(whole[:-1]):
        if _GROUP.match(one):
            return whole[place + 1]
    return next((one for one in reversed(whole) if not _AWAY.match(one)), whole[-1])


def _raised_in_python(text: str) -> list[str]:
    raised: list[list[str]] = []
    in_frames = _HEADER not in text and _in_frames(text)
    code = False  # the line of a frame that is not indented any more
    for line in text.split("\n"):
        if _HEADER in line:
            in_frames = True
        elif line.startswith(_CHAIN):
            in_frames = True  # until the next header: nothing of it is said
        elif not line.strip() or line.strip() == '"""':
            continue
        elif in_frames and (line[0] in " \t" or line.startswith("File ")):
            code = line.startswith("File ")
        elif in_frames and ((code and not RAISED.match(line)) or not line.strip(" ^~")):
            code = False
        elif in_frames or (not raised and any(phrase in text for phrase in _CHAIN)):
            in_frames = False
            raised.append([line])
        elif raised:
            raised[-1].append(line)
    return ["\n".join(lines) for lines in raised]


def _framed(text: str) -> str | None:
    first = _FRAME.search(text)
    causes = [cause.strip() for cause in _CAUSED.findall(text)]
    if first is None and not causes:
        return None
    if first and (later := list(RAISED.finditer(text, first.end()))) and not causes:
        return text[later[-1].start() :].partition("\n")[0].strip()
    end = first.start() if first else len(text)
    if found := _CAUSED.search(text, 0, end):
        end = found.start()
    head = text[:end].strip()
    if "\n" in head and (told := list(RAISED.finditer(head))):
        head = head[told[-1].start() :].strip()
    head = _MAIN.sub("", head)
    return next((cause for cause in reversed(causes) if ": " in cause), head or None)


def _listed(head: str, causes: str) -> str:
    last = causes.rstrip().rpartition("\n")[2].strip()
    head = head.strip().rpartition("\n")[2].rstrip(": ")
    return f"{head}: {_NUMBER.sub('', last)}"
