"""`jobwall` itself: what it says before anything is there."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import SECTIONS
from app.cli.__main__ import jobwall
from app.config import PACKAGE, ROOT, VARIABLES
from tests.kit.commands import JOBWALL


def run(*words: str, **told: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [JOBWALL, *words],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_alone_it_teaches_and_makes_nothing(tmp_path: Path) -> None:
    result = run(INSTANCE=str(tmp_path / "i"), DATABASE_URL="nonsense")
    told = result.stdout + result.stderr
    assert told.startswith("Usage: jobwall ")
    for title, commands in SECTIONS.items():
        section = told.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert re.findall(r"^  ([a-z-]+)  ", section, re.MULTILINE) == [
            command.name for command in commands
        ]
    assert list(tmp_path.iterdir()) == []


def test_it_knows_its_version_and_what_it_was_asked_wrongly(tmp_path: Path) -> None:
    version = run("--version", INSTANCE=str(tmp_path / "i"))
    assert re.fullmatch(r"jobwall \d+\.\d+\.\d+\n", version.stdout)
    wrong = run("strat", INSTANCE=str(tmp_path / "i"))
    assert wrong.returncode == 2
    assert "jobwall --help" in wrong.stderr
    assert "No such command 'strat'" in wrong.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", [one for commands in SECTIONS.values() for one in commands], ids=lambda one: one.name
)
def test_every_command_says_what_it_does_without_a_store(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSTANCE", str(tmp_path / "i"))
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    result = CliRunner().invoke(jobwall, [command.name, "--help"], prog_name="jobwall")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: jobwall {command.name} ")
    assert list(tmp_path.iterdir()) == []


def test_the_help_of_serve_has_every_setting() -> None:
    told = CliRunner().invoke(jobwall, ["serve", "--help"], prog_name="jobwall").output
    for variable in VARIABLES:
        assert re.search(rf"^ *{variable.name}  +{re.escape(variable.meaning)}", told, re.MULTILINE)


def test_no_text_tells_people_to_type_what_is_not_there() -> None:
    for folder in (PACKAGE, ROOT / "templates"):
        for path in folder.rglob("*"):
            if path.suffix in (".py", ".html"):
                assert not re.search(r"`flask |>flask ", path.read_text()), path


def test_the_demo_names_what_it_needs() -> None:
    import tomllib

    from app.cli.demo import NEEDED

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["examples"]
    assert sorted(re.match(r"[a-z]+", one)[0] for one in extra) == sorted(NEEDED)
