"""The line of a log that tells, without what the log put before it."""

import re

from app.rules.causes.reading import HEAD, KIND, Reading
from app.rules.causes.traces import RAISED

_TIME = re.compile(
    r"[\[(]?(?:"
    r"\d{4}[-/.]\d\d[-/.]\d\d(?:T|,? )\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?"
    r"(?: ?Z| ?UTC| ?[+-]\d\d:?\d\d)?"
    r"|\d\d[-/.]\d\d(?:[-/.]\d\d(?:\d\d)?)? \d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d(?:[.,]\d+)?(?: \d{4})?"
    r"|\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+(?: +\d+)?"
    r")[\])]?"
)
_SERIOUS = r"ERROR|ERR|CRITICAL|FATAL|SEVERE|EXCEPTION|PANIC|ALERT|EMERG"
_LEVEL = re.compile(
    rf"[\[<(]?({_SERIOUS}|WARNING|WARN|INFO|DEBUG|TRACE|NOTICE)"
    r"(?:[\]>)]+|(?=[\s:|/\-\[])|\Z)"
)
_NAMED = re.compile(r"(?i:error|exception|err)[:!]\s+|level=(\w+)\s+|msg=(?=\S)")
# Where it comes from: a thread, a logger, a file with its line, a process.
_ORIGIN = re.compile(
    r"\[[^\[\]\n]{1,80}\]|\{[\w./-]+:\d+\}|[\w./-]+\[line:\d+\]"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[\w.$<>-]++:[\w<>]++:\d+ *[-|]"
    r"|[\w./$-]++\.\w{1,5}:\d+\]?:?|[\w:]{3,80}\](?= )|__main__(?= \|)|[+-]\d\d:\d\d"
    r"|[\w.-]++\[\d+\]:"
    r"|[\w$]++(?>(?:\.[\w$]++)+)(?: -|:(?!\S|\d)|:(?=[A-Z]\w+(?:Error|Exception)))"
    r"|/?(?:ForkPoolWorker|MainProcess|Thread|worker|Worker)[\w-]*+[\])]?:?"
    r"|\(?(?:pid=)?\d+\)?(?= )|std(?:err|out)(?: F)?(?= )|--- "
    r"|Page\(\d+~\d+\)"
)
# What a collector of logs puts before each line.
_COLLECTED = re.compile(
    rf"^(?:{_TIME.pattern} ?(?:[\w.-]+\[[\w.]+\]: |[\w-]+ +\| |std(?:err|out) [FP] ?)?"
    r"|[\w.-]{1,60}+ +\| ?)",
    re.MULTILINE,
)
_SAME = re.compile(r"(?=.*[A-Za-z])[\w\[\]().-]{2,60}(?: ?\| ?|: )(?:Error: ?)?")
_LED = re.compile(r"[\w.@/-]{1,40}(?: +\||:)? +(?=\[?\d{2,4}[-/:]\d\d[-/:])")
_HOST = re.compile(r" ?[\w.-]+ [\w./-]+(?:\[\d+\])?: (?:\[ *\d+\.\d+\] ?)?")
_LOGFMT = re.compile(r"(?:\A| )(?:msg|error|err)=(\"(?>(?:[^\"\\]|\\.)*)\"|\S+)")
_FIELD = re.compile(r"[\[ ]error=(\"(?>(?:[^\"\\]|\\.)*)\"|[^\s\]]+)")
_FIELD_LEVEL = re.compile(r"\blevel=\"?(\w+)")
_SEPARATOR = re.compile(r"[\s:|>,\]-]++")
_TASK = re.compile(r"Task \S+ raised (?:unexpected|exception): ")


def uncollected(text: str) -> str | None:
    """A text of which each line has a time before it, without these; None where it is no such."""
    lines = text.count("\n") + 1
    if lines > 2 and (led := _SAME.match(_shared(text.split("\n")[:50]))):
        return "\n".join(line.removeprefix(led[0]) for line in text.split("\n"))
    if lines < 2 or len(_COLLECTED.findall(text)) * 3 < lines * 2:
        return None
    return _COLLECTED.sub("", text)


def _shared(lines: list[str]) -> str:
    """How all of some lines begin."""
    least, greatest = min(lines), max(lines)
    same = (place for place, letter in enumerate(least) if letter != greatest[place : place + 1])
    return least[: next(same, len(least))]


def logged(reading: Reading) -> Reading | None:
    """The last line that is serious, and what belongs to it, without what the log put before it."""
    text = reading.text
    lines = text.split("\n")
    begin, level, rest = None, "", ""
    for number, line in enumerate(lines):
        found, what = _behind(line)
        if found is None:
            continue
        serious = re.fullmatch(_SERIOUS, found) is not None
        if begin is None or serious or level not in _LEVELS:
            begin, level, rest = number, found, what
    if begin is None:
        return None
    if begin and level not in _LEVELS and KIND.match(text[:HEAD]):  # a log that went on
        return reading._replace(text="\n".join(lines[:begin]))
    follows = []
    for line in lines[begin + 1 :]:
        if _behind(line)[0] is not None:
            break
        follows.append(line)
    if (field := _FIELD.search(rest)) is not None:
        rest = field[1].strip('"').replace('\\"', '"')
    if level in ("WARNING", "WARN") and any(line.strip() for line in follows):
        rest = ""  # what a warning says comes before what then failed
    said = "\n".join([rest, *follows]).strip()
    if not Reading(said).telling and (raised := RAISED.search(text)):
        said = text[raised.start() :].strip()
    return reading._replace(text=said) if said and said != text.strip() else None


_LEVELS = frozenset(_SERIOUS.split("|"))


def _behind(line: str) -> tuple[str | None, str]:
    """The level that a log put before a line ("" for none), and the line behind; None: no log."""
    if line.startswith(("time=", "ts=", "level=")) and (fields := _LOGFMT.findall(line)):
        found = _FIELD_LEVEL.search(line)
        said = ": ".join(one.strip('"').replace('\\"', '"') for one in fields)
        return (found[1].upper() if found else ""), said
    at, level, logged = 0, "", False
    end = len(line)
    if found := _LED.match(line):
        at = found.end()
    while at < end:
        if space := _SEPARATOR.match(line, at):
            if not logged and at == 0 and space[0].strip():
                break
            at = space.end()
            continue
        if found := _TIME.match(line, at):
            logged = True
            if found[0][0] in "JFMASOND" and (host := _HOST.match(line, found.end())):
                found = host
        elif found := _LEVEL.match(line, at):
            level, logged = level or found[1], True
        elif found := _NAMED.match(line, at):
            level, logged = level or (found[1] or "").upper(), True
        elif (logged and (found := _ORIGIN.match(line, at))) or (found := _TASK.match(line, at)):
            logged = True
        else:
            break
        at = found.end()
    if not logged:
        return None, line
    return level, line[at:].strip().strip('"')
