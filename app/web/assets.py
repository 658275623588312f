"""Static files by content: joined, trimmed and packed once, under a name with their hash.

So a page asks for few files, and a browser keeps each for a year. A change shows after a restart.
"""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from flask import Blueprint, Flask, Response, abort, request, url_for

from app.config import PACKAGE, ROOT
from app.web.packing import PACKED_VARY, accepts_gzip
from app.web.trimming import trim_css, trim_js

STATIC = ROOT / "static"
YEAR = 31_536_000
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
PACKED_ALREADY = (".woff2",)

_SHELL = ("css/base.css", "css/bar.css", "css/print.css")
BUNDLES: dict[str, tuple[str, ...]] = {
    "fonts.css": ("css/fonts.css",),
    "door.css": (*_SHELL, "css/door.css"),
    "overview.css": (*_SHELL, "css/ledger.css", "css/projects.css"),
    "project.css": (*_SHELL, "css/ledger.css"),
    "job.css": (*_SHELL, "css/ledger.css", "css/job.css"),
    "causes.css": (*_SHELL, "css/ledger.css", "css/causes.css"),
    "screens.css": (*_SHELL, "css/screens.css"),
    "report.css": (*_SHELL, "css/ledger.css", "css/report.css"),
    "code.css": ("css/code.css",),
    "live.js": (
        "js/times.js",
        "js/settings.js",
        "js/typed.js",
        "js/held.js",
        "js/live.js",
        "js/rows.js",
        "js/keys.js",
    ),
    "screens.js": ("js/times.js", "js/settings.js"),
    "copy.js": ("js/copy.js",),
    "ways.js": ("js/ways.js",),
    "door.js": ("js/sign_in.js",),
}
"""What a kind of page needs, in the order in which it is joined. htmx stays a file of its own: it
outlives our releases in the browsers' caches."""

_URL = re.compile(r'url\("([^":]+)"\)')  # with a colon it holds what it shows: data:

blueprint = Blueprint("assets", __name__)


class Asset(NamedTuple):
    """A file as it is sent; `packed` is the same with gzip, where that is smaller."""

    name: str
    etag: str
    content_type: str
    body: bytes
    packed: bytes | None


@cache
def find(name: str) -> Asset:
    """A bundle, or a file under static/ as it is. Raises KeyError for what is neither."""
    suffix = Path(name).suffix
    content_type = TYPES[suffix]
    if name in BUNDLES:
        body = _join(name, suffix)
    else:
        path = PurePosixPath(name)
        # By one name alone: what is asked for by thousands would be kept as often.
        if ".." in path.parts or str(path) != name or not (STATIC / path).is_file():
            raise KeyError(name)
        body = (STATIC / path).read_bytes()
    packed = body if suffix in PACKED_ALREADY else gzip.compress(body, 9, mtime=0)
    digest = hashlib.sha256(body).hexdigest()[:12]
    hashed = f"{name.removesuffix(suffix)}.{digest}{suffix}"
    return Asset(hashed, digest, content_type, body, packed if len(packed) < len(body) else None)


def _join(name: str, suffix: str) -> bytes:
    trim = trim_css if suffix == ".css" else trim_js
    parts: list[str] = []
    for source in BUNDLES[name]:
        try:
            parts.append(trim((STATIC / source).read_text("utf-8")))
        except ValueError as error:
            raise ValueError(f"static/{source}: {error}") from None
    joined = "".join(parts)
    return (_URL.sub(_addressed, joined) if suffix == ".css" else joined).encode()


def _addressed(url: re.Match[str]) -> str:
    """A file named in a style sheet, as the browser finds it from there."""
    return f"url({find(url[1]).name})"


def asset(name: str) -> str:
    """The URL of a bundle or a static file, that changes whenever its content does."""
    return url_for("assets.show", name=find(name).name)


@blueprint.get("/assets/<path:name>")
def show(name: str) -> Response:
    """A file by its name with the hash, for a year.

    With another build's hash it is today's, for once: while servers are exchanged, a page is
    better served by the next style sheet than by none.
    """
    plain, _, suffix = name.rpartition(".")
    try:
        found = find(f"{plain.rpartition('.')[0]}.{suffix}")
    except KeyError:
        abort(404)
    keep = f"public, max-age={YEAR}, immutable" if found.name == name else "no-cache"
    response = Response(found.body, content_type=found.content_type)
    if found.packed is not None and accepts_gzip():
        response.set_data(found.packed)
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = keep
    response.headers["Vary"] = PACKED_VARY
    response.set_etag(found.etag)
    response.make_conditional(request)
    return response


@cache
def build_id() -> str:
    """What this build is: a hash of the code, the templates and the static files."""
    digest = hashlib.sha256()
    for folder in (PACKAGE, ROOT / "templates", ROOT / "static"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in (".pyc", ".pyo"):
                digest.update(path.relative_to(folder.parent).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def init_app(app: Flask) -> None:
    """Offer `asset` to templates; make all bundles now, so that a fault in one stops the start."""
    app.jinja_env.globals["asset"] = asset
    app.config["BUILD"] = build_id()
    app.register_blueprint(blueprint)
    for name in BUNDLES:
        find(name)
