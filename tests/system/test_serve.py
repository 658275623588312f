"""`jobwall serve` and `jobwall db` as a person runs them: own processes, nothing prepared."""

import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from tests.kit.commands import JOBWALL

PATIENCE = 30  # s
LINK = re.compile(r"Sign in: (http://\S+)/sign-in#(\S{22,})")


Served = tuple[list[str], subprocess.Popen[str]]


@contextmanager
def served(environment: dict[str, str]) -> Iterator[Served]:
    """A board on any free port: what it said until it told how to sign in, and its process."""
    process = subprocess.Popen(
        [JOBWALL, "serve", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if "ign in: " in line:
                break
        yield said, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def stop(process: subprocess.Popen[str], how: signal.Signals) -> str:
    """End it as a terminal does; gives what it said after all."""
    os.killpg(process.pid, how)
    said, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in said) == (0, False), said
    return said


def url_of(said: list[str]) -> str:
    return said[0].removeprefix("The board: ")


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [JOBWALL, *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_first_start_lets_the_first_person_in_and_a_later_one_says_how(
    empty: dict[str, str],
) -> None:
    with served(empty) as (said, process):
        url, token = LINK.fullmatch(said[-1]).groups()
        assert said[0] == f"The board: {url}"
        assert ("postgresql" if "DATABASE_URL" in empty else empty["INSTANCE"]) in said[1]
        # At once: whoever asks while it starts only waits.
        assert requests.get(f"{url}/healthz", timeout=PATIENCE).text == "ok\n"
        with requests.Session() as person:
            page = person.get(f"{url}/sign-in", timeout=PATIENCE).text
            form = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
            told = {"csrf_token": form, "token": token}
            person.post(f"{url}/sign-in", data=told, timeout=PATIENCE).raise_for_status()
            board = person.get(f"{url}/", timeout=PATIENCE)
            assert re.search(r'href="/report"[^>]*>Report your first job<', board.text)
            assert f"Jobwall {run(empty, '--version').stdout.split()[1]}" in board.text
        assert stop(process, signal.SIGINT) == ""
    with served(empty) as (said, process):
        assert len(said) == 3
        assert not LINK.search(" ".join(said))
        typed = shlex.split(said[-1].removeprefix("To sign in: "))
        assert typed[1:] == ["sign-in-link", "--url", url_of(said)]
        linked = subprocess.run(typed, env=empty, capture_output=True, text=True, check=True)
        assert LINK.fullmatch(f"Sign in: {linked.stdout.strip()}")
        requests.get(f"{url_of(said)}/healthz", timeout=PATIENCE).raise_for_status()
        assert stop(process, signal.SIGTERM) == ""


@pytest.mark.parametrize("seconds", [0, 0.7])
def test_ctrl_c_ends_a_start_at_any_moment_without_a_traceback(
    tmp_path: Path, seconds: float
) -> None:
    with served({**os.environ, "INSTANCE": str(tmp_path / "i")}) as (_, process):
        time.sleep(seconds)
        stop(process, signal.SIGINT)


def test_ctrl_c_is_heeded_by_the_server_which_then_stops_its_workers(tmp_path: Path) -> None:
    with served({**os.environ, "INSTANCE": str(tmp_path / "i"), "WORKERS": "1"}) as (said, process):
        requests.get(f"{url_of(said)}/healthz", timeout=PATIENCE).raise_for_status()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        [worker] = map(int, children.read_text().split())
        os.kill(worker, signal.SIGINT)
        time.sleep(0.5)
        assert children.read_text().split() == [str(worker)]
        assert stop(process, signal.SIGINT) == ""


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"HOST": "nowhere.invalid"}, "Error: Cannot listen on HOST=nowhere.invalid PORT=8000: "),
        ({"WORKERS": "0"}, "WORKERS: must be a whole number from 1 to 1000"),
        ({"INSTANCE": "/proc/instance"}, "INSTANCE: cannot use /proc/instance: "),
        (
            {"PORT": "0", "DATABASE_URL": "sqlite:////proc/jobs.db"},
            "Error: The folder of the database is not there: nothing was stored (/proc/jobs.db",
        ),
        (
            {"PORT": "0", "DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/jobs"},
            "Error: The database did not answer: nothing was stored (connection failed: ",
        ),
    ],
    ids=lambda told: " ".join(told.values()) if isinstance(told, dict) else "",
)
def test_what_keeps_it_from_starting_is_one_line(
    tmp_path: Path, told: dict[str, str], line: str
) -> None:
    result = run({**os.environ, "INSTANCE": str(tmp_path / "i"), **told}, "serve")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.stderr


def test_a_taken_port_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    first, second = ({**os.environ, "INSTANCE": str(tmp_path / name)} for name in "ab")
    with served(first) as (said, _):
        port = said[0].rpartition(":")[2]
        result = run({**second, "PORT": port}, "serve")
    assert (result.returncode, result.stdout) == (1, "")
    taken = f"Port {port} is taken. Choose another, such as PORT={int(port) + 1}."
    assert result.stderr == f"Error: {taken}\n"
    assert not list((tmp_path / "b").glob("*.db"))


BEWARE = "keys and sign-in links travel readable"


