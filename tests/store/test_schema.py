"""Tables of another revision: named in one line, whoever meets them."""

import os
import subprocess
import sys

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import text

from app.store import schema
from app.store.database import db, reading, writing
from tests.kit import ROOT
from tests.kit.api import Api
from tests.kit.commands import JOBWALL
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem

GUNICORN = [sys.executable, "-m", "gunicorn", "wsgi:app"]  # as the README has it
NEWEST = schema.WANTED
OLDER = f"is of revision {int(NEWEST) - 1:04}, and this Jobwall wants {NEWEST}: type `"
NEWER = f"is of revision 9999, made by a newer Jobwall; this one knows {NEWEST} at most: install"
NONE = f"has no tables yet, and this Jobwall wants revision {NEWEST}: type `"


def run(settings: dict[str, str], words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **settings, "PORT": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def mark(revision: str) -> None:
    """Have the store say that it is of a revision."""
    with writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    db.engine.dispose()


def test_the_revisions_are_those_of_alembic(app: Flask) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    steps = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert schema.revisions() == steps[::-1]
    assert steps[0] == schema.WANTED
    with reading() as connection:
        assert schema.revision_of(connection) == schema.WANTED
    assert schema.fault() is None


@pytest.mark.slow
def test_tables_of_a_newer_jobwall_stop_every_start_with_one_line(
    app: Flask, settings: dict[str, str]
) -> None:
    mark("9999")
    for words in (GUNICORN, [JOBWALL, "serve"]):
        result = run(settings, words)
        assert (result.returncode, result.stdout) == (1, ""), result.stderr
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith(f"Error: The database {NEWER}"), result.stderr
    with reading() as connection:
        assert schema.revision_of(connection) == "9999"


@pytest.mark.slow
@sqlite_only
@pytest.mark.parametrize(("revision", "words"), [("-1", OLDER), ("base", NONE)])
def test_older_tables_stop_what_does_not_migrate_with_the_command_to_type(
    app: Flask, settings: dict[str, str], revision: str, words: str
) -> None:
    flask_migrate.downgrade(revision=revision)
    db.engine.dispose()
    result = run(settings, GUNICORN)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(f"Error: The database {words}"), result.stderr
    typed = result.stderr.split("`")[1].split()
    assert run(settings, typed).returncode == 0
    assert schema.fault() is None


def test_tables_that_others_migrated_meanwhile_are_named(api: Api) -> None:
    """A statement that fails tells it; and it passes when they are brought up again."""
    api.sign_in()
    flask_migrate.downgrade(revision="0001")
    problem = assert_problem(api.post({"source_doc_id": "d"}), 503)
    assert "is of revision 0001" in problem["detail"]
    assert problem["detail"].endswith("db upgrade`: nothing was stored.")
    page = api.client.get("/")
    assert (page.status_code, "is of revision 0001" in page.text) == (503, True)
    flask_migrate.upgrade()
    assert api.post({"source_doc_id": "d"}).status_code == 201
