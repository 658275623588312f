"""The wall runs on televisions of 2020 (Chromium 68): what they do not know must not creep in."""

import re
from collections.abc import Iterator
from pathlib import Path

import esprima
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ("wall.js", "pair.js")

TOO_NEW_IN_CSS = (
    r"@layer|@container|:is\(|:where\(|:has\(|\binset\b|\bclamp\(|\bmin\(|\bmax\(|aspect-ratio\s*:"
    r"|light-dark\(|color-mix\(|(?<!-)\bgap\s*:|&|\bd[vs]h\b"
)
# What came with version 69 or later.
NEW_METHODS = re.findall(
    r"\w+",
    """allSettled any at checkVisibility difference findLast findLastIndex flat flatMap fromEntries
    getAnimations groupBy hasOwn intersection matchAll randomUUID replaceAll replaceChildren
    setHTML showPopover startViewTransition throwIfAborted timeout toReversed toSorted
    toggleAttribute trimEnd trimStart union with withResolvers""",
)
NEW_GLOBALS = re.findall(
    r"\w+",
    """AggregateError CompressionStream DecompressionStream FinalizationRegistry FormDataEvent
    Highlight Iterator ReportingObserver Temporal URLPattern WeakRef globalThis navigation
    queueMicrotask reportError scheduler structuredClone""",
)


def nodes(tree: object) -> Iterator[esprima.nodes.Node]:
    """All nodes of a syntax tree."""
    if isinstance(tree, list):
        for one in tree:
            yield from nodes(one)
    elif isinstance(tree, esprima.nodes.Node):
        yield tree
        for one in vars(tree).values():
            yield from nodes(one)


def too_new(script: str) -> list[str]:
    """What Chromium 68 does not have; raises esprima.Error for syntax newer than ES2017."""
    found = []
    for node in nodes(esprima.parseScript(script)):
        if node.type == "CallExpression" and node.callee.type == "MemberExpression":
            found += [name for name in NEW_METHODS if name == node.callee.property.name]
        elif node.type == "Identifier":
            found += [name for name in NEW_GLOBALS if name == node.name]
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_is_newer_than_chromium_68(name: str) -> None:
    assert too_new((ROOT / "static" / name).read_text()) == []


@pytest.mark.parametrize(
    "script",
    [
        "a?.b",
        "a ?? b",
        "a ||= b",
        "try { f(); } catch { g(); }",
        "class A { x = 1 }",
        "1_000",
        "1n",
    ],
)
def test_newer_syntax_would_be_seen(script: str) -> None:
    with pytest.raises(esprima.Error):
        too_new(script)


@pytest.mark.parametrize(
    "script", ["[1].at(-1)", "Object.fromEntries(a)", "f(globalThis.b)", "structuredClone(a)"]
)
def test_newer_names_would_be_seen(script: str) -> None:
    assert too_new(script) != []


def test_no_style_is_newer_than_chromium_68() -> None:
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "static" / "wall.css").read_text(), flags=re.DOTALL)
    assert re.findall(TOO_NEW_IN_CSS, text.replace("max-aspect-ratio: ", "")) == []


@pytest.mark.parametrize("name", ["wall.html", "_wall.html", "components/wall_closeup.html"])
def test_no_inline_style_or_script(name: str) -> None:
    text = (ROOT / "templates" / name).read_text()
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)|\shx-", text) == []
