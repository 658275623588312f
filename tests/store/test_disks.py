"""A full disk, a read-only one, a lock file of no use: a 503 or a line, in words of their own."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from app.clock import now
from app.ledger.projects import create_project
from app.store.database import db, reading, writing
from tests.kit.api import Api
from tests.kit.commands import invoke
from tests.kit.databases import postgres_only, sqlite_only
from tests.kit.faulty import OPENING, WRITING, fail_from_now_on, in_a_child
from tests.kit.forms import form_of

JOB = {"job_id": "j", "source_doc_id": "d"}
FULL = "The disk is full: nothing was stored"
READ_ONLY = "The disk is read-only: nothing was stored"
LOCK = "The lock file of the database cannot be used: nothing was stored"


def lock() -> Path:
    return Path(f"{db.engine.url.database}.lock")


def fill() -> None:
    fail_from_now_on(WRITING, errno.ENOSPC)


def protect() -> None:
    fail_from_now_on(OPENING, errno.EROFS)


def take_away() -> None:
    lock().unlink()
    lock().mkdir()


def use_up() -> None:
    """As where there is room for no more files."""
    fail_from_now_on(OPENING, errno.ENOSPC)


def told(api: Api, form: dict[str, str]) -> list[str]:
    """What a report, a form and a command are told."""
    answers = [api.post(JOB), api.post({"jobs": [JOB]}, "/bulk"), api.patch("j", JOB)]
    page = api.client.post("/sign-out", data=form)
    for answer in (*answers, page):
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"].isdigit()
    result = invoke(api.app, "keys", "create", "--name", "k")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    return [*(answer.json["detail"] for answer in answers), page.text, result.stderr]


@sqlite_only
@pytest.mark.parametrize(
    ("spoil", "words"),
    [(fill, FULL), (protect, READ_ONLY), (take_away, LOCK), (use_up, FULL)],
)
def test_a_disk_that_takes_nothing_is_said(api: Api, spoil: Callable[[], None], words: str) -> None:
    api.key()
    api.sign_in()
    form = form_of(api.client, "/screens")
    api.app.jinja_env.bytecode_cache = None  # of the tests: it would be written there too
    db.engine.dispose()

    def ask() -> list[str]:
        create_project("p2", name="two", mode="kg_vector", now=now())
        spoil()
        said = told(api, form)
        assert api.get().status_code == 200, "what is open is still read"
        return said

    for said in in_a_child(ask):
        assert words in said
        assert str(lock().parent) not in said or said.startswith("Error: ")
    with reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM jobs")) == 0


@postgres_only
def test_a_full_disk_of_the_server_is_said(api: Api) -> None:
    api.key()
    api.sign_in()
    form = form_of(api.client, "/screens")
    raising = "BEGIN RAISE EXCEPTION ''no room'' USING ERRCODE = ''53100''; END"
    with writing() as connection:
        connection.execute(
            text(f"CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS '{raising}'")
        )
        for table in ("jobs", "api_keys", "sessions"):
            when = f"BEFORE INSERT OR UPDATE ON {table}"
            connection.execute(text(f"CREATE TRIGGER fills {when} EXECUTE FUNCTION fill()"))
    for said in told(api, form):
        assert FULL in said
