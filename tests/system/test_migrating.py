"""Migrations that are started at once wait for each other: real processes, on both engines."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.config import read
from app.store import schema
from app.store.database import db
from app.store.migrating import alone
from tests.kit.commands import JOBWALL

HURRIED = """
from app.store import migrating
migrating.PATIENCE = 0.2
from app.cli.__main__ import main
main()
"""
WAITING = "Another process migrates the tables; waiting for it, "


def start(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*words, "db", "upgrade"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def store(empty: dict[str, str]) -> Iterator[Flask]:
    """An app on a store without tables."""
    app = create_app(read(empty))
    with app.app_context():
        yield app
        db.engine.dispose()


def test_of_migrations_at_once_each_says_that_it_waits_and_ends_well(
    empty: dict[str, str], store: Flask
) -> None:
    with alone(db.engine, print):
        processes = [start(empty, JOBWALL) for _ in range(3)]
        for process in processes:
            assert process.stderr is not None
            assert process.stderr.readline() == f"{WAITING}600 s at most\n"
    for process in processes:
        assert process.communicate(timeout=120) == ("", "")
        assert process.returncode == 0
    assert schema.fault() is None


def test_who_waits_for_too_long_ends_with_one_more_line(
    empty: dict[str, str], store: Flask
) -> None:
    with alone(db.engine, print):
        process = start({**empty, "PYTHONPATH": os.getcwd()}, sys.executable, "-c", HURRIED)
        said, complained = process.communicate(timeout=120)
    assert (process.returncode, said) == (1, "")
    waiting, given_up = complained.splitlines()
    assert waiting.startswith(WAITING)
    assert given_up == (
        "Error: Another process has migrated the tables for 0 s: try again when it is done"
    )
