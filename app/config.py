"""The environment, parsed once. A setting that makes no sense stops the start with one line."""

import os
import re
import secrets
import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

PACKAGE = Path(__file__).resolve().parent
INSTALLED = (PACKAGE / "templates").is_dir()
ROOT = PACKAGE if INSTALLED else PACKAGE.parent
"""Where templates/, static/ and examples/ are: beside the code in a checkout, and inside it in a
wheel, whose neighbours are other people's (`setup.py` puts them there)."""

MIB = 1024 * 1024
LEAST_SECRET = 32  # characters
LEAST_CONNECTIONS = 2  # of a process: one that writes must not keep the others from reading
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
ENGINES = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}

_HOST = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")

Network = IPv4Network | IPv6Network
"""Some addresses, or one."""


_SEVERAL_HOSTS = re.compile(
    r"(?P<before>postgresql(?:\+\w+)?://(?:[^/?#]*@)?)(?P<hosts>[^/?#@]+,[^/?#@]*)(?P<after>.*)"
)
_PLACE = re.compile(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::(\d+))?")  # of IPv6 in brackets


class Variable(NamedTuple):
    """A variable of the environment; where it is absent or empty, its default counts."""

    name: str
    meaning: str
    default: str = ""

    def of(self, environ: Mapping[str, str] = os.environ) -> str:
        """What an environment says."""
        return environ.get(self.name) or self.default


DATA_HOME = Variable(
    "XDG_DATA_HOME", "where an installed Jobwall makes the folder INSTANCE", "~/.local/share"
)
INSTANCE = Variable(
    "INSTANCE",
    "the folder for SQLite's database and secret key",
    f"{DATA_HOME.default}/jobwall" if INSTALLED else str(ROOT / "instance"),
)
DATABASE_URL = Variable(
    "DATABASE_URL", "where the jobs are; if empty, in a SQLite file in INSTANCE"
)
REPLICA_URL = Variable(
    "DATABASE_REPLICA_URL", "a standby of PostgreSQL, which then makes pages too; if empty, none"
)
CONNECTIONS = Variable(
    "DATABASE_CONNECTIONS",
    "connections to PostgreSQL, of all WORKERS together; to its standby as many",
    "40",
)
SECRET_KEY = Variable(
    "SECRET_KEY", "signs forms, 32 characters or more; if empty, one that is made and kept"
)
HOST = Variable("HOST", "the address where it listens", "127.0.0.1")
PORT = Variable("PORT", "the port where it listens", "8000")
WORKERS = Variable("WORKERS", "processes, 18 threads each", "2")
CACHE_MB = Variable("CACHE_MB", "pages that each process keeps made, in MiB; 0 for none", "16")
LOG_LEVEL = Variable("LOG_LEVEL", f"what the server tells: {', '.join(LOG_LEVELS)}", "warning")
TRUSTED_PROXIES = Variable(
    "TRUSTED_PROXIES", "proxies that are believed on who asks, and how: addresses, networks"
)
ALLOWED_HOSTS = Variable("ALLOWED_HOSTS", "hosts that it answers to, by name; if empty, to every")
PATH_PREFIX = Variable("PATH_PREFIX", "the path below which it answers, such as /jobwall")
MIRROR_ALLOW = Variable(
    "MIRROR_ALLOW", "addresses, networks that the mirror may ask though they are not public"
)
VARIABLES = (
    INSTANCE,
    DATA_HOME,
    DATABASE_URL,
    REPLICA_URL,
    CONNECTIONS,
    SECRET_KEY,
    HOST,
    PORT,
    WORKERS,
    CACHE_MB,
    LOG_LEVEL,
    TRUSTED_PROXIES,
    ALLOWED_HOSTS,
    PATH_PREFIX,
    MIRROR_ALLOW,
)
"""Every variable that we read: no other module names one."""


class ConfigError(SystemExit):
    """A setting that cannot be used; its text is the line that the operator reads."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the environment decides.

    `secret_key` None: the database keeps it. `connections` are those to PostgreSQL of a process,
    and as many again to its standby, where it has one.
    """

    instance: Path
    database_url: str
    secret_key: str | None = field(repr=False)
    cache_bytes: int = 16 * MIB
    connections: int = 20
    standby_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    path_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Serving:
    """How the board is served; `port` 0 is any free one."""

    host: str
    port: int
    workers: int
    log_level: str


