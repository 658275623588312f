"""The environment, parsed once. A setting that makes no sense stops the start with one line."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
ENGINES = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class ConfigError(SystemExit):
    """A setting that cannot be used; its text is the line that the operator reads."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the environment decides."""

    instance: Path
    database_url: str
    secret_key: str
    cache_bytes: int = 16 * MIB


def read(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the settings: `INSTANCE` (a folder for what must stay), `DATABASE_URL`, `CACHE_MB`.

    Makes the instance folder and, on the first start, the secret key in it (mode 0600).
    Raises ConfigError.
    """
    instance = Path(environ.get("INSTANCE") or ROOT / "instance").absolute()
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"INSTANCE: cannot use {instance}: {error.strerror}") from None
    return Config(
        instance=instance,
        database_url=_database_url(environ.get("DATABASE_URL", ""), instance),
        secret_key=_secret_key(instance / "secret_key"),
        cache_bytes=_cache_bytes(environ.get("CACHE_MB", "16")),
    )


def _cache_bytes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise ConfigError("CACHE_MB: must be a whole number of MiB; 0 keeps no pages")
    return int(text) * MIB


def _database_url(text: str, instance: Path) -> str:
    if not text:
        url = URL.create(ENGINES["sqlite"], database=str(instance / "jobwall.db"))
        return url.render_as_string(hide_password=False)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        raise ConfigError(
            "DATABASE_URL: not a URL such as postgresql+psycopg://user@host/name"
        ) from None
    engine = url.get_backend_name()
    if engine not in ENGINES:
        raise ConfigError(f"DATABASE_URL: {engine} is not supported; use sqlite or postgresql")
    if engine == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigError("DATABASE_URL: SQLite in memory cannot serve two processes; name a file")
    if engine == "postgresql" and find_spec("psycopg") is None:
        raise ConfigError("DATABASE_URL: PostgreSQL needs its driver: pip install '.[postgres]'")
    return url.set(drivername=ENGINES[engine]).render_as_string(hide_password=False)


def _secret_key(path: Path) -> str:
    """The key that signs form tokens: made once, so that a restart breaks no open form."""
    try:
        if not path.exists():
            _write_secret(path)
        key = path.read_text("ascii", "ignore").strip()
    except OSError as error:
        raise ConfigError(f"INSTANCE: cannot use {path}: {error.strerror}") from None
    if len(key) < 32:
        raise ConfigError(f"{path}: too short to be a secret key; delete it")
    return key


def _write_secret(path: Path) -> None:
    """Write a new key, for its owner alone; of two first starts at once, one writes it whole."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
