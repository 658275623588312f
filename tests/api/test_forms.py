"""Ids that differ only in their Unicode form are one document; each is shown as it was sent."""

import csv
import io
import json
import re
from unicodedata import normalize
from urllib.parse import quote

import pytest
from sqlalchemy import text

from app.ledger.audit import verify
from app.store.database import reading
from tests.kit.api import Api

PLAIN, MAC = "Verträge/café.pdf", "Vertra\u0308ge/cafe\u0301.pdf"
"""The same document: as it is called in most places, and on a Mac."""
OTHER = "Verträge/cafe.pdf"


def verified() -> None:
    with reading() as connection:
        assert verify(connection, "p1", lambda *_: None) == []


def ids(answer) -> set[str]:
    assert answer.status_code == 200, answer.data
    return {job["job_id"] for job in answer.json["jobs"]}


def stored(table: str) -> list[tuple[object, ...]]:
    columns = {"documents": "document, failing_since IS NULL", "causes": "line, documents"}
    with reading() as connection:
        rows = connection.execute(text(f"SELECT {columns[table]} FROM {table} ORDER BY 1"))
        return [tuple(row) for row in rows]


def test_both_forms_are_one_document_wherever_it_is_asked_for(api: Api) -> None:
    for job_id, document in (("plain", PLAIN), ("mac", MAC), ("other", OTHER)):
        assert api.post({"job_id": job_id, "source_doc_id": document}).status_code == 201
        assert api.get(f"/{job_id}").json["source_doc_id"] == document
    shown = {job["job_id"]: job["source_doc_id"] for job in api.get().json["jobs"]}
    assert shown == {"plain": PLAIN, "mac": MAC, "other": OTHER}
    for form in (PLAIN, MAC):
        assert ids(api.get(f"?document={quote(form)}")) == {"plain", "mac"}
        assert ids(api.get(f"?q={quote(form)}")) == {"plain", "mac"}
        for length in (1, 5, 6, 11):
            beginning = normalize("NFD" if form is MAC else "NFC", PLAIN[:length])
            assert ids(api.get(f"?q={quote(beginning)}")) == {"plain", "mac", "other"}
    assert ids(api.get(f"?document={quote(OTHER)}")) == {"other"}
    verified()


def test_both_forms_are_one_document_on_every_page(api: Api) -> None:
    failed = {"status": "failed", "error_message": "torn"}
    for job_id, document in (("plain", PLAIN), ("mac", MAC), ("other", OTHER)):
        api.post({"job_id": job_id, "source_doc_id": document, **failed})
    api.sign_in()
    pages = [api.client.get(f"/projects/p1/document?id={quote(form)}") for form in (PLAIN, MAC)]
    for page in pages:
        assert page.status_code == 200
        assert "2 jobs of this document" in page.text.replace("\xa0", " ")
        assert page.text.count('id="row-') == 2
    causes = api.client.get("/projects/p1/causes").text.replace("\xa0", " ")
    assert "2 documents still fail" in causes
    listed = re.findall(r'href="/projects/p1/document\?id=([^"]+)"', causes)
    assert len(listed) == 2
    filtered = api.client.get(f"/projects/p1?document={quote(MAC)}").text
    assert filtered.count('id="row-') == 2
    for job_id, document in (("plain", PLAIN), ("mac", MAC)):
        job = api.client.get(f"/projects/p1/jobs/{job_id}").text
        assert f'data-exact="{document}"' in job
    rows = [json.loads(one) for one in api.client.get("/projects/p1/jobs.ndjson").data.splitlines()]
    assert {row["job_id"]: row["source_doc_id"] for row in rows} == {
        "plain": PLAIN,
        "mac": MAC,
        "other": OTHER,
    }
    table = api.client.get("/projects/p1/jobs.csv").data.decode("utf-8-sig")
    assert {row["source_doc_id"] for row in csv.DictReader(io.StringIO(table))} == {
        PLAIN,
        MAC,
        OTHER,
    }


@pytest.mark.parametrize("first", [PLAIN, MAC])
def test_a_job_may_be_reported_in_either_form(api: Api, first: str) -> None:
    second = MAC if first == PLAIN else PLAIN
    api.post({"job_id": "j", "source_doc_id": first})
    answer = api.post({"job_id": "j", "source_doc_id": second})
    # The form that is shown does not depend on which came first.
    assert (answer.status_code, answer.json["source_doc_id"]) == (200, PLAIN)
    assert answer.headers["X-Job-Merge"] == ("stale" if first == PLAIN else "applied")
    assert api.get("/j").json["source_doc_id"] == PLAIN
    for form in (PLAIN, MAC):
        again = api.post({"job_id": "j", "source_doc_id": form, "status": "running"})
        assert (again.status_code, again.json["source_doc_id"]) == (200, PLAIN)
    done = api.patch("j", {"source_doc_id": MAC, "status": "completed"})
    assert (done.status_code, done.json["status"]) == (200, "completed")
    refused = api.post({"job_id": "j", "source_doc_id": OTHER})
    assert refused.status_code == 422
    verified()


def test_a_list_that_is_kept_shows_the_form_that_came_later(api: Api) -> None:
    api.post({"job_id": "j", "source_doc_id": MAC})
    answer = api.get()
    assert answer.json["jobs"][0]["source_doc_id"] == MAC
    api.post({"job_id": "j", "source_doc_id": PLAIN})
    again = api.get(**{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.json["jobs"][0]["source_doc_id"]) == (200, PLAIN)


def test_a_document_that_failed_in_one_form_recovers_in_the_other(api: Api) -> None:
    jobs = [
        {"job_id": "a", "source_doc_id": MAC, "status": "failed", "error_message": "torn"},
        {"job_id": "b", "source_doc_id": PLAIN, "status": "failed", "error_message": "torn"},
        {"job_id": "c", "source_doc_id": OTHER, "status": "failed", "error_message": "torn"},
    ]
    for number, job in enumerate(jobs, 1):
        assert api.post({**job, "completed_at": f"2026-03-01T00:0{number}:00Z"}).status_code == 201
    assert stored("causes") == [("torn", 2)]
    assert [name for name, _ in stored("documents")] == sorted([PLAIN, OTHER])
    well = {"source_doc_id": MAC, "status": "completed", "completed_at": "2026-03-01T00:05:00Z"}
    assert api.post({"job_id": "d", **well}).status_code == 201
    assert stored("causes") == [("torn", 1)]
    assert dict(stored("documents")) == {PLAIN: True, OTHER: False}
    verified()
