"""What `pip install ./reporter` installs: the package alone, on a Python that has nothing else."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.kit.documents import listed
from tests.kit.wheels import PIP, build_reporter


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of what is in the repository."""
    return build_reporter(tmp_path_factory.mktemp("reporter"))


def test_it_has_the_package_its_types_and_no_dependency(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith("/METADATA")]
        about = archive.read(metadata).decode().partition("\n\n")[0]
    ours = {name.removeprefix("reporter/") for name in listed("reporter/jobwall_reporter")}
    assert {name for name in names if ".dist-info/" not in name} == ours
    assert "jobwall_reporter/py.typed" in names
    assert "Requires-Python: >=3.9" in about
    assert not re.search(r"^Requires-Dist:(?!.*extra ==)", about, re.MULTILINE)


def test_it_starts_where_nothing_else_is_installed(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    subprocess.run(
        [*PIP, "install", "--no-deps", "--no-index", "--target", target, wheel], check=True
    )
    environment = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(target)}
    words = [sys.executable, "-S", target / "bin" / "jobwall-report", "exec", "--help"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--doc" in done.stdout


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13"])
def test_it_runs_on_older_and_newer_pythons(version: str, wheel: Path, tmp_path: Path) -> None:
    python = shutil.which(f"python{version}")
    if (
        python is None
        or subprocess.run([python, "-V"], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"there is no Python {version}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "JOBWALL_URL": "http://127.0.0.1:9",
        "JOBWALL_KEY": "ib-key",
        "JOBWALL_PROJECT": "p",
    }
    words = "import jobwall_reporter as r, jobwall_reporter.cli.__main__, jobwall_reporter.cli.send"
    words += "\nwith r.Reporter().job('a') as job: r.current().add(chunks=1)"
    done = subprocess.run(
        [python, "-W", "error", "-c", words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 2, "that the board is away, and where it waits"
    assert done.stderr.endswith("for the next run: 1\n")
