"""Settings that make no sense stop the start with one line."""

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app import config
from app.config import ConfigError, Serving, read, read_serving
from tests.kit import ROOT


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "://",
        "sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "mysql://user@host/name",
        "oracle://x",
        "postgresql://user@host:port/name",
        "postgresql://user@host:99999999999999999999x/name",
        "http://example.com",
        " ",
        "postgresql://user@one:5432,two:port/name",
        "postgresql://user@one,/name",
        "postgresql://user@one,two]/name",
        "postgresql://user@::1,::2/name",
        "mysql://user@one,two/name",
    ],
)
def test_a_database_url_that_makes_no_sense_is_one_line(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as stopped:
        read({"INSTANCE": str(tmp_path), "DATABASE_URL": url})
    line = str(stopped.value)
    assert line.startswith("DATABASE_URL: ")
    assert "\n" not in line


def test_without_its_driver_the_line_says_how_to_get_it_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.config.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as stopped:
        read({"INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://user@host/name"})
    python, *words = shlex.split(str(stopped.value).partition("its driver: ")[2])
    assert python == sys.executable
    assert words == ["-m", "pip", "install", "psycopg[binary]"]


def test_a_password_in_a_wrong_url_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as stopped:
        read({"INSTANCE": str(tmp_path), "DATABASE_URL": "mysql://user:hunter2@host/name"})
    assert "hunter2" not in str(stopped.value)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:////data/jobs.db", "sqlite+pysqlite"),
        ("postgresql://user:p%40ss@host/name", "postgresql+psycopg"),
        ("postgresql+psycopg2://user:p%40ss@host/name", "postgresql+psycopg"),
    ],
)
def test_a_url_gets_the_driver_that_we_ship(tmp_path: Path, url: str, driver: str) -> None:
    found = make_url(read({"INSTANCE": str(tmp_path), "DATABASE_URL": url}).database_url)
    assert found.drivername == driver
    assert (found.password, found.database) == (make_url(url).password, make_url(url).database)


BOTH = {"host": "one,two", "port": "5432,5433"}


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        ("postgresql://me:p%40ss@one:5432,two:5433/name", BOTH),
        ("postgresql+psycopg://me:p%40ss@one,two:5433/name", BOTH),
        ("postgresql://me:p%40ss@/name?host=one:5432&host=two:5433", BOTH),
        ("postgresql://me:p%40ss@/name?host=one,two&port=5432,5433", BOTH),
        (
            "postgresql://me:p%40ss@[fd00::1],[fd00::2]:5433/name",
            {"host": "fd00::1,fd00::2", "port": "5432,5433"},
        ),
        (
            "postgresql://me:p%40ss@%2Frun%2Fone,%2Frun%2Ftwo/name",
            {"host": "/run/one,/run/two", "port": "5432,5432"},
        ),
        (
            "postgresql://me:p%40ss@one,two:5433/name?target_session_attrs=any&sslmode=require",
            BOTH | {"target_session_attrs": "any", "sslmode": "require"},
        ),
    ],
)
def test_a_url_may_name_several_hosts_as_either_tool_writes_it(
    tmp_path: Path, url: str, arguments: dict[str, str]
) -> None:
    found = make_url(read({"INSTANCE": str(tmp_path), "DATABASE_URL": url}).database_url)
    _, given = found.get_dialect()().create_connect_args(found)
    wanted = {"user": "me", "password": "p@ss", "dbname": "name"} | arguments
    assert given == {"target_session_attrs": "read-write"} | wanted


def test_of_one_host_it_does_not_matter_what_it_may(tmp_path: Path) -> None:
    told = {"INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://user@one/name"}
    assert make_url(read(told).database_url).query == {}


def test_a_standby_is_asked_for_as_one_whatever_else_its_url_says(tmp_path: Path) -> None:
    told = {"INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://user@one/name"}
    assert read(told).standby_url is None
    for url, host in (("postgresql://user@two/name", "two"), ("postgresql://a,b/name", "a,b")):
        found = make_url(read(told | {"DATABASE_REPLICA_URL": url}).standby_url or "")
        _, given = found.get_dialect()().create_connect_args(found)
        assert (given["host"], given["target_session_attrs"]) == (host, "standby")
        assert found.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("primary", "standby"),
    [
        ("", "postgresql://user@two/name"),
        ("postgresql://user@one/name", "sqlite:///standby.db"),
        ("postgresql://user@one/name", "mysql://user@two/name"),
        ("postgresql://user@one/name", "nonsense"),
        ("postgresql://user@one/name", "postgresql://user@two:port/name"),
    ],
)
def test_a_standby_that_is_none_is_one_line(tmp_path: Path, primary: str, standby: str) -> None:
    told = {"DATABASE_URL": primary, "DATABASE_REPLICA_URL": standby}
    with pytest.raises(ConfigError, match=r"^DATABASE_REPLICA_URL: [^\n]*$"):
        read({"INSTANCE": str(tmp_path), **told})