def read(environ: Mapping[str, str] = os.environ) -> Config:
    """Read what an app needs: where it stores things, what it keeps, and whom it believes.

    Makes the instance folder and, on the first start with SQLite, the secret key in it (mode 0600).
    Raises ConfigError.
    """
    instance = _instance(environ)
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"INSTANCE: cannot use {instance}: {error.strerror}") from None
    database_url = _database_url(DATABASE_URL.of(environ), instance)
    return Config(
        instance=instance,
        database_url=database_url,
        secret_key=_secret_key(SECRET_KEY.of(environ), database_url, instance / "secret_key"),
        cache_bytes=_cache_bytes(CACHE_MB.of(environ)),
        connections=_connections(environ, database_url),
        standby_url=_standby_url(REPLICA_URL.of(environ), database_url),
        trusted_proxies=trusted_proxies(environ),
        allowed_hosts=tuple(_host(text) for text in _listed(ALLOWED_HOSTS, environ)),
        path_prefix=path_prefix(environ),
    )


def read_serving(environ: Mapping[str, str] = os.environ) -> Serving:
    """Read what a server needs beside its app. Raises ConfigError."""
    level = LOG_LEVEL.of(environ).lower()
    if level not in LOG_LEVELS:
        raise ConfigError(f"LOG_LEVEL: must be one of {', '.join(LOG_LEVELS)}")
    return Serving(
        host=HOST.of(environ).removeprefix("[").removesuffix("]"),
        port=_whole(PORT, environ, 0, 65535),
        workers=_whole(WORKERS, environ, 1, 1000),
        log_level=level,
    )


def trusted_proxies(environ: Mapping[str, str] = os.environ) -> tuple[Network, ...]:
    """The proxies that are believed. Raises ConfigError."""
    return _networks(TRUSTED_PROXIES, environ)


def mirror_allow(environ: Mapping[str, str] = os.environ) -> tuple[Network, ...]:
    """The networks that the mirror may ask beside public ones. Raises ConfigError."""
    return _networks(MIRROR_ALLOW, environ)


def path_prefix(environ: Mapping[str, str] = os.environ) -> str:
    """The path below which the board answers, empty where it answers below none.

    Raises ConfigError.
    """
    text = PATH_PREFIX.of(environ)
    if text and not _PREFIX.fullmatch(text):
        raise ConfigError(
            "PATH_PREFIX: must be a path such as /jobwall, without a slash at its end"
        )
    return text


def _listed(variable: Variable, environ: Mapping[str, str]) -> list[str]:
    """The parts of a text with commas."""
    return [part for text in variable.of(environ).split(",") if (part := text.strip())]


def _networks(variable: Variable, environ: Mapping[str, str]) -> tuple[Network, ...]:
    return tuple(_network(variable, text) for text in _listed(variable, environ))


