"""`install_mb` and `packages`: what a server with the PostgreSQL driver brings along."""

import json
import subprocess
import tempfile
import venv
from pathlib import Path

from bench.bars import bar
from bench.measure import Figures, Run
from bench.server import ROOT

NOT_OURS = {"pip", "setuptools"}  # what every new venv has


def measure(_run: Run) -> Figures:
    """Install `.[postgres]` alone into a fresh venv; packages and megabytes beyond an empty one."""
    with tempfile.TemporaryDirectory(prefix="jobwall-install-") as folder:
        with bar("A fresh installation") as progress:
            venv.create(folder, with_pip=True)
            progress("installing", 0.3)
            before = megabytes(Path(folder))
            pip = [str(Path(folder, "bin", "python")), "-m", "pip", "--disable-pip-version-check"]
            wanted = ["--constraint", "constraints.txt", "--editable", ".[postgres]"]
            subprocess.run([*pip, "install", "-qq", *wanted], cwd=ROOT, check=True)
            listed = subprocess.run(
                [*pip, "list", "--format", "json"], check=True, capture_output=True, text=True
            )
        names = {package["name"] for package in json.loads(listed.stdout)} - NOT_OURS
        return {"packages": len(names), "install_mb": megabytes(Path(folder)) - before}


def megabytes(folder: Path) -> float:
    """The size of all files below, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
