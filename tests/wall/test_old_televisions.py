"""The wall runs on televisions of 2020 (Chromium 68): what they do not know must not creep in."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOO_NEW_IN_CSS = (
    r"@layer|@container|:is\(|:where\(|:has\(|\binset\b|\bclamp\(|\bmin\(|\bmax\(|aspect-ratio\s*:"
    r"|light-dark\(|color-mix\(|(?<!-)\bgap\s*:|&|\bd[vs]h\b"
)
TOO_NEW_IN_JS = (
    r"\?\.[a-z\[(]|\?\?|\.at\(|replaceAll|\.flat\(|flatMap|fromEntries|allSettled|matchAll"
    r"|replaceChildren|catch \{|globalThis|ResizeObserver|queueMicrotask|structuredClone"
)


def without_comments(path: Path) -> str:
    return re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", "", path.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("name", "too_new"),
    [("wall.css", TOO_NEW_IN_CSS), ("wall.js", TOO_NEW_IN_JS), ("pair.js", TOO_NEW_IN_JS)],
)
def test_nothing_newer_than_chromium_68(name: str, too_new: str) -> None:
    text = without_comments(ROOT / "static" / name)
    assert re.findall(too_new, text.replace("max-aspect-ratio: ", "")) == []


@pytest.mark.parametrize("name", ["wall.html", "_wall.html"])
def test_no_inline_style_or_script(name: str) -> None:
    text = (ROOT / "templates" / name).read_text()
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", text) == []