def _network(variable: Variable, text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ConfigError(
            f"{variable.name}: {text!r} is no address and no network such as 10.0.0.0/8"
        ) from None


def _host(text: str) -> str:
    """A host as it is compared: its name, `.name` for all below it too, or an address."""
    name = text.lower().removeprefix("[").removesuffix("]")
    try:
        return str(ip_address(name))
    except ValueError:
        if not _HOST.fullmatch(name):
            raise ConfigError(
                f"ALLOWED_HOSTS: {text!r} is no name of a host such as board.example.com,"
                " without a port"
            ) from None
    return name


def _instance(environ: Mapping[str, str]) -> Path:
    if not INSTALLED or environ.get(INSTANCE.name):
        return Path(INSTANCE.of(environ)).absolute()
    try:
        return Path(DATA_HOME.of(environ)).expanduser().absolute() / "jobwall"
    except RuntimeError:
        raise ConfigError("INSTANCE: there is no home folder here; name a folder") from None


def _whole(variable: Variable, environ: Mapping[str, str], least: int, most: int) -> int:
    text = variable.of(environ)
    if not text.isascii() or not text.isdigit() or not least <= int(text[:6]) <= most:
        raise ConfigError(f"{variable.name}: must be a whole number from {least} to {most}")
    return int(text)


def _connections(environ: Mapping[str, str], database_url: str) -> int:
    """How many connections to PostgreSQL a process may have open, of those of the board."""
    every, workers = _whole(CONNECTIONS, environ, 1, 10_000), _whole(WORKERS, environ, 1, 1000)
    if every < LEAST_CONNECTIONS * workers and not database_url.startswith("sqlite"):
        raise ConfigError(
            f"DATABASE_CONNECTIONS: {every} are too few for {workers} WORKERS: each needs "
            f"{LEAST_CONNECTIONS}"
        )
    return every // workers


def _cache_bytes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise ConfigError("CACHE_MB: must be a whole number of MiB; 0 keeps no pages")
    return int(text) * MIB


def _database_url(text: str, instance: Path) -> str:
    if not text:
        url = URL.create(ENGINES["sqlite"], database=str(instance / "jobwall.db"))
        return url.render_as_string(hide_password=False)
    url = _url_of(DATABASE_URL, text, "read-write")
    engine = url.get_backend_name()
    if engine not in ENGINES:
        raise ConfigError(f"DATABASE_URL: {engine} is not supported; use sqlite or postgresql")
    if engine == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigError("DATABASE_URL: SQLite in memory cannot serve two processes; name a file")
    if engine == "postgresql" and find_spec("psycopg") is None:
        raise ConfigError(
            "DATABASE_URL: PostgreSQL needs its driver: "
            f"{shlex.quote(sys.executable)} -m pip install 'psycopg[binary]'"
        )
    return url.set(drivername=ENGINES[engine]).render_as_string(hide_password=False)


def _standby_url(text: str, database_url: str) -> str | None:
    """Where the standby is; it is asked for one that follows another server, whatever the host."""
    if not text:
        return None
    url = _url_of(REPLICA_URL, text, "standby")
    if url.get_backend_name() != "postgresql" or database_url.startswith("sqlite"):
        raise ConfigError(
            "DATABASE_REPLICA_URL: only PostgreSQL has standbys; DATABASE_URL names its primary"
        )
    url = url.set(query={"target_session_attrs": "standby", **url.query})
    return url.set(drivername=ENGINES["postgresql"]).render_as_string(hide_password=False)


def _url_of(variable: Variable, text: str, wanted: str) -> URL:
    try:
        return _read_url(text, wanted)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        raise ConfigError(
            f"{variable.name}: not a URL such as postgresql+psycopg://user@host/name"
        ) from None


def _read_url(text: str, wanted: str) -> URL:
    """A URL; one of several hosts also as PostgreSQL's own tools take it, and SQLAlchemy does not.

    Of several the board wants one that is so (`target_session_attrs`), unless the URL says else.
    """
    several = _SEVERAL_HOSTS.fullmatch(text)
    if several is None:
        url = make_url(text)
    else:
        places = [_PLACE.fullmatch(one) for one in several["hosts"].split(",")]
        if None in places:
            raise ValueError("not a host")
        named = [(unquote(one[1] or one[2]), one[3] or "5432") for one in places if one]
        hosts, ports = (",".join(each) for each in zip(*named, strict=True))
        url = make_url(several["before"] + several["after"])
        url = url.update_query_dict({"host": hosts, "port": ports})
    host = url.query.get("host", "")
    if isinstance(host, tuple) or "," in host:
        url = url.set(query={"target_session_attrs": wanted, **url.query})
    return url


def _secret_key(given: str, database_url: str, path: Path) -> str | None:
    """The key that signs form tokens: made once, so that a restart breaks no open form.

    None of PostgreSQL, which keeps it for all hosts that serve it (`access.secret`).
    """
    if given and len(given) < LEAST_SECRET:
        raise ConfigError(f"SECRET_KEY: must be {LEAST_SECRET} characters or more")
    if given or not database_url.startswith("sqlite"):
        return given or None
    try:
        if not path.exists():
            _write_secret(path)
        key = path.read_text("ascii", "ignore").strip()
    except OSError as error:
        raise ConfigError(f"INSTANCE: cannot use {path}: {error.strerror}") from None
    if len(key) < LEAST_SECRET:
        raise ConfigError(f"{path}: too short to be a secret key; delete it")
    return key


def _write_secret(path: Path) -> None:
    """Write a new key, for its owner alone; of two first starts at once, one writes it whole."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
