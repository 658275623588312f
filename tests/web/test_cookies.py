"""Cookies have names of their board's own, and over TLS the names that browsers guard."""

import hashlib

import pytest

from app import create_app
from app.config import read
from app.web.cookies import FORM, SCREEN, SESSION, SETTINGS, Naming
from tests.kit.apps import another_app
from tests.kit.cookies import name_in
from tests.kit.databases import sqlite_only
from tests.kit.forms import cookies_of

KINDS = (SESSION, FORM, SETTINGS, SCREEN)


def test_every_board_has_names_of_its_own_that_stay(tmp_path) -> None:
    boards = [create_app(read({"INSTANCE": str(tmp_path / name)})) for name in ("a", "b", "a")]
    names = [[name_in(one, kind) for kind in KINDS] for one in boards]
    assert names[0] == names[2]
    assert len({*names[0], *names[1]}) == 2 * len(KINDS)


def test_a_name_tells_nothing_of_the_secret_key(tmp_path) -> None:
    key = read({"INSTANCE": str(tmp_path)}).secret_key
    mark = Naming(key.encode, "").mark
    assert len(mark) == 8
    assert mark not in key
    for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5):
        assert mark not in digest(key.encode()).hexdigest(), "it can be tried out"


@sqlite_only
@pytest.mark.parametrize(
    ("scheme", "prefix", "begins", "path"),
    [
        ("http", "", "jobwall_form_", "/"),
        ("https", "", "__Host-jobwall_form_", "/"),
        ("http", "/wall", "jobwall_form_", "/wall"),
        ("https", "/wall", "__Secure-jobwall_form_", "/wall"),
    ],
)
def test_over_tls_browsers_guard_them(
    settings: dict[str, str], scheme: str, prefix: str, begins: str, path: str
) -> None:
    with another_app(settings, PATH_PREFIX=prefix, TRUSTED_PROXIES="127.0.0.1") as app:
        answer = app.test_client().get(f"{prefix}/sign-in", headers={"X-Forwarded-Proto": scheme})
    [(name, cookie)] = cookies_of(answer).items()
    assert name == name_in(app, FORM, secure=scheme == "https")
    assert name.startswith(begins)
    assert cookie["path"] == path
    assert not cookie["domain"]
    assert bool(cookie["secure"]) == (scheme == "https")
