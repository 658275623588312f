"""Files of a list: exactly what the page lists, safe to open, and never held as a whole."""

import csv
import io
import json
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.access.keys import create_key
from app.access.scopes import Scope
from app.clock import now
from app.dashboard import export
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries import exports, jobs, search
from app.queries.contract import CONTRACT
from app.queries.filters import JobFilter
from app.queries.projects import get_project
from app.rules.causes import cause_name, cause_of
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE, SECOND, format_time
from app.store.database import db, reading, writing
from tests.kit.forms import sign_in
from tests.kit.recording import record
from tests.kit.statements import statements

T0 = 1_700_000_000 * SECOND  # 2023-11-14T22:13:20Z
TIMEOUT = "LLM API timeout after 3 retries"


def report(number: int) -> Report:
    """One job a second, five of a document; every fourth failed, some of them late."""
    created = T0 + number * SECOND
    status = JobStatus(number % 4)
    return Report(
        job_id=f"j{number:05}",
        source_doc_id=f"doc-{number // 5}",
        status=status,
        created_at=created,
        started_at=created,
        completed_at=created + (HOUR if number % 100 == 3 else MINUTE),
        chunks_processed=number,
        error_message=TIMEOUT if number % 8 == 3 else "Database connection lost",
    )


def fill(amount: int) -> None:
    create_project("p", name="P", mode="kg_vector", now=T0)
    for start in range(0, amount, 1000):
        batch = [report(number) for number in range(start, min(start + 1000, amount))]
        record("p", batch, now=T0 + 2 * HOUR)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    with writing() as connection:
        key = create_key(connection, name="k", scope=Scope.READ, now=now()).text
    client = app.test_client()
    assert sign_in(client, key=key).status_code == 303
    return client


def told(visitor: FlaskClient, query: str = "") -> list[dict[str, object]]:
    """What the two files tell, which is the same."""
    lines = visitor.get(f"/projects/p/jobs.ndjson{query}")
    table = visitor.get(f"/projects/p/jobs.csv{query}")
    assert lines.status_code == table.status_code == 200
    rows = [json.loads(line) for line in lines.data.splitlines()]
    cells = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"), newline="")))
    assert cells == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
    ]
    return rows


def paged(wanted: JobFilter) -> list[dict[str, object]]:
    """The list, page by page."""
    rows: list[dict[str, object]] = []
    with reading() as connection:
        project = get_project(connection, "p")
        while True:
            page = jobs.list_jobs(
                connection,
                project,
                wanted,
                limit=1000,
                offset=len(rows),
                now=T0 + 3 * HOUR,
                reading=CONTRACT,
            )
            rows += page.rows
            if not page.rows:
                return rows


def contract(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: row[name] for name in exports.FIELDS[:10]} for row in rows]


