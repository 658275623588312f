"""What `pip install .` installs: everything, and it starts from any folder."""

import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import requests

from app.web import reporter

SDIST = "from setuptools import build_meta; build_meta.build_sdist('dist')"
FOLDERS = {"app": "app", "templates": "app/templates", "static": "app/static"}
FOLDERS |= {"examples": "app/examples", "reporter": "app/reporter"}
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a source distribution, which has all that a clone needs to make one."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(sources, folder / "sources")
    subprocess.run(
        [sys.executable, "-c", SDIST], cwd=folder / "sources", check=True, capture_output=True
    )
    [sdist] = (folder / "sources" / "dist").iterdir()
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, sdist]
    subprocess.run([*PIP, *build], check=True)
    [built] = folder.glob("*.whl")
    return built


def test_nothing_is_missing_and_nothing_else_is_inside(wheel: Path, sources: Path) -> None:
    wanted = {
        f"{target}/{path.relative_to(sources / folder).as_posix()}"
        for folder, target in FOLDERS.items()
        for path in (sources / folder).rglob("*")
        if path.is_file()
    }
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
        [metadata] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        about = archive.read(metadata).decode().partition("\n\n")[0]
    assert found == wanted
    needed = re.findall(r"^Requires-Dist: (?!.*extra == .test)(.*)$", about, re.MULTILINE)
    assert len(needed) >= 10
    for one in needed:
        assert re.search(r"<\d+,>=\d+", one), f"{one}: not a range"


def test_it_starts_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    target, folder = tmp_path / "installed", tmp_path / "any"
    subprocess.run(
        [*PIP, "install", "--no-deps", "--no-index", "--target", target, wheel], check=True
    )
    # A folder that has what `import` could find before what is installed.
    (folder / "app").mkdir(parents=True)
    for name in ("app/__init__.py", "wsgi.py", "gunicorn.conf.py", "click.py", "flask.py"):
        (folder / name).write_text("raise SystemExit('not ours')\n")
    environment = {name: os.environ[name] for name in ("PATH",)}
    environment |= {"PYTHONPATH": str(target), "HOME": str(tmp_path / "home")}
    command = [sys.executable, target / "bin" / "jobwall"]
    version = subprocess.run(
        [*command, "--version"], cwd=folder, env=environment, capture_output=True, check=True
    ).stdout.decode()
    assert version == f"jobwall {wheel.name.split('-')[1]}\n"
    process = subprocess.Popen(
        [*command, "serve", "--port", "0"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = [process.stdout.readline().rstrip("\n") for _ in range(3)]
        url = said[0].removeprefix("The board: ")
        assert said[1] == f"The store: {tmp_path}/home/.local/share/jobwall/jobwall.db"
        assert said[2].startswith(f"Sign in: {url}/sign-in#")
        page = requests.get(f"{url}/sign-in", timeout=20)
        assert page.status_code == 200
        [style] = re.findall(r'href="(/assets/door\.\w+\.css)"', page.text)
        for path in (style, "/healthz"):
            assert requests.get(f"{url}{path}", timeout=20).status_code == 200
        program = requests.get(f"{url}/reporter/jobwall-report.pyz", timeout=20)
        assert program.content == reporter.program().body
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "app",
        "click.py",
        "flask.py",
        "gunicorn.conf.py",
        "wsgi.py",
    ]
