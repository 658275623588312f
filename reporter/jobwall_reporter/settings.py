"""Where to report, and how: from arguments, else from the environment."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit


class Settings(NamedTuple):
    """What a reporter needs to know; spans in seconds."""

    url: str
    key: str
    project: str
    spool: Path
    interval: float = 1.0
    heartbeat: float = 60.0
    farewell: float = 2.0

    @property
    def address(self) -> str:
        """The project's jobs, below which everything is asked."""
        return f"{self.url.rstrip('/')}/api/v1/projects/{quote(self.project, safe='')}/jobs"


class SettingsError(ValueError):
    """What is missing or wrong, in words."""


def settings_of(
    url: str | None = None,
    key: str | None = None,
    project: str | None = None,
    spool: str | None = None,
) -> Settings | None:
    """The settings; None where no URL is given, for then nothing is to be reported.

    Raises SettingsError where there is a URL that cannot be used, or no key or project beside it.
    """
    url = (url or os.environ.get("JOBWALL_URL", "")).strip()
    key = (key or os.environ.get("JOBWALL_KEY", "")).strip()
    project = (project or os.environ.get("JOBWALL_PROJECT", "")).strip()
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"JOBWALL_URL is {url!r}, and must begin with http:// or https://")
    missing = [name for name, value in (("KEY", key), ("PROJECT", project)) if not value]
    if missing:
        raise SettingsError(
            " and ".join(f"JOBWALL_{name}" for name in missing) + " must be set too"
        )
    if "…" in key:
        raise SettingsError(f"JOBWALL_KEY is {key}, which stands for one: make a key first")
    if not (key.isascii() and key.isprintable()):
        raise SettingsError("JOBWALL_KEY has characters that no key has")
    given = spool or os.environ.get("JOBWALL_SPOOL") or ""
    folder = Path(given) if given else _default_spool()
    return Settings(url, key, project, folder / _name_of(url, project))


def _default_spool() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "jobwall-reporter"


def _name_of(url: str, project: str) -> str:
    """A folder for each project of each board: what is kept for one is never sent to another."""
    return hashlib.sha256(f"{url.rstrip('/')} {project}".encode()).hexdigest()[:16]
