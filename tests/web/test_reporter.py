"""The reporter that the board serves is the one that setuptools would build, and it installs."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from app.web import reporter
from tests.kit.board import Board
from tests.kit.clones import bare_environment
from tests.kit.databases import sqlite_only
from tests.kit.documents import DOCUMENTS, text_of
from tests.kit.reports import get
from tests.kit.wheels import PIP, build_reporter


def headers_of(metadata: bytes) -> dict[str, str]:
    head = metadata.decode().partition("\n\n")[0]
    return dict(re.findall(r"^([A-Za-z-]+): (.*)$", head, re.MULTILINE))


def test_the_wheel_is_that_of_setuptools_but_for_its_words(tmp_path: Path) -> None:
    built = build_reporter(tmp_path)
    assert reporter.wheel().name == built.name
    ours, theirs = zipfile.ZipFile(BytesIO(reporter.wheel().body)), zipfile.ZipFile(built)
    assert ours.testzip() is None
    [info] = {name.partition("/")[0] for name in ours.namelist() if ".dist-info/" in name}
    package = [name for name in theirs.namelist() if not name.startswith(info)]
    assert {name for name in ours.namelist() if not name.startswith(info)} == set(package)
    for name in (*package, f"{info}/entry_points.txt"):
        assert ours.read(name).strip() == theirs.read(name).strip(), name
    about = headers_of(ours.read(f"{info}/METADATA"))
    known = headers_of(theirs.read(f"{info}/METADATA"))
    assert about == {name: known[name] for name in about}
    assert about.keys() >= {"Name", "Version", "Requires-Python", "License-Expression"}


@sqlite_only  # what is served does not depend on the engine
def test_pip_installs_it_from_the_board(live_board: Board, tmp_path: Path) -> None:
    address = f"{live_board.url}/reporter/{reporter.wheel().name}"
    environment = os.environ | {"PIP_NO_INDEX": "1", "no_proxy": "127.0.0.1"}
    words = ["install", "--target", tmp_path, address]
    done = subprocess.run(
        [*PIP, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [record] = tmp_path.glob("*.dist-info/RECORD")
    assert "jobwall_reporter/py.typed" in record.read_text()
    asked = [sys.executable, "-S", tmp_path / "bin" / "jobwall-report", "--version"]
    told = subprocess.check_output(asked, env={"PYTHONPATH": str(tmp_path)}, text=True)
    assert told.strip() == reporter.wheel().name.split("-")[1]


@sqlite_only
@pytest.mark.parametrize("version", ["3", "3.9", "3.13"])
def test_the_program_in_one_file_reports(version: str, live_board: Board, tmp_path: Path) -> None:
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-V"], check=False).returncode:
        pytest.skip(f"there is no Python {version}")
    program = tmp_path / "jobwall-report"
    program.write_bytes(reporter.program().body)
    program.chmod(0o755)
    project = live_board.new_project(f"program-{next(live_board.numbers)}")
    environment = bare_environment() | {
        "HOME": str(tmp_path),
        "JOBWALL_URL": live_board.url,
        "JOBWALL_KEY": live_board.key,
        "JOBWALL_PROJECT": project,
        "no_proxy": "127.0.0.1",
    }
    start = [str(program)] if version == "3" else [python, str(program)]
    words = [*start, "exec", "--doc", "nightly", "--", "sh", "-c", "echo bad luck >&2; exit 3"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "bad luck\n")
    live_board.project = project
    [job] = get(live_board, "?limit=10")["jobs"]
    assert (job["status"], job["error_message"].splitlines()[0]) == ("failed", "bad luck")


@sqlite_only
@pytest.mark.parametrize("file", [reporter.wheel(), reporter.program()], ids=lambda one: one.name)
def test_it_is_for_anybody_and_is_not_sent_twice(file: reporter.File, app: Flask) -> None:
    client = app.test_client()
    answer = client.get(f"/reporter/{file.name}")
    assert (answer.status_code, answer.data) == (200, file.body)
    assert "Set-Cookie" not in answer.headers
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(f"/reporter/{file.name}", headers=known).status_code == 304
    assert client.get(f"/reporter/x{file.name}").status_code == 404


def test_documents_name_the_wheel_that_is_served() -> None:
    named = {name for one in DOCUMENTS for name in re.findall(r"jobwall_\S+?\.whl", text_of(one))}
    assert named == {reporter.wheel().name}
