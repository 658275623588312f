"""The guide to reporting: `python -m tests.kit.guide` writes anew what the board says."""

from collections.abc import Iterator

from app.rules.ways import GROUPS, IF_NONE, Way, filled
from app.web import reporter
from tests.kit.documents import ROOT, text_of, with_between_marks

DOCUMENT = "docs/reporting.md"
MARK = "ways"


def blanks() -> dict[str, str]:
    """What stands in the guide where the board fills in its own."""
    wheel = reporter.wheel().name
    return {
        "url": "http://127.0.0.1:8000",
        "project": "documents",
        "key": "ib-…",
        "wheel": wheel,
    }


def rendered() -> str:
    """Every way, below a heading for each of their groups."""
    lines: list[str] = [""]
    for group in GROUPS:
        lines += [f"## {group.title}", ""]
        for way in group.ways:
            lines += _written(way)
    lines += ["## If no job comes", "", *(f"- {text}" for text in IF_NONE), ""]
    return "\n".join((*lines, ""))


def _written(way: Way) -> Iterator[str]:
    yield from (f"### {way.title}", "", way.does, "")
    for block in way.blocks:
        code = "".join(part.text for part in filled(block.text, blanks()))
        yield from (f"{block.says}:", "", f"```{block.language}", code, "```", "")


def main() -> None:
    """Write the ways into the guide."""
    whole = with_between_marks(text_of(DOCUMENT), MARK, rendered())
    (ROOT / DOCUMENT).write_text(whole, "utf-8")


if __name__ == "__main__":
    main()
