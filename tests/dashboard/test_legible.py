"""What would show as nothing shows as a mark wherever people read, and nowhere else."""

import csv
import io
import json
import re
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.access.keys import create_key
from app.access.scopes import Scope
from app.clock import now
from app.ledger.projects import create_project
from app.rules.causes import cause_name, cause_of
from app.rules.legible import HIDDEN, legible
from app.screens.store import create_link
from app.store.database import writing
from tests.kit.api import Api
from tests.kit.databases import sqlite_only

pytestmark = sqlite_only  # what is shown does not depend on the engine

EVIL = ["\u202e", "\u200b", "\x1b", "\ufeff", "\u3164", "\u2028", "\U000e0041", "\x7f", "\t"]
EXACT = r'\s(?:value|data-exact)="([^"]*)"'
COLOURED = "\x1b[31mERROR\x1b[0m \x1b[1mtimed out\x1b[0m after 30 s"


def report(api: Api, job_id: str, document: str, error: str | None, **more: object) -> None:
    body = {"job_id": job_id, "source_doc_id": document, "status": "failed", **more}
    answer = api.post(body | ({} if error is None else {"error_message": error}))
    assert answer.status_code in (200, 201), answer.data


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return unescape(answer.text)


def seen(page: str) -> str:
    """A page without what goes back to programs."""
    return re.sub(EXACT, "", page)


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_no_page_holds_what_nobody_sees(api: Api, evil: str) -> None:
    mark, api.project = legible(evil), "evil"
    name, document, error = f"A{evil}B", f"C{evil}D/E{evil}F", f"G{evil}H\nI{evil}J"
    create_project("evil", name=name, mode="kg_vector", now=now())
    with writing() as connection:
        create_key(connection, name=name, scope=Scope.READ, project_id=None, now=now())
        create_link(connection, name=name, projects=["evil"], now=now())
    for number in range(3):
        report(api, f"j{number}", document, error, attempt=2)
    report(api, "j5", "another", error)
    report(api, "j0", document, error, attempt=1)  # an earlier attempt
    report(api, "j0", document, f"K{evil}L", attempt=2, completed_at="2026-03-01T00:00:00Z")
    report(api, "j4", document, None)
    api.sign_in()
    filters = [
        urlencode(one) for one in ({"q": document}, {"document": document}, {"q": f"G{evil}H"})
    ]
    paths = ["/", f"/?{urlencode({'q': name})}", "/projects/evil", "/projects/evil/causes"]
    paths += [f"/projects/evil?{one}" for one in filters]
    paths += [f"/projects/evil?cause={cause_name(cause_of(error.partition(chr(10))[0]))}"]
    paths += ["/projects/evil/jobs/j0", f"/projects/evil/document?id={quote(document)}"]
    paths += ["/wall", "/wall?project=evil", "/screens", "/screens/1", "/screens/link"]
    paths += ["/report?project_id=evil"]
    for path in paths:
        page = read(api.client, path)
        hidden = set(re.findall(f"[{HIDDEN}]", seen(page))) - {"\n"}
        if path.endswith("/jobs/j0") and evil == "\t":
            hidden -= {"\t"}  # an error in full has its tabs
        assert hidden == set(), path
        assert mark in seen(page), path
        assert mark not in "".join(re.findall(EXACT, page)), path
    assert f"<title>Failing · A{mark}B · jobwall</title>" in read(api.client, "/projects/evil")


