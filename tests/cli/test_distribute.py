"""`jobwall distribute` where there is no Citus: it says what is missing, and changes nothing."""

import pytest

from tests.kit.databases import postgres_only, sqlite_only


@sqlite_only
def test_a_file_is_not_laid_out(run) -> None:
    done = run("distribute", "--yes")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: SQLite is one file: move to PostgreSQL first")


@postgres_only
@pytest.mark.parametrize("word", ["--yes", "--print"])
def test_a_server_alone_is_told_what_to_do(run, word: str) -> None:
    done = run("distribute", word)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: The database has no Citus: install it")
    assert done.stderr.count("\n") == 1


@sqlite_only
def test_nobody_is_asked_where_nobody_is(run) -> None:
    done = run("distribute")
    assert done.exit_code == 2
    assert "give --yes, or --print to look first" in done.stderr