@pytest.mark.parametrize(
    ("host", "found", "proxies", "risks"),
    [
        ("0.0.0.0", r"http://127\.0\.0\.1:\d+", "", True),
        ("0.0.0.0", r"http://127\.0\.0\.1:\d+", "10.0.0.7", False),
        ("::1", r"http://\[::1\]:\d+", "", False),
        ("::", r"http://\[::1\]:\d+", "", True),
        ("localhost", r"http://localhost:\d+", "", False),
    ],
)
def test_where_it_is_found_is_said_so_that_a_browser_opens_it_and_what_that_risks(
    tmp_path: Path, host: str, found: str, proxies: str, risks: bool
) -> None:
    environment = {**os.environ, "INSTANCE": str(tmp_path / "i"), "HOST": host}
    with served(environment | {"TRUSTED_PROXIES": proxies}) as (said, process):
        assert [BEWARE in line for line in said[:-3]] == [True] * risks
        url = url_of(said[-3:])
        assert re.fullmatch(found, url)
        assert requests.get(f"{url}/healthz", timeout=PATIENCE).text == "ok\n"
        if host == "::":
            old = f"http://127.0.0.1:{url.rpartition(':')[2]}/healthz"
            assert requests.get(old, timeout=PATIENCE).text == "ok\n"
        stop(process, signal.SIGINT)


def test_with_the_settings_of_gunicorn_alone_it_listens_on_ipv6_too(tmp_path: Path) -> None:
    code = "import app.cli.server as server; print(server.bind)"
    told = {**os.environ, "INSTANCE": str(tmp_path), "PORT": "8001"}
    for host in ("::1", "[::1]"):
        words = [sys.executable, "-c", code]
        said = subprocess.run(words, env=told | {"HOST": host}, capture_output=True, check=True)
        assert said.stdout == b"[::1]:8001\n"


def test_below_a_path_it_says_where_whatever_else_names_a_root(tmp_path: Path) -> None:
    told = {"PATH_PREFIX": "/job/wall", "SCRIPT_NAME": "/evil", "FORWARDED_ALLOW_IPS": "nonsense"}
    with served({**os.environ, "INSTANCE": str(tmp_path / "i"), **told}) as (said, process):
        url, _ = LINK.fullmatch(said[-1]).groups()
        assert url == url_of(said)
        assert url.endswith("/job/wall")
        assert requests.get(f"{url}/sign-in", timeout=PATIENCE).status_code == 200
        probe = f"{url.removesuffix('/job/wall')}/healthz"
        assert requests.get(probe, timeout=PATIENCE).text == "ok\n"
        stop(process, signal.SIGINT)


def test_causes_of_older_rules_are_worked_out_anew_while_the_board_is_served(
    tmp_path: Path,
) -> None:
    environment = {**os.environ, "INSTANCE": str(tmp_path)}
    run(environment, "db", "upgrade")
    run(environment, "projects", "create", "Contracts")
    with sqlite3.connect(tmp_path / "jobwall.db") as store:
        store.execute("UPDATE projects SET rules = 1")

    def by_other_rules() -> bool:
        with closing(sqlite3.connect(tmp_path / "jobwall.db")) as store:
            return bool(store.execute("SELECT 1 FROM projects WHERE rules = 1").fetchall())

    with served(environment) as (said, process):
        assert requests.get(f"{url_of(said)}/healthz", timeout=PATIENCE).status_code == 200
        began = time.monotonic()
        while by_other_rules() and time.monotonic() < began + PATIENCE:
            time.sleep(0.05)
        assert not by_other_rules()
        stop(process, signal.SIGINT)


def test_a_server_never_loads_what_only_migrations_need(tmp_path: Path) -> None:
    code = (
        "import sys, app.cli.server\n"
        "app.create_app().test_client().get('/healthz')\n"
        "print(*sorted({'alembic', 'flask_migrate', 'mako', 'pygments'} & set(sys.modules)))"
    )
    environment = {**os.environ, "INSTANCE": str(tmp_path)}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "\n"


# `jobwall db`


def test_the_commands_of_db_work_on_an_empty_store(empty: dict[str, str]) -> None:
    def db(*words: str) -> str:
        result = run(empty, "db", *words)
        assert result.returncode == 0, result.stderr
        assert "Traceback" not in result.stderr
        return result.stdout

    [head] = db("heads").splitlines()
    newest = int(head.removesuffix(" (head)"))
    db("-x", "any=thing", "upgrade")
    assert db("current") == f"{head}\n"
    assert len(db("history").splitlines()) == newest
    db("downgrade")
    folder = str(Path(__file__).parents[2] / "app" / "migrations")
    assert db("-d", folder, "current") == f"{newest - 1:04}\n"
    db("stamp", "head")
    assert db("current", "-d", folder) == f"{head}\n"


def test_what_db_cannot_do_is_one_line(tmp_path: Path) -> None:
    result = run({**os.environ, "INSTANCE": str(tmp_path)}, "db", "upgrade", "nosuch")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ")


def test_flask_has_the_same_commands(tmp_path: Path) -> None:
    words = ["db", "upgrade"]
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "INSTANCE": str(tmp_path)},
        check=True,
    )
    assert (tmp_path / "jobwall.db").exists()
