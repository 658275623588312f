"""What a URL asks of the job table, as far as it makes sense; what does not is said."""

from collections.abc import Iterator

from werkzeug.datastructures import MultiDict

from app.dashboard.filters import LAST_PAGE, LEAST_FIRST, TableFilter
from app.queries.charts import LAST_DAY, SCALES
from app.queries.part import Part, Words
from app.queries.parts import PARTS, TIMES
from app.queries.sorts import SORTS, Order
from app.queries.views import Anchor
from app.rules.formats import LONGEST_TEXT, TIME, parse_key
from app.rules.times import parse_time, typed_time

Texts = tuple[tuple[str, str], ...]
"""Parameters that make sense, each with its text."""

LONGEST_QUOTED = 40


def parse_filter(path: str, args: MultiDict[str, str]) -> TableFilter:
    """Read the URL. A page is for people: what makes no sense is left out, not refused."""
    sensible, nonsense = [], []
    for part, text in _given(args):
        if _makes_sense(part, text):
            sensible.append((part, text))
        else:
            nonsense.append(f"“{_short(text)}” is no {part.format.noun}; it was left out.")
    texts, beside = _one_of_each(sensible)
    order = _order(args)
    if args.get("sort") and order is None:
        nonsense.append(f"“{_short(args['sort'])}” is nothing to sort by; it was left out.")
    moment = _moment(args)
    if args.get("time") and moment is None:
        nonsense.append(f"“{_short(args['time'])}” is no {TIME.noun}; it was left out.")
    page = args.get("page", "1")
    return TableFilter(
        path=path,
        texts=texts,
        left_out=(*nonsense, *beside),
        order=order,
        scale=SCALES.get(args.get("chart", ""), LAST_DAY),
        page=min(max(int(page), 1), LAST_PAGE)
        if page.isascii() and page.isdigit() and len(page) < 15
        else 1,
        moment=moment,
        anchor=_anchor(args.get("at", "")),
    )


def _given(args: MultiDict[str, str]) -> Iterator[tuple[Part, str]]:
    """What is said of each part, those with tabs first: in a URL the tab stands first."""
    for part in sorted(PARTS, key=lambda part: not part.tabs):
        for text in args.getlist(part.name):
            typed = _as_typed(part, text)
            if typed:  # a field that was left empty says nothing
                yield part, typed


def _as_typed(part: Part, text: str) -> str:
    """A text as it would be without the liberties that people take in a form."""
    if isinstance(part.offered, Words):
        return text.strip()[:LONGEST_TEXT]
    return typed_time(text) if part.name in TIMES else text


def _makes_sense(part: Part, text: str) -> bool:
    if text in part.spans or text in part.views:
        return True
    try:
        part.format.parse(text)
    except ValueError:
        return False
    return True


def _one_of_each(given: list[tuple[Part, str]]) -> tuple[Texts, list[str]]:
    """The first text of each part, and of all that tabs set; then what is said of the others."""
    taken: dict[str, tuple[str, str]] = {}
    beside = []
    for part, text in given:
        kind = "tab" if part.tabs else part.name
        if kind in taken:
            first = "=".join(taken[kind])
            beside.append(f"“{part.name}={_short(text)}” was left out beside “{_short(first)}”.")
        else:
            taken[kind] = (part.name, text)
    return tuple(taken.values()), beside


def _order(args: MultiDict[str, str]) -> Order | None:
    sort = SORTS.get(args.get("sort", ""))
    return Order(sort, args.get("order") == LEAST_FIRST) if sort else None


def _moment(args: MultiDict[str, str]) -> int | None:
    try:
        return parse_time(typed_time(args.get("time", "")))
    except ValueError:
        return None


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTED else f"{text[: LONGEST_QUOTED - 1]}…"


def _anchor(text: str) -> Anchor | None:
    try:
        return parse_key(text)
    except ValueError:
        return None