def test_what_programs_get_is_what_was_sent(api: Api) -> None:
    document, error = "C\u202eD/=E\u200bF", "G\u202eH\n\x1b[31mI"
    report(api, "j", document, error)
    assert api.get("/j").json["source_doc_id"] == document
    assert api.get("/j").json["error_message"] == error
    asked = urlencode({"document": document})
    assert api.get(f"?{asked}").json["total"] == 1
    api.sign_in()
    [row] = csv.DictReader(
        io.StringIO(api.client.get(f"/projects/p1/jobs.csv?{asked}").data.decode("utf-8-sig"))
    )
    assert (row["source_doc_id"], row["error_message"]) == (document, error)
    [line] = api.client.get(f"/projects/p1/jobs.ndjson?{asked}").data.splitlines()
    assert json.loads(line)["source_doc_id"] == document
    listed = read(api.client, f"/projects/p1?{asked}&{urlencode({'q': document})}")
    assert re.findall(EXACT, listed).count(document) == 4  # typed, and carried along by each form
    job = api.client.get("/projects/p1/jobs/j").text
    [copied] = re.findall(r'data-exact="([^"]*)"', job)
    assert unescape(copied) == document
    [shown] = re.findall(r'<pre id="json-text" tabindex="0"><code>(.*?)</code>', job, re.DOTALL)
    assert not re.search(f"[{HIDDEN}]", shown.replace("\n", ""))
    assert json.loads(unescape(shown)) == api.get("/j").json
    [link] = set(re.findall(r'href="(/projects/p1/document\?id=[^"]*)"', job))
    assert api.client.get(unescape(link)).status_code == 200


def test_an_error_is_shown_without_the_codes_of_terminals(api: Api) -> None:
    report(api, "j", "d", COLOURED)
    report(api, "k", "e", "ERROR timed out after 31 s")
    with writing() as connection:  # as it was kept before codes were taken out
        connection.execute(text("UPDATE causes SET line = :line"), {"line": COLOURED})
    api.sign_in()
    job = read(api.client, "/projects/p1/jobs/j")
    assert '<code id="error" dir="auto">ERROR timed out after 30 s</code>' in job
    for path in ("/projects/p1", "/projects/p1/causes", "/wall?project=p1", "/"):
        page = read(api.client, path)
        assert "timed out after 3" in page
        assert "[31m" not in page
    assert "2 failed jobs" in read(api.client, "/projects/p1/causes").replace("\xa0", " ")
    assert api.get("/j").json["error_message"] == COLOURED


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, "no error message"),
        ("", "no error message"),
        ("\u200b\ufeff \n", "an error without readable text"),
        ("\x1b[31m\x1b[0m", "an error without readable text"),
    ],
)
def test_an_error_that_shows_nothing_says_so(api: Api, error: str | None, words: str) -> None:
    report(api, "j", "d", error)
    report(api, "j", "d", error, completed_at="2026-03-01T00:00:00Z")
    report(api, "j", "d", "another", completed_at="2026-03-01T00:00:00Z")  # a conflict
    report(api, "j", "d", error, attempt=2)
    api.sign_in()
    job = read(api.client, "/projects/p1/jobs/j")
    assert f'<p class="why" dir="auto">{words.capitalize()}.</p>' in job
    assert 'id="error"' not in job
    assert "All jobs that failed by this cause" in job
    assert f"<bdi>{words}</bdi>" in read(api.client, "/projects/p1")
    assert "No reason given" in read(api.client, "/projects/p1/causes")
    if error:
        assert "⟨U+" not in job


def test_commands_tell_names_legibly(api: Api) -> None:
    name = "A\u202eB\x1b[2J"
    create_project("evil", name=name, mode="kg_vector", now=now())
    with writing() as connection:
        create_key(connection, name=name, scope=Scope.READ, project_id=None, now=now())
        create_link(connection, name=name, projects=None, now=now())
    runner = api.app.test_cli_runner()
    for group in ("projects", "keys", "screens"):
        told = runner.invoke(args=[group, "list"], color=True).output
        assert "A⟨U+202E⟩B⟨U+001B⟩[2J" in told
        assert not re.search(f"[{HIDDEN}]", told.replace("\n", ""))
    report(api, "j", name, "torn")
    with writing() as connection:
        connection.exec_driver_sql("DELETE FROM documents")
    told = runner.invoke(args=["verify"], color=True).output
    assert "documents A⟨U+202E⟩B⟨U+001B⟩[2J: stored none, counted a row" in told
