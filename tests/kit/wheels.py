"""The reporter as setuptools builds it, of what is in the repository."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.kit import ROOT
from tests.kit.documents import listed

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


def build_reporter(folder: Path) -> Path:
    """Its wheel, built in a folder of its own, where nothing of ours was built before."""
    for name in listed("reporter"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([*PIP, *build, folder / "reporter"], check=True)
    [built] = folder.glob("*.whl")
    return built
