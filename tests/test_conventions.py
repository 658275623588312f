"""What templates and code must not do, checked over all of them."""

import ast
import hashlib
import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from app.models.project import MODES
from app.rules.events import EventKind
from app.rules.job_states import JOB_STATES
from app.rules.status import JobStatus
from app.rules.verdicts import STATES
from app.web.security import POLICY
from app.web.shapes import SYMBOLS
from tests.kit import ROOT
from tests.kit.documents import listed

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


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_what_a_form_sends_is_written_as_it_is(template: Path) -> None:
    """What people read may have marks in it: see `app.web.formatters.seen`."""
    for field in re.findall(r"<(?:input|option|button|textarea)\b[^>]*>", template.read_text()):
        for value in re.findall(r'\bvalue="([^"]*)"', field):
            assert re.fullmatch(r"[^{]*|{{ .*\|e }}", value), field


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


KINDS = {*MODES, *EventKind}
KINDS |= {name for status in JobStatus for name in (status.word, status.name)}
KINDS |= {name for state in (*JOB_STATES, *STATES) for name in (state.name, state.label)}


def constants(node: nodes.Node) -> set[object]:
    """The constants in a node, itself included."""
    found = {node.value} if isinstance(node, nodes.Const) else set()
    return found | {const.value for const in node.find_all(nodes.Const)}


def decisions(template: str) -> set[object]:
    """The names of kinds with which a template compares something, or by which it looks it up."""
    tree = Environment().parse(template)
    asked: list[nodes.Node] = [pair.key for pair in tree.find_all(nodes.Pair)]
    asked += [item.arg for item in tree.find_all(nodes.Getitem)]
    for compare in tree.find_all(nodes.Compare):
        asked += [compare.expr, *(operand.expr for operand in compare.ops)]
    for call in tree.find_all(nodes.Call):
        asked += call.args if isinstance(call.node, nodes.Getattr) else []
    for choice in tree.find_all((nodes.Filter, nodes.Test)):
        selects = choice.name in ("selectattr", "rejectattr", "select", "reject")
        asked += choice.args if selects or isinstance(choice, nodes.Test) else []
    return {name for node in asked for name in constants(node)} & KINDS


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_no_template_decides_by_the_name_of_a_kind(template: Path) -> None:
    """What it needs, the state, status or event says (`tone`, `shape`, `sentence`)."""
    assert decisions(template.read_text()) == set()


@pytest.mark.parametrize(
    "template",
    [
        "{% if state.name == 'failing' %}x{% endif %}",
        "{% if 'waiting' != name %}x{% endif %}",
        "{{ 'x' if state in ('running', 'stalled') }}",
        "{{ {'FAILED': 'x'}[status.name] }}",
        "{{ looks.get('fine', 'x') }}",
        "{{ lines | selectattr('verdict.state.name', 'equalto', 'late') | list }}",
        "{{ x if mode is eq('vector_only') }}",
    ],
)
def test_a_template_that_decides_would_be_seen(template: str) -> None:
    assert len(decisions(template)) in (1, 2)


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_every_shape_that_a_template_names_is_drawn(template: Path) -> None:
    calls = Environment().parse(template.read_text()).find_all(nodes.Call)
    named = [
        call.args[0]
        for call in calls
        if isinstance(call.node, nodes.Name) and call.node.name == "icon"
    ]
    unknown = {
        text for node in named for text in constants(node) if isinstance(text, str)
    } - SYMBOLS
    assert unknown == set()


def test_nothing_that_a_run_leaves_is_in_the_repository() -> None:
    """A store that a command made in a folder of any name, with its key, was committed once."""
    left = [
        path
        for path in listed()
        if Path(path).name == "secret_key"
        or re.search(r"\.(db|sqlite3?|lock|log|pyc|orig|rej)(\b|$)", Path(path).name)
    ]
    assert not left
