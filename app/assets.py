"""Static files by content: a URL with the file's hash, to be kept for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for

from app.config import ROOT

STATIC = ROOT / "static"
YEAR = 31_536_000


@cache
def asset(name: str) -> str:
    """The URL of a static file, that changes whenever the file does."""
    return url_for("static", filename=name, v=_hash(STATIC / name))


def build_id() -> str:
    """What this build is: a hash of the code, the templates and the static files."""
    digest = hashlib.sha256()
    for folder in ("app", "templates", "static"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix not in (".pyc", ".pyo"):
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def init_app(app: Flask) -> None:
    """Offer `asset` to templates, and let browsers keep what has a hash in its URL."""
    app.jinja_env.globals["asset"] = asset
    app.config["BUILD"] = build_id()

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args and response.status_code < 400:
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response