def test_a_long_list_is_told_whole_batch_by_batch(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(5000)
    monkeypatch.setattr(exports, "BATCH", 700)
    held: list[int] = []
    monkeypatch.setattr(
        export, "write_ndjson", lambda rows: held.append(len(rows)) or b"%d\n" % len(rows)
    )
    with statements(db.engine) as heard:
        visitor.get("/projects/p/jobs.ndjson").close()
        whole = visitor.get("/projects/p/jobs.ndjson").data
    assert held == [700] + [700] * 7 + [100]
    assert sum(map(int, whole.split())) == 5000
    # Who asks and the first jobs, then, for each batch, again; the first answer was given up.
    assert len(heard) == 2 + 8 * 2
    monkeypatch.undo()
    rows = told(visitor)
    assert contract(rows) == paged(JobFilter())
    assert list(rows[0]) == list(exports.FIELDS)


FAILED = frozenset({JobStatus.FAILED})
LOST = cause_of("Database connection lost")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?status=failed", JobFilter(status=FAILED)),
        ("?empty=1", JobFilter(empty=True)),
        ("?stalled=1", JobFilter(stalled=T0 + 2 * HOUR)),
        (
            "?since=2023-11-14T22:14:00Z&until=2023-11-14T22:20:00Z",
            JobFilter(since=T0 + 40 * SECOND, until=T0 + 400 * SECOND),
        ),
        ("?q=doc-1", JobFilter(q="doc-1")),
        ("?document=doc-7", JobFilter(document="doc-7")),
        (f"?cause={cause_name(LOST)}", JobFilter(cause=LOST)),
        (
            f"?cause={cause_name(LOST)}&longer=30m&status=failed",
            JobFilter(cause=LOST, longer=HOUR // 2, status=FAILED),
        ),
        ("?longer=10m", JobFilter(longer=10 * MINUTE)),
        ("?longer=2d", JobFilter(longer=48 * HOUR)),
        (
            "?finished=2023-11-14T23",
            JobFilter(finished=(T0 + 46 * MINUTE + 40 * SECOND, T0 + 2 * HOUR)),
        ),
    ],
)
@pytest.mark.parametrize("most", [10_000, 20])
def test_a_file_tells_what_the_page_lists(
    app: Flask, visitor: FlaskClient, monkeypatch, query: str, wanted: JobFilter, most: int
) -> None:
    fill(600)
    monkeypatch.setattr(exports, "BATCH", 30)
    listed = paged(wanted)
    monkeypatch.setattr(search, "MOST_FOUND", most)
    # What an index has in order is told whole, however much more it is than a page looks at.
    in_order = wanted.columns is not None or wanted.get("document") or wanted.get("cause")
    rows = told(visitor, query)
    if in_order or len(listed) <= most:
        assert contract(rows) == listed
    else:
        assert contract(rows) == paged(wanted)
        assert len(rows) == most
        assert "X-Search-Limited" in visitor.get(f"/projects/p/jobs.csv{query}").headers
    assert (query == "?longer=2d") == (rows == [])


def test_a_file_tells_more_than_the_contract(app: Flask, visitor: FlaskClient) -> None:
    fill(12)
    record("p", [replace(report(3), attempt=2)], now=T0 + 3 * HOUR)
    [row] = told(visitor, "?document=doc-0&status=failed")
    assert {name: row[name] for name in exports.FIELDS[10:]} == {
        "created_at": "2023-11-14T22:13:23Z",
        "attempt": 2,
        "duration_seconds": 3600.0,
        "cause": cause_name(cause_of(TIMEOUT)),
    }
    assert told(visitor, "?q=j00000")[0]["duration_seconds"] is None


def test_a_job_is_told_once_however_the_list_changes_meanwhile(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(100)
    monkeypatch.setattr(exports, "BATCH", 10)
    names: list[str] = []
    answer = visitor.get("/projects/p/jobs.ndjson")
    for number, lines in enumerate(answer.iter_encoded()):
        names += [json.loads(line)["job_id"] for line in lines.splitlines()]
        created = T0 + 200 * SECOND
        new = Report(job_id=f"new-{number}", source_doc_id="d", created_at=created)
        changed = [replace(report(99 - place), attempt=5, status=None) for place in range(100)]
        record("p", [new, *changed], now=T0 + 3 * HOUR)
    assert names == [f"j{99 - place:05}" for place in range(100)]


SIGNS = "=+-@＝＋－＠"


@given(
    st.text(
        st.sampled_from(" \t\r\n\xa0\u2003\u3000\u2028\ufeff\u200b\u202e\u2800\x1b\x0b\xad\u3164")
    ),
    st.sampled_from(SIGNS),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_no_sign_of_a_formula_begins_a_cell_however_it_is_hidden(
    blanks: str, sign: str, rest: str
) -> None:
    assert cell(blanks + sign + rest) == f"'{blanks}{sign}{rest}"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_is_no_formula_is_told_as_it_is(text: str) -> None:
    plain = text.lstrip(f"{SIGNS}\t\r\n")
    assert cell(f"a{text}") == f"a{text}"
    assert cell(f"1{plain}") == f"1{plain}"
    assert cell(f"'{text}") == f"'{text}"


def cell(text: str) -> str:
    """What a spreadsheet reads of a text."""
    row = dict.fromkeys(exports.FIELDS) | {"error_message": text}
    [read] = csv.reader(io.StringIO(export.write_csv([row]).decode(), newline=""))
    return read[exports.FIELDS.index("error_message")]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "\ufeff \xa0＋"])
