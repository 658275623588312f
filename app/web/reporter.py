"""The reporter as pipelines fetch it from the board: a wheel for pip, and a program in one file.

It is on no package index. What is sent is made of its sources, which every installation has beside
its templates, so nothing has to be built or published before, and it is as old as the board.
"""

import hashlib
import io
import re
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from flask import Blueprint, Response, abort, request

from app.config import ROOT

SOURCES = ROOT / "reporter"
PACKAGE = "jobwall_reporter"
PROGRAM = "jobwall-report.pyz"
SHEBANG = b"#!/usr/bin/env python3\n"

blueprint = Blueprint("reporter", __name__)


class File(NamedTuple):
    """What is fetched: its name, its type, itself."""

    name: str
    content_type: str
    body: bytes


@blueprint.get("/reporter/<name>")
def fetch(name: str) -> Response:
    """One of the files, for anybody: pip has no key of ours, and there is no secret in it."""
    found = next((one for one in (wheel(), program()) if one.name == name), None)
    if found is None:
        abort(404)
    response = Response(found.body, content_type=found.content_type)
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(hashlib.sha256(found.body).hexdigest()[:12])
    response.make_conditional(request)
    return response


@cache
def wheel() -> File:
    """The wheel, as the specification of binary distributions has it."""
    about = _about()
    version = _version()
    info = f"{PACKAGE}-{version}.dist-info"
    scripts = "\n".join(f"{name} = {place}" for name, place in about["scripts"].items())
    files = _modules() | {
        f"{info}/METADATA": (
            "Metadata-Version: 2.4\n"
            f"Name: {about['name']}\nVersion: {version}\nSummary: {about['description']}\n"
            f"License-Expression: {about['license']}\nRequires-Python: {about['requires-python']}\n"
        ).encode(),
        f"{info}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: jobwall\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{info}/entry_points.txt": f"[console_scripts]\n{scripts}\n".encode(),
    }
    record = [f"{name},sha256={_digest(body)},{len(body)}\n" for name, body in files.items()]
    files[f"{info}/RECORD"] = "".join((*record, f"{info}/RECORD,,\n")).encode()
    return File(f"{PACKAGE}-{version}-py3-none-any.whl", "application/zip", _zipped(files))


@cache
def program() -> File:
    """`jobwall-report` in one file that Python runs: for cron, where nothing is to be installed."""
    [place] = _about()["scripts"].values()
    module, _, function = place.partition(":")
    start = f"import sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n"
    files = _modules() | {"__main__.py": start.encode()}
    return File(PROGRAM, "application/zip", SHEBANG + _zipped(files))


def _modules() -> dict[str, bytes]:
    """The package, by the names of its files."""
    paths = sorted((SOURCES / PACKAGE).rglob("*"))
    return {
        path.relative_to(SOURCES).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and path.suffix in (".py", ".typed")
    }


def _about() -> dict[str, dict[str, str]]:
    with (SOURCES / "pyproject.toml").open("rb") as file:
        about: dict[str, dict[str, str]] = tomllib.load(file)["project"]
        return about


def _version() -> str:
    text = (SOURCES / PACKAGE / "__init__.py").read_text("utf-8")
    [version] = re.findall(r'^__version__ = "(.+)"', text, re.MULTILINE)
    return str(version)


def _digest(body: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, body in files.items():
            about = zipfile.ZipInfo(name)  # of 1980, so that the same files make the same bytes
            about.external_attr = 0o644 << 16
            archive.writestr(about, body, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
