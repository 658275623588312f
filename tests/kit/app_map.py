"""The map of `app/` in the design: `python -m tests.kit.app_map` writes it anew."""

import ast
import re

from tests.kit.documents import ROOT, listed, text_of, with_between_marks

DOCUMENT = "docs/design.md"
MARK = "map"


def sentence_of(path: str) -> str:
    """The first sentence of a module's docstring."""
    docstring = ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8"))) or ""
    first = re.split(r"(?<=[.!?])\s", " ".join(docstring.partition("\n\n")[0].split()), maxsplit=1)
    return first[0]


def rendered() -> str:
    """A table for every package, with a line for every module in it."""
    modules = [path for path in listed("app/*.py") if "/migrations/versions/" not in path]
    packages: dict[str, list[str]] = {}
    for path in modules:
        packages.setdefault(path.rpartition("/")[0], []).append(path)
    tables = []
    for package, paths in sorted(packages.items()):
        room = f"{package}/__init__.py"
        head = f"| `{package}/` | {sentence_of(room) if room in paths else ''} |"
        lines = [
            f"| `{path.rpartition('/')[2]}` | {sentence_of(path)} |"
            for path in sorted(paths)
            if path != room
        ]
        tables.append("\n".join([head, "| --- | --- |", *lines]))
    return "\n" + "\n\n".join(tables) + "\n\n"


def main() -> None:
    """Write the map into the design."""
    whole = with_between_marks(text_of(DOCUMENT), MARK, rendered())
    (ROOT / DOCUMENT).write_text(whole, "utf-8")


if __name__ == "__main__":
    main()
