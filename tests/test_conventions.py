"""What templates and code must not do, checked over all of them."""

import ast
import hashlib
import re
from pathlib import Path

import pytest

from app.web.security import POLICY
from tests.kit import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OWN_SCRIPTS = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
STYLES = sorted((ROOT / "static").rglob("*.css"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_no_template_needs_inline_code_or_another_host(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<[^>{]*\sstyle=|<[^>{]*\son[a-z]+=|hx-on|javascript:|<style", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "|safe" not in text.replace(" ", "")
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_every_form_that_changes_something_carries_a_token(template: Path) -> None:
    text = template.read_text()
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.S):
        assert 'name="csrf_token"' in form


@pytest.mark.parametrize("path", STYLES + OWN_SCRIPTS, ids=name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    assert not re.search(r"\beval\(|new Function", text)


def test_every_template_is_used() -> None:
    everything = "".join(path.read_text() for path in TEMPLATES)
    everything += "".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    for template in TEMPLATES:
        used = template.relative_to(ROOT / "templates").as_posix()
        stem = template.stem.removeprefix("_")
        assert f'"{used}"' in everything or f'answer("{stem}"' in re.sub(
            r"\(\s+", "(", everything
        ), used


def test_the_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'self'" in POLICY


@pytest.mark.parametrize("template", sorted((ROOT / "templates").glob("_*.html")), ids=name)
def test_no_live_part_knows_who_looks(template: Path) -> None:
    """Nor does a component: it is kept for all viewers. The shell's own are in the shell alone."""
    text = template.read_text()
    for used in re.findall(r'"(components/[a-z_]+\.html)"', text):
        text += (ROOT / "templates" / used).read_text()
    code = re.sub(r"{#.*?#}", "", text, flags=re.DOTALL)
    assert not re.search(r"\b(viewer|settings|csrf_token)\b", code)


def test_the_vendored_script_is_the_published_one() -> None:
    script = (ROOT / "static/vendor/htmx-4.0.1.min.js").read_bytes()
    published = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
    assert hashlib.sha256(script).hexdigest() == published


def test_the_vendored_fonts_are_the_published_ones_with_their_licence() -> None:
    folder = ROOT / "static/vendor/inter-5.3.0"
    fonts = b"".join(path.read_bytes() for path in sorted(folder.glob("*.woff2")))
    published = "4ddfd0affff245250b0f67bfe738ad8d9bc375b480fae3b062f68cb41a95b419"
    assert hashlib.sha256(fonts).hexdigest() == published
    assert "SIL Open Font License, Version 1.1" in (folder / "LICENSE.txt").read_text()


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_what_tests_share_is_in_the_kit(path: Path) -> None:
    """No test imports another, nor `conftest`; and only the tests of the benchmark import that."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "a relative import"
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert [one for one in imported if re.match(r"tests\b(?!\.kit\b)", one)] == []
    if path.parent.name != "bench":
        assert [one for one in imported if re.match(r"bench\b", one)] == []
