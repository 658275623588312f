"""What `pip install ./reporter` installs: the package alone, on a Python that has nothing else."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.kit.documents import ROOT, listed

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of what is in the repository."""
    folder = tmp_path_factory.mktemp("reporter")
    for name in listed("reporter"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([*PIP, *build, folder / "reporter"], check=True)
    [built] = folder.glob("*.whl")
    return built


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
