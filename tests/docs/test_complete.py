"""Nothing that a person can set, type or ask for is left out of the documents."""

import json
import re
from pathlib import Path

import pytest

from app import create_app
from app.api.openapi import document
from app.config import read
from app.ledger.report import FIELDS
from app.rules.status import STATUS_BY_WORD
from app.rules.verdicts import STATES
from tests.kit import guide
from tests.kit.app_map import DOCUMENT, MARK, rendered
from tests.kit.documents import (
    DOCUMENTS,
    ROOT,
    between_marks,
    blocks_of,
    code_of,
    prose_of,
    text_of,
)
from tests.kit.facts import addresses, commands, variables, variables_in
from tests.kit.libraries import LIBRARIES

CODE = [code for name in DOCUMENTS for code in code_of(name)]
LINES = [line for name in DOCUMENTS for line in prose_of(name).split("\n\n")]

# Versions


def test_the_versions_that_a_document_tells_are_those_that_are_run() -> None:
    [told] = [line for line in LINES if line.startswith("Airflow's lines are run with")]
    pinned = LIBRARIES["airflow"].wanted, LIBRARIES["dbt"].wanted
    version = r"\d+\.\d+\.\d+"
    assert len(found := re.findall(version, told)) == 5
    assert set(found) <= set(re.findall(version, " ".join(pinned)))


# Variables of the environment


@pytest.mark.parametrize("name", sorted(variables()))
def test_every_variable_is_documented(name: str) -> None:
    assert any(re.search(rf"\b{name}\b", code) for code in CODE), f"no document names `{name}`"


def test_how_variables_are_found() -> None:
    code = """
import os
A = os.environ["ONE"]; B = os.environ.get("TWO"); C = os.getenv("THREE", "")
D = environ.get("FOUR"); E = Variable("FIVE", "what it means")
os.environ["SET"] = "1"; F = request.environ.get("HTTP_HOST")
"""
    assert set(variables_in(code)) == {"ONE", "TWO", "THREE", "FOUR", "FIVE"}
    assert {"INSTANCE", "TRUSTED_PROXIES", "LOG_LEVEL", "JOBWALL_KEY", "DOCS"} <= variables()


# Commands


def test_every_command_is_documented() -> None:
    paragraphs = prose_of("docs/operating.md").split("\n\n")
    missing = []
    for command in commands():
        group, _, last = command.rpartition(" ")
        spans = [f"`{command}`"], [f"`{group}`", f"`{last}`"]
        if not any(all(each in one for each in span) for one in paragraphs for span in spans):
            missing.append(command)
    assert missing == []


def test_no_document_names_a_command_that_is_not_there() -> None:
    known = set(commands())
    groups = {command.rpartition(" ")[0] for command in known}
    typed = re.compile(r"(?:^|[\s/])jobwall ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)
    for text in (*CODE, *(block.text for name in DOCUMENTS for block in blocks_of(name))):
        for first, second in typed.findall(text):
            one, two = f"jobwall {first}", f"jobwall {first} {second}"
            assert {one, two} & known or (one in groups and not second), text


# Addresses


def test_every_address_is_documented(tmp_path: Path) -> None:
    named = {re.sub(r"^(GET|POST|PATCH) ", "", code).partition("?")[0] for code in CODE}
    assert addresses(tmp_path) - named == set()


# Parameters, fields, states


def test_every_part_of_the_filter_is_documented(tmp_path: Path) -> None:
    with create_app(read({"INSTANCE": str(tmp_path)})).test_request_context():
        listing = document()["paths"]["/projects/{project_id}/jobs"]["get"]
    names = {one["name"] for one in listing["parameters"] if one["in"] == "query"}
    assert {"limit", "status", "cause"} <= names
    for name in ("README.md", "docs/contract.md"):
        code = " ".join(code_of(name))
        assert {one for one in names if not re.search(rf"\b{one}\b", code)} == set(), name
    page = next(line for line in text_of("docs/look.md").splitlines() if "`chart`" in line)
    assert {one for one in names - {"limit", "offset", "cursor"} if f"`{one}`" not in page} == set()


def rows_after(document: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    section = text_of(document).partition(f"{heading}\n")[2]
    lines = [line for line in section.partition("\n#")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


KINDS = {
    "text": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "whole number": {"type": "integer"},
    "letters": {"type": "string", "pattern": FIELDS["job_id"].schema["pattern"]},
    "the same": {"type": "string", "pattern": FIELDS["project_id"].schema["pattern"]},
    "`pending`": {"type": "string", "enum": list(STATUS_BY_WORD)},
}
"""How the README begins to say what type a field has, and what its schema then says."""


def test_the_readme_has_every_field_of_a_report_with_its_type() -> None:
    said = {}
    for names, kind, _meaning in rows_after("README.md", "### The fields of a report"):
        for name in re.findall(r"`(\w+)`", names):
            [begins] = [each for each in KINDS if kind.startswith(each)]
            said[name] = KINDS[begins], kind
    assert said.keys() == FIELDS.keys()
    for name, (expected, kind) in said.items():
        schema = FIELDS[name].schema
        assert {key: schema.get(key) for key in expected} == expected, name
        assert "format" in expected or "format" not in schema, name
        if longest := schema.get("maxLength"):
            assert f"{longest:,}" in kind, name
        if schema.get("minimum"):
            assert f"{schema['minimum']} or more" in kind, name
        for word in schema.get("enum", ()):
            assert f"`{word}`" in kind


def test_the_look_has_every_state_in_its_order() -> None:
    said = [cells[0] for cells in rows_after("docs/look.md", "## Projects")]
    assert said == [state.label.lower() for state in STATES]


# The map


def test_the_design_has_a_sentence_for_every_module() -> None:
    inlined = between_marks(text_of(DOCUMENT), MARK)
    expected = rendered()
    missing = [line for line in expected.splitlines() if line not in inlined.splitlines()]
    assert inlined == expected, (
        "`.venv/bin/python -m tests.kit.app_map` writes the map anew; it lacks:\n"
        + "\n".join(missing)
    )


def test_the_guide_says_what_the_board_does() -> None:
    assert between_marks(text_of(guide.DOCUMENT), guide.MARK) == guide.rendered(), (
        "`.venv/bin/python -m tests.kit.guide` writes it anew"
    )


def test_every_module_says_what_it_is() -> None:
    tables = rendered().splitlines()
    assert [line for line in tables if line.startswith("| `") and line.endswith("|  |")] in (
        [],
        ["| `app/migrations/` |  |"],
    )


# The published sample


def test_the_contract_names_the_ten_fields_in_their_order() -> None:
    sample = json.loads((ROOT / "tests" / "api" / "list_jobs.json").read_text())
    job = sample["jobs"][0]
    [line] = [line for line in LINES if "exactly ten fields" in line]
    said = re.findall(r"`(\w+)`", line.partition("exactly ten fields")[2])[: len(job)]
    assert said == list(job)