def test_no_cell_is_a_formula(app: Flask, visitor: FlaskClient, begin: str) -> None:
    create_project("p", name="P", mode="kg_vector", now=T0)
    evil = f'{begin}HYPERLINK("http://x","a\r\nb,;c")'
    told_as = {"source_doc_id": evil, "error_message": evil}
    record("p", [Report(job_id="j", status=JobStatus.FAILED, **told_as)], now=T0)
    table = visitor.get("/projects/p/jobs.csv").data
    assert table.startswith(b"\xef\xbb\xbfjob_id,project_id,")
    assert table.endswith(b"\r\n")
    [row] = csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    assert row["source_doc_id"] == row["error_message"] == "'" + evil
    [line] = visitor.get("/projects/p/jobs.ndjson").data.splitlines()
    assert json.loads(line)["source_doc_id"] == evil


def test_a_file_is_named_and_kept_nowhere(app: Flask, visitor: FlaskClient) -> None:
    fill(3)
    today = format_time(now())[:10]
    for ending, kind in (("csv", "text/csv; charset=utf-8"), ("ndjson", "application/x-ndjson")):
        answer = visitor.get(f"/projects/p/jobs.{ending}")
        name = answer.headers["Content-Disposition"]
        assert name == f'attachment; filename="p-jobs-{today}.{ending}"'
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Length" not in answer.headers


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_no_file_is_made_of_a_filter_that_makes_no_sense(
    app: Flask, visitor: FlaskClient, ending: str
) -> None:
    """It would be of other jobs than were asked for, and says nothing."""
    fill(3)
    for query, said in (
        ("status=faild", "“faild” is no status."),
        ("since=soon&sort=colour", "“soon” is no time; “colour” is nothing to sort by."),
    ):
        answer = visitor.get(f"/projects/p/jobs.{ending}?{query}")
        assert answer.status_code == 422
        assert said in answer.text
    assert visitor.get(f"/projects/p/jobs.{ending}?status=failed&unknown=1").status_code == 200


def test_who_goes_away_leaves_no_connection_behind(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(100)
    monkeypatch.setattr(exports, "BATCH", 10)
    answer = visitor.get("/projects/p/jobs.ndjson")
    with statements(db.engine) as heard:
        parts = iter(answer.iter_encoded())
        assert next(parts).count(b"\n") == 10
        # While the client takes its time no transaction is open.
        assert db.engine.pool.checkedout() == 0
        answer.close()
    assert db.engine.pool.checkedout() == 0
    assert len(heard) <= 2


def test_who_signs_out_meanwhile_gets_no_more(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(100)
    monkeypatch.setattr(exports, "BATCH", 10)
    parts = iter(visitor.get("/projects/p/jobs.ndjson").iter_encoded())
    next(parts)
    with writing() as connection:
        connection.exec_driver_sql("UPDATE sessions SET revoked_at = 1")
    with pytest.raises(ConnectionResetError):
        list(parts)


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_a_file_is_for_those_who_may_see_the_project(app: Flask, ending: str) -> None:
    fill(1)
    create_project("other", name="O", mode="kg_vector", now=T0)
    client = app.test_client()
    url = f"/projects/p/jobs.{ending}?status=failed"
    away = client.get(url)
    assert away.status_code == 302
    assert away.headers["Location"].startswith("/sign-in?next=")
    with writing() as connection:
        key = create_key(connection, name="k", scope=Scope.READ, project_id="other", now=now()).text
    assert sign_in(client, key=key).status_code == 303
    assert client.get(url).status_code == 404
    assert client.get(f"/projects/none/jobs.{ending}").status_code == 404
    assert client.get(f"/projects/other/jobs.{ending}").status_code == 200