@pytest.mark.parametrize("url", [None, ""])
def test_without_a_url_the_database_is_a_file_in_the_instance(
    tmp_path: Path, url: str | None
) -> None:
    environ = {"INSTANCE": str(tmp_path / "new" / "folder")}
    config = read(environ if url is None else {**environ, "DATABASE_URL": url})
    assert config.instance == tmp_path / "new" / "folder"
    assert config.instance.is_dir()
    assert make_url(config.database_url).database == str(config.instance / "jobwall.db")


def test_an_instance_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(ConfigError, match=r"^INSTANCE: .*file"):
            read({"INSTANCE": str(place)})


def test_the_secret_key_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = (read({"INSTANCE": str(tmp_path / "one")}) for _ in range(2))
    other = read({"INSTANCE": str(tmp_path / "two")})
    assert first.secret_key == second.secret_key != other.secret_key
    assert len(first.secret_key) >= 32
    path = tmp_path / "one" / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64], ids=str)
def test_a_secret_key_that_is_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret_key").write_bytes(content)
    with pytest.raises(ConfigError, match="secret_key"):
        read({"INSTANCE": str(tmp_path)})


POSTGRES = "postgresql://user@host/name"


@pytest.mark.parametrize(
    ("told", "each"),
    [
        ({}, 20),
        ({"WORKERS": "3"}, 13),
        ({"WORKERS": "20"}, 2),
        ({"WORKERS": "8", "DATABASE_CONNECTIONS": "90"}, 11),
        ({"WORKERS": "1", "DATABASE_CONNECTIONS": "2"}, 2),
    ],
)
def test_the_connections_of_a_board_are_shared_by_its_workers(
    tmp_path: Path, told: dict[str, str], each: int
) -> None:
    environ = {"INSTANCE": str(tmp_path), "DATABASE_URL": POSTGRES} | told
    assert read(environ).connections == each


@pytest.mark.parametrize(
    "told",
    [
        {"DATABASE_CONNECTIONS": "many"},
        {"DATABASE_CONNECTIONS": "0"},
        {"DATABASE_CONNECTIONS": "-4"},
        {"DATABASE_CONNECTIONS": "1000000"},
        {"DATABASE_CONNECTIONS": "3"},
        {"DATABASE_CONNECTIONS": "15", "WORKERS": "8"},
        {"WORKERS": "21"},
    ],
)
def test_connections_that_make_no_sense_or_are_too_few_are_one_line(
    tmp_path: Path, told: dict[str, str]
) -> None:
    environ = {"INSTANCE": str(tmp_path), "DATABASE_URL": POSTGRES} | told
    with pytest.raises(ConfigError, match=r"^DATABASE_CONNECTIONS: [^\n]*$"):
        read(environ)


def test_sqlite_has_as_many_connections_as_it_needs(tmp_path: Path) -> None:
    assert read({"INSTANCE": str(tmp_path), "WORKERS": "1000"})


@pytest.mark.parametrize("url", ["", POSTGRES])
@pytest.mark.parametrize("key", ["x", "hunter2" * 4, "x" * 31])
def test_a_secret_key_that_is_too_short_is_one_line(tmp_path: Path, url: str, key: str) -> None:
    environ = {"INSTANCE": str(tmp_path), "DATABASE_URL": url, "SECRET_KEY": key}
    with pytest.raises(ConfigError) as stopped:
        read(environ)
    assert str(stopped.value) == "SECRET_KEY: must be 32 characters or more"
    assert read(environ | {"SECRET_KEY": "x" * 32}).secret_key == "x" * 32


