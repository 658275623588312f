"""A clone of this checkout whose own code is what runs, without another installation."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import flask

from app.config import VARIABLES
from tests.kit.documents import ROOT, listed

STARTER = """#!{python}
import sys

from {module} import {function}

sys.exit({function}())
"""


def clone(folder: Path) -> Path:
    """What is committed here, and what is about to be; without any environment."""
    for name in listed():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return folder


def lend_environment(folder: Path) -> None:
    """Give a clone a `.venv` of its own that borrows the packages of the one that runs here.

    Ours is not among them: what is called `app` there is the clone's. `make` finds all its set-up
    done.
    """
    own = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", own], check=True)
    python = own / "bin" / "python"
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = own / "lib" / version / "site-packages"
    # A path named in such a file is searched, but the .pth files in it, ours too, are not read.
    lent = Path(flask.__file__).parents[1]
    (packages / "lent.pth").write_text(f"{folder}\n{folder / 'reporter'}\n{lent}\n")
    here = Path(sys.executable).parent
    lend_scripts(here, own / "bin")
    for project in (folder, folder / "reporter"):
        about = tomllib.loads((project / "pyproject.toml").read_text())["project"]
        for name, place in about["scripts"].items():
            module, function = place.split(":")
            starter = STARTER.format(python=python, module=module, function=function)
            _write(own / "bin" / name, starter.encode())
    stamps = [path.name for path in here.parent.iterdir() if path.is_file()]
    for name in sorted(set(stamps) - {"pyvenv.cfg"}):
        (own / name).touch()


def lend_scripts(here: Path, there: Path) -> None:
    """Give an environment the commands of another one, run by its own Python."""
    for script in here.iterdir():
        if script.is_file() and not (there / script.name).exists():
            first, _, rest = script.read_bytes().partition(b"\n")
            if first.startswith((f"#!{here}/python".encode(),)):
                _write(there / script.name, f"#!{there}/python\n".encode() + rest)


def _write(script: Path, code: bytes) -> None:
    script.write_bytes(code)
    script.chmod(0o755)


def bare_environment() -> dict[str, str]:
    """The environment of a test without what a reader has not set, and without this `.venv`."""
    ours = {variable.name for variable in VARIABLES} - {"XDG_DATA_HOME"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in (*ours, "VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS")
        and not name.startswith(("JOBWALL_", "PYTEST_", "FLASK_", "COV_", "MAKE"))
    }
    here = str(Path(sys.executable).parent)
    places = [one for one in kept.get("PATH", os.defpath).split(os.pathsep) if one != here]
    return {**kept, "PATH": os.pathsep.join(places)}
