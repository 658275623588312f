"""The commands of `jobwall`: what scripts read, what people read, and the exit codes."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app.access.keys import find_key
from app.access.scopes import Scope
from app.access.sessions import spend_link
from app.clock import now
from app.ledger.report import Report
from app.rules.status import JobStatus
from app.rules.times import DAY
from app.store.database import reading, writing
from tests.kit import ROOT
from tests.kit.api import Api
from tests.kit.commands import JOBWALL
from tests.kit.databases import sqlite_only
from tests.kit.recording import record

KEY = r"ib-[A-Za-z0-9_-]{43}"


def grant_of(key: str, at: int = 0):
    with reading() as connection:
        found = find_key(connection, key, at or now())
    return found and found[1]


# Keys


def test_a_new_key_is_alone_on_stdout(run) -> None:
    result = run("keys", "create", "--name", "ci", "--scope", "write")
    assert result.exit_code == 0
    assert re.fullmatch(KEY + "\n", result.stdout)
    assert result.stderr == ""
    grant = grant_of(result.stdout.strip())
    assert (grant.label, grant.scope, grant.project_id) == ("ci", Scope.WRITE, None)


def test_so_it_is_in_a_real_shell(settings: dict[str, str]) -> None:
    made = subprocess.run(
        [JOBWALL, "keys", "create", "--name", "ci"],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert re.fullmatch(KEY + "\n", made.stdout)
    assert made.stderr == ""


def test_a_key_may_do_least_unless_more_is_asked_for(run) -> None:
    grant = grant_of(run("keys", "create", "--name", "k").stdout.strip())
    assert (grant.scope, grant.project_id) == (Scope.READ, None)


def test_a_key_may_be_of_one_project_and_end(run) -> None:
    run("projects", "create", "Reports")
    words = ("keys", "create", "--name", "k", "--project", "reports", "--expires")
    for when in ("90d", "2099-01-01T00:00:00Z"):
        key = run(*words, when).stdout.strip()
        assert grant_of(key).project_id == "reports"
        assert grant_of(key, now() + 89 * DAY) is not None
        assert (grant_of(key, now() + 91 * DAY) is None) == (when == "90d")


def test_keys_are_listed_with_their_state_and_never_whole(run, app: Flask) -> None:
    keys = [
        run("keys", "create", "--name", name, "--expires", "1d").stdout.strip()
        for name in ("one", "two", "three")
    ]
    eternal = run("keys", "create", "--name", "four", "--scope", "admin").stdout.strip()
    run("keys", "revoke", "2")
    with writing() as connection:
        connection.execute(text("UPDATE api_keys SET expires_at = 1 WHERE key_id = 3"))
    listed = run("keys", "list")
    assert listed.exit_code == 0
    lines = [line.split() for line in listed.stdout.splitlines()]
    assert [(line[0], line[-1]) for line in lines] == [
        ("4", "four"),
        ("3", "three"),
        ("2", "two"),
        ("1", "one"),
    ]
    for line, state in zip(lines, ("valid", "expired", "revoked", "until"), strict=True):
        assert state in line
    assert "admin" in lines[0]
    for key in (*keys, eternal):
        assert key not in listed.stdout


def test_a_revoked_key_is_gone_at_once(run) -> None:
    key = run("keys", "create", "--name", "k").stdout.strip()
    assert grant_of(key) is not None
    assert run("keys", "revoke", "1").exit_code == 0
    assert grant_of(key) is None
    again = run("keys", "revoke", "1")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "no valid key 1" in again.stderr


# Projects


@pytest.mark.parametrize(
    ("name", "project_id"),
    [("Annual Reports", "annual-reports"), ("x", "x"), ("  Été 2026!", "t-2026"), ("a:b", "a-b")],
)
def test_a_project_gets_its_id_from_its_name(run, name: str, project_id: str) -> None:
    result = run("projects", "create", name)
    assert (result.exit_code, result.stdout) == (0, project_id + "\n")


def test_projects_are_listed(run) -> None:
    run("projects", "create", "Reports", "--id", "r", "--mode", "vector_only")
    run("projects", "create", "Notes", "--silent-after", "5m", "--expect-every", "1d")
    lines = [line.split() for line in run("projects", "list").stdout.splitlines()]
    assert [(line[0], line[1], line[-1]) for line in lines] == [
        ("notes", "kg_vector", "Notes"),
        ("r", "vector_only", "Reports"),
    ]


def test_namespaces_are_set_listed_and_taken_away(run) -> None:
    run("projects", "create", "Spark")
    run("projects", "create", "Other")
    said = run("projects", "set", "spark", "--namespaces", "spark-*, prod").stdout
    assert said == "spark: changed namespaces\n"
    taken = run("projects", "set", "other", "--namespaces", "prod", "--name", "New")
    assert (taken.exit_code, "'prod' is another project's already" in taken.stderr) == (1, True)
    lines = [line.split() for line in run("projects", "namespaces").stdout.splitlines()]
    assert lines == [["prod", "spark"], ["spark-*", "spark"]]
    assert "New" not in run("projects", "list").stdout
    run("projects", "set", "spark", "--namespaces", "")
    assert run("projects", "namespaces").stdout == ""


@sqlite_only
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("keys create", 2, "--name"),
        ("keys create --name k --scope owner", 2, "read"),
        ("keys create --name k --project none", 1, "none"),
        ("keys create --name k --expires soon", 2, "90d"),
        ("keys create --name k --expires 0d", 2, "90d"),
        ("keys create --name k --expires -1d", 2, "90d"),
        ("keys create --name k --expires 2001-01-01T00:00:00Z", 2, "passed"),
        ("keys create --name k --expires 2101-01-01T00:00:00Z", 2, "2099"),
        ("keys create --name k --expires 2030-01-01T00:00:00", 2, "offset"),
        ("keys revoke", 2, "NUMBER"),
        ("keys revoke one", 2, "one"),
        ("keys revoke 99", 1, "99"),
        ("keys revoke 99999999999999999999", 2, "99999999999999999999"),
        ("projects create", 2, "NAME"),
        ("projects create !!!", 2, "--id"),
        ("projects create n --id -x", 2, None),
        ("projects create n --id a/b", 2, "a/b"),
        ("projects create n --mode graph", 2, "kg_vector"),
        ("projects create n --silent-after never", 2, "15m"),
        (f"projects create {'n' * 201} --id n", 2, "200"),
        ("projects create taken", 1, "taken"),
        ("projects set taken --namespaces a*b", 2, "a*b"),
        ("projects set none --namespaces a", 1, "none"),
        ("verify --project none", 1, "none"),
        ("rebuild --project none", 1, "none"),
        ("no-such-command", 2, "no-such-command"),
    ],
)
def test_bad_input_is_said_in_words_and_makes_nothing(
    run, words: str, code: int, said: str | None
) -> None:
    run("projects", "create", "taken")
    before = [run("projects", "list").stdout, run("keys", "list").stdout]
    result = run(*words.split())
    assert result.exit_code == code
    assert result.stdout == ""
    assert (said or "") in result.stderr
    assert "Traceback" not in result.stderr
    assert [run("projects", "list").stdout, run("keys", "list").stdout] == before


def test_a_database_without_tables_is_said_in_one_line(run) -> None:
    with writing() as connection:
        connection.execute(text("DROP TABLE sessions"))
        connection.execute(text("DROP TABLE api_keys"))
    for words in (("keys", "list"), ("keys", "create", "--name", "k"), ("keys", "revoke", "1")):
        result = run(*words)
        assert result.exit_code == 1
        assert "jobwall db upgrade" in result.stderr
        assert result.stderr.count("\n") == 1


@sqlite_only
def test_a_store_that_only_others_may_write_is_said_in_one_line(
    run, settings: dict[str, str]
) -> None:
    folder = Path(settings["INSTANCE"])
    (folder / "jobwall.db.lock").unlink(missing_ok=True)
    folder.chmod(0o500)
    user = os.geteuid()
    os.seteuid(user or 65534)  # root may write anywhere
    try:
        result = run("keys", "create", "--name", "k")
    finally:
        os.seteuid(user)
        folder.chmod(0o700)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: The lock file of the database cannot be used: nothing was stored"
        f" ({folder}/jobwall.db.lock: Permission denied)\n"
    )


def test_a_sign_in_link_is_a_line_that_opens_once(run) -> None:
    result = run("sign-in-link", "--url", "https://board.example/")
    found = re.fullmatch(r"https://board\.example/sign-in#([A-Za-z0-9_-]{22,})\n", result.stdout)
    with writing() as connection:
        assert spend_link(connection, found[1], now()) is not None
        assert spend_link(connection, found[1], now()) is None


@pytest.mark.parametrize(
    "url", ["https://b.example", "https://b.example/", "https://b.example/wall/"]
)
def test_links_lead_below_the_path_of_the_board(
    run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PATH_PREFIX", "/wall")
    for command, page in (("sign-in-link", "sign-in"), ("screens link --name Hall", "wall")):
        printed = run(*command.split(), "--url", url).stdout
        assert printed.startswith(f"https://b.example/wall/{page}#")
    assert run("sign-in-link").stdout.startswith("http://127.0.0.1:8000/wall/sign-in#")


# The audit


@pytest.fixture
def filled(api: Api) -> Api:
    """A project with a job of every status, and another one."""
    jobs = [
        {
            "job_id": f"j{number}",
            "source_doc_id": "d",
            "status": ("pending", "running", "completed", "failed")[number % 4],
            "started_at": "2026-03-01T00:00:00Z",
            "completed_at": "2026-03-01T00:01:00Z",
            "chunks_processed": number,
            "nodes_created": number % 3,
            "error_message": f"the disk /dev/sd{number} is full",
        }
        for number in range(20)
    ]
    assert api.post({"jobs": jobs}, "/bulk").status_code == 200
    return api


CORRUPTIONS = [
    "UPDATE created_counts SET failed = failed + 1 WHERE level = 0",
    "UPDATE created_counts SET pending = 0 WHERE level = 2",
    "DELETE FROM created_counts WHERE level = 1",
    "INSERT INTO created_counts VALUES ('p1', 1, 0, 1, 0, 0, 0, 0)",
    "UPDATE created_counts SET empty = empty + 7 WHERE level = 1",
    "UPDATE finished_counts SET nodes = nodes - 1",
    "DELETE FROM finished_counts",
    "UPDATE duration_counts SET jobs = 99",
    "UPDATE jobs SET ended_at = ended_at + 1 WHERE job_id = 'j3'",
    "UPDATE jobs SET empty = NOT empty WHERE job_id = 'j2'",
    "UPDATE jobs SET status = 3 WHERE job_id = 'j1'",
    "DELETE FROM jobs WHERE job_id = 'j0'",
    "DELETE FROM documents",
    "UPDATE documents SET failing_since = NULL",
    "UPDATE causes SET jobs = jobs + 1",
    "UPDATE causes SET documents = 0",
    "UPDATE causes SET first_at = first_at + 1",
    "UPDATE causes SET last_at = last_at - 1",
    "UPDATE causes SET line = 'another'",
    "DELETE FROM causes",
    "INSERT INTO causes VALUES ('p1', 7, 'boom', 'j0', 1, 0, 1, 1)",
    "UPDATE cause_counts SET failed = failed + 1",
    "DELETE FROM cause_counts",
    "INSERT INTO cause_counts VALUES ('p1', 7, 0, 1, 0)",
    "INSERT INTO documents (project_id, document, failed_at, job_id, error, cause)"
    " VALUES ('p1', 'nobody', 1, 'j0', 'boom', 7)",
]


def test_what_was_only_reported_is_clean(run, filled: Api) -> None:
    for words in (("verify",), ("verify", "--project", "p1")):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (0, "clean\n")
    assert run("rebuild").stdout == "nothing to mend\n"


def test_what_a_clock_has_stamped_wrong_is_mended_when_that_is_said(run, filled: Api) -> None:
    record("p1", [Report(job_id="z", source_doc_id="z", status=JobStatus.FAILED)], now=now() + DAY)
    assert run("verify").stdout == "clean\n"
    assert run("rebuild").stdout == "nothing to mend\n"
    assert re.search(r"jobs z heard_at: .*mended", run("rebuild", "--clock-was-ahead").stdout, re.S)
    assert run("rebuild", "--clock-was-ahead").stdout == "nothing to mend\n"
    assert run("verify").stdout == "clean\n"


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_wrong_count_is_found_and_mended(run, filled: Api, corruption: str) -> None:
    etag = filled.get().headers["ETag"]
    with writing() as connection:
        assert connection.execute(text(corruption)).rowcount > 0

    found = run("verify")
    assert found.exit_code == 1
    *findings, last = found.stdout.splitlines()
    assert findings
    assert all(re.match(r"p1: .+: stored .+, counted .+$", line) for line in findings)
    assert last.startswith(f"{len(findings)} ")
    assert run("verify").stdout == found.stdout, "verifying mends nothing"

    mended = run("rebuild")
    assert mended.exit_code == 0
    assert mended.stdout.splitlines()[:-1] == findings
    assert run("verify").stdout == "clean\n"
    assert filled.get(**{"If-None-Match": etag}).status_code == 200, "caches learn of it"


def test_a_finding_says_where_and_how_much(run, filled: Api) -> None:
    with writing() as connection:
        connection.execute(text(CORRUPTIONS[0]))
    [line, _] = run("verify").stdout.splitlines()
    assert line == "p1: created_counts day 2026-03-01T00:00:00Z failed: stored 6, counted 5"


def test_only_the_named_project_is_looked_at_and_mended(run, filled: Api) -> None:
    run("projects", "create", "Other")
    with writing() as connection:
        connection.execute(text(CORRUPTIONS[0]))
    assert run("verify", "--project", "other").exit_code == 0
    assert run("rebuild", "--project", "other").stdout == "nothing to mend\n"
    assert run("verify").exit_code == 1