@pytest.mark.parametrize(
    "command", [["flask", "--app", "wsgi", "projects", "list"], ["gunicorn", "wsgi:app"]]
)
@pytest.mark.parametrize("url", ["nonsense", "postgresql://user@host:port/name"])
def test_the_start_stops_with_one_line(tmp_path: Path, command: list[str], url: str) -> None:
    stopped = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "INSTANCE": str(tmp_path), "DATABASE_URL": url, "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert stopped.returncode != 0
    assert "Traceback" not in stopped.stderr
    assert stopped.stderr.count("\n") == 1, stopped.stderr
    assert "DATABASE_URL" in stopped.stderr


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("PORT", ["http", "-1", "65536", "80.0", "²"]),
        ("WORKERS", ["abc", "0", "-1", "2.5", "1001", "99999999", "²"]),
        ("LOG_LEVEL", ["loud", "1"]),
    ],
)
def test_a_setting_of_the_server_that_makes_no_sense_is_one_line(
    name: str, values: list[str]
) -> None:
    for value in values:
        with pytest.raises(ConfigError, match=rf"^{name}: must be [^\n]*$"):
            read_serving({name: value})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("TRUSTED_PROXIES", ["*", "proxy", "10.0.0.7/8", "10.0.0", "::1,nginx", "10.0.0.1:80"]),
        ("TRUSTED_PROXIES", ["10.0.0.1 10.0.0.2", "10.0.0.0-10.0.0.9", "[::1]", "unix"]),
        ("ALLOWED_HOSTS", ["*", "https://a.example", "a.example:80", "a/b", "*.example", "ä", "."]),
        ("ALLOWED_HOSTS", ["a.example b.example", "a..example", ".", "[::1]:80"]),
        ("PATH_PREFIX", ["jobwall", "/", "/jobwall/", "//a", "/a//b", "/..", "/a b", "/a?b", "/ä"]),
        ("PATH_PREFIX", ["https://a.example/jobwall", "/a;b", "/%61", "/a\n"]),
    ],
)
def test_a_setting_about_clients_that_makes_no_sense_is_one_line(
    tmp_path: Path, name: str, values: list[str]
) -> None:
    for value in values:
        with pytest.raises(ConfigError, match=rf"\A{name}: [^\n]*\Z"):
            read({"INSTANCE": str(tmp_path), name: value})


def test_lists_may_have_spaces_and_commas_too_many(tmp_path: Path) -> None:
    told = {
        "TRUSTED_PROXIES": " 10.0.0.0/8, ::1,,",
        "ALLOWED_HOSTS": "B.example , [::1],.c.example",
    }
    found = read({"INSTANCE": str(tmp_path), **told})
    assert [str(one) for one in found.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert found.allowed_hosts == ("b.example", "::1", ".c.example")


def test_an_empty_setting_is_none(tmp_path: Path) -> None:
    empty = {variable.name: "" for variable in config.VARIABLES}
    assert read_serving(empty) == read_serving({}) == Serving("127.0.0.1", 8000, 2, "warning")
    told = {"INSTANCE": str(tmp_path)}
    assert read(empty | told) == read(told)


@pytest.mark.parametrize(
    ("environ", "instance"),
    [
        ({"HOME": "/home/me"}, "/home/me/.local/share/jobwall"),
        ({"HOME": "/home/me", "XDG_DATA_HOME": "/data"}, "/data/jobwall"),
        ({"HOME": "/home/me", "XDG_DATA_HOME": "/data", "INSTANCE": "/srv/board"}, "/srv/board"),
    ],
)
def test_an_installed_board_stores_in_the_home_of_its_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], instance: str
) -> None:
    monkeypatch.setattr(config, "INSTALLED", True)
    told = {name: f"{tmp_path}{value}" for name, value in environ.items()}
    monkeypatch.setenv("HOME", told["HOME"])
    assert read(told).instance == Path(f"{tmp_path}{instance}")


def test_no_other_module_reads_the_environment() -> None:
    reads = re.compile(r"\bos\.environ[.\[]|\bgetenv\b|import environ\b")
    reading = {path.name for path in config.PACKAGE.rglob("*.py") if reads.search(path.read_text())}
    assert reading == set(), "`app.config.VARIABLES` has every variable"


def test_a_number_of_workers_that_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    started = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
        cwd=ROOT,
        env={**os.environ, "INSTANCE": str(tmp_path), "WORKERS": "abc", "PORT": "8399"},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert started.returncode == 1
    assert started.stderr.strip() == "WORKERS: must be a whole number from 1 to 1000"
