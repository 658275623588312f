"""One shape of error under `/api/`, a page elsewhere."""

import re

import pytest
from flask import Flask, url_for
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from app.access.scopes import hashed
from app.api import jobs as views
from app.dashboard import project
from app.models import Document
from app.store.database import writing
from tests.kit.api import Api
from tests.kit.apps import another_app
from tests.kit.databases import Databases, postgres_only, sqlite_only
from tests.kit.problems import assert_problem

JOBS = "/api/v1/projects/p1/jobs"


@sqlite_only
@pytest.mark.parametrize(
    ("status", "method", "path", "how"),
    [
        (400, "POST", JOBS, {"data": b"{", "content_type": "application/json"}),
        (401, "GET", JOBS, {"headers": {}}),
        (403, "POST", JOBS, {"json": {}, "scope": "read"}),
        (404, "GET", "/api", {}),
        (404, "GET", "/api/", {}),
        (404, "GET", "/api/v1", {}),
        (404, "GET", "/api/v2/projects", {}),
        (404, "GET", "/api/v1/projects/", {}),
        (404, "GET", JOBS + "/", {}),
        (404, "GET", JOBS + "/none", {}),
        (404, "GET", "/api/v1/projects/none", {}),
        (404, "GET", "/api/%00", {}),
        (404, "GET", "/api/../sign-in/none", {}),
        (405, "DELETE", JOBS, {}),
        (405, "PUT", JOBS + "/j", {"json": {}}),
        (405, "POST", "/api/v1/openapi.json", {"json": {}}),
        (413, "POST", JOBS, {"data": b" " * 1_100_000, "content_type": "application/json"}),
        (415, "POST", JOBS, {"data": b"{}", "content_type": "text/plain"}),
        (422, "POST", JOBS, {"json": {}}),
        (422, "GET", JOBS + "?limit=0", {}),
    ],
)
def test_every_error_of_the_api_has_the_one_shape(
    api: Api, status: int, method: str, path: str, how: dict[str, object]
) -> None:
    sent = {"headers": api.headers(str(how.get("scope", "admin"))), **how}
    sent.pop("scope", None)
    assert_problem(api.client.open(path, method=method, **sent), status)


def test_what_nobody_expected_is_a_500_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(views, "parse_list", fail)
    problem = assert_problem(api.get(), 500)
    assert "secret" not in str(problem)
    assert "the secret of the house" in caplog.text, "it is logged"
    monkeypatch.setattr(project, "parse_filter", fail)
    api.sign_in()
    page = api.client.get("/projects/p1")
    assert page.status_code == 500
    assert page.mimetype == "text/html"
    assert "secret" not in page.text


def test_a_database_that_is_away_is_a_503_and_the_log_holds_no_values(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {"key": "ib-secret"}, Exception("unreachable"))

    monkeypatch.setattr(views, "open_project", fail)
    answer = api.get()
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    assert "unreachable" in caplog.text
    assert "ib-secret" not in caplog.text


def test_a_fault_of_ours_in_the_database_is_a_500_and_the_log_says_where(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    key = api.key("admin")
    api.sign_in()
    with writing() as connection:
        connection.exec_driver_sql("ALTER TABLE projects RENAME COLUMN silent_after TO renamed")
    for answer in (
        api.post({"job_id": "private-job", "source_doc_id": "private.pdf"}),
        api.get("?q=private"),
        api.client.get("/projects/p1"),
    ):
        assert answer.status_code == 500
        assert "did not answer" not in answer.text
        assert "silent_after" not in answer.text
    assert caplog.text.count("Traceback") == 3
    assert "silent_after" in caplog.text
    assert not re.search(f"private|{key}|{hashed(key)}", caplog.text)


@pytest.mark.usefixtures("api")
def test_what_a_database_refused_is_in_no_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """PostgreSQL quotes the row."""

    def insert_twice() -> str:
        with writing() as connection:
            for _ in range(2):
                connection.execute(
                    insert(Document),
                    {
                        "project_id": "p1",
                        "document": "secret.pdf",
                        "failed_at": 1,
                        "job_id": "secret-job",
                        "error": "a secret",
                        "cause": 1,
                    },
                )
        return ""

    app.add_url_rule("/twice", view_func=insert_twice)
    assert app.test_client().get("/twice").status_code == 500
    assert "insert_twice" in caplog.text, "where it happened"
    assert "INSERT INTO documents" in caplog.text
    assert "secret" not in caplog.text


@postgres_only
def test_every_first_answer_of_a_process_without_its_database_says_so(
    settings: dict[str, str], databases: Databases
) -> None:
    with another_app(settings) as app, databases.stopped():
        with app.test_request_context():
            paths = {
                url_for(rule.endpoint, **dict.fromkeys(rule.arguments, "1"))
                for rule in app.url_map.iter_rules()
                if "GET" in (rule.methods or ()) and rule.endpoint not in ("static", "readyz")
            }
        assert {"/", "/sign-in", "/wall"} < paths
        for path in paths:
            answer = app.test_client().get(path, headers={"Authorization": "Bearer ib-1"})
            if answer.status_code >= 500:
                assert answer.status_code == 503, f"{path}: {answer.text}"
                assert "The database" in answer.text, path


@sqlite_only
@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (404, "GET", "/nothing"),
        (404, "GET", "/apifoo"),
        (404, "GET", "/static/none.css"),
        (404, "GET", "/projects/none"),
        (404, "GET", "/projects/p1/jobs/none"),
        (404, "GET", "/projects/%00"),
        (405, "POST", "/"),
        (405, "GET", "/sign-out"),
        (400, "POST", "/sign-in"),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_elsewhere_an_error_is_a_page_with_its_status(
    api: Api, status: int, method: str, path: str, accept: str
) -> None:
    api.sign_in()
    answer = api.client.open(path, method=method, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert str(status) in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Traceback" not in answer.text


def test_a_form_that_is_too_large_is_a_413(api: Api) -> None:
    answer = api.client.post("/sign-in", data={"key": "x" * 200_000})
    assert (answer.status_code, answer.mimetype) == (413, "text/html")
