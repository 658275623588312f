"""API keys: what is kept of them, what they open, and when they stop."""

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.access.keys import create_key, find_key, list_keys, revoke_keys
from app.access.scopes import SCOPE_BY_WORD, Scope
from app.access.sessions import create_link, spend_key, spend_link
from app.clock import now
from app.ledger.projects import create_project
from app.models import ApiKey
from app.rules.times import DAY
from app.store.database import db, reading, writing
from app.web.cookies import SESSION
from tests.kit.api import Api
from tests.kit.cookies import name_in
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem

NOW = 1_800_000_000_000_000


def make_key(scope: Scope = Scope.READ, **options: object) -> str:
    with writing() as connection:
        return create_key(connection, **{"name": "k", "scope": scope, "now": NOW, **options}).text


def test_a_key_is_long_and_random(app: Flask) -> None:
    made = {make_key() for _ in range(20)}
    assert len(made) == 20
    for key in made:
        assert re.fullmatch(r"ib-[A-Za-z0-9_-]{43}", key), "256 bits"


@sqlite_only
def test_no_secret_is_in_the_files_of_the_database(app: Flask) -> None:
    with writing() as connection:
        key = create_key(connection, name="k", scope=Scope.ADMIN, now=NOW).text
        link = create_link(connection, NOW)
        by_link = spend_link(connection, link, NOW)
        by_key = spend_key(connection, key, NOW)
        unspent = create_link(connection, NOW)
    app_folder = Path(app.instance_path)
    secrets = [key, key.removeprefix("ib-"), link, by_link, by_key, unspent]

    def found() -> set[str]:
        folder = [*app_folder.iterdir()]
        content = b"".join(path.read_bytes() for path in folder if path.is_file())
        assert b"api_keys" in content
        assert b"Sign-in link" in content
        return {secret for secret in secrets if secret[8:].encode() in content}

    assert found() == set()
    with writing() as connection:
        connection.exec_driver_sql("SELECT 1")
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert found() == set()


def test_a_key_is_listed_by_so_little_that_nobody_can_guess_it(app: Flask) -> None:
    key = make_key()
    with reading() as connection:
        [line] = list_keys(connection)
    assert key.startswith(line.hint)
    assert len(key) - len(line.hint) >= 36


@pytest.mark.parametrize("revoke_by", ["key_id", "name"])
def test_a_revoked_key_opens_nothing(app: Flask, revoke_by: str) -> None:
    key, other = make_key(name="one"), make_key(name="two")
    with writing() as connection:
        key_id, grant = find_key(connection, key, NOW)
        assert (grant.label, grant.scope, grant.project_id) == ("one", Scope.READ, None)
        by = {"key_id": key_id} if revoke_by == "key_id" else {"name": "one"}
        assert revoke_keys(connection, NOW, **by) == 1
        assert revoke_keys(connection, NOW, **by) == 0, "only once"
        assert find_key(connection, key, NOW) is None
        assert find_key(connection, other, NOW) is not None


def test_a_key_opens_until_it_expires(app: Flask) -> None:
    key = make_key(expires_at=NOW + DAY)
    with reading() as connection:
        assert find_key(connection, key, NOW + DAY - 1) is not None
        assert find_key(connection, key, NOW + DAY) is None


@pytest.mark.parametrize("text", ["", "ib-", "ib-x", "x" * 100_000, "\udcff", "ib-\0", "'--"])
def test_another_text_is_no_key(app: Flask, text: str) -> None:
    make_key()
    with reading() as connection:
        assert find_key(connection, text, NOW) is None


def test_not_even_the_hash_of_a_key_is_a_key(app: Flask) -> None:
    key = make_key()
    with reading() as connection:
        stored = connection.scalar(select(ApiKey.key_hash))
        for text in (stored, key[:-1], key + "A", key.removeprefix("ib-"), key.swapcase()):
            assert find_key(connection, text, NOW) is None


# Under /api/

SIGNS = {
    "none": {},
    "empty": {"Authorization": ""},
    "no key": {"Authorization": "Bearer"},
    "blank": {"Authorization": "Bearer  "},
    "unknown": {"Authorization": "Bearer ib-unknown"},
    "bytes": {"Authorization": "Bearer ib-\xff\xe4"},
    "long": {"Authorization": "Bearer ib-" + "x" * 5000},
}


@sqlite_only
@pytest.mark.parametrize("name", SIGNS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/projects"),
        ("POST", "/api/v1/projects"),
        ("GET", "/api/v1/projects/p1"),
        ("GET", "/api/v1/projects/p1/jobs"),
        ("POST", "/api/v1/projects/p1/jobs"),
        ("POST", "/api/v1/projects/p1/jobs/bulk"),
        ("GET", "/api/v1/projects/none/jobs/j"),
        ("PATCH", "/api/v1/projects/p1/jobs/j"),
    ],
)
def test_without_a_valid_key_there_is_a_401(api: Api, method: str, path: str, name: str) -> None:
    answer = api.client.open(path, method=method, headers=SIGNS[name])
    assert_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_only_the_header_counts(api: Api) -> None:
    key = api.key("admin")
    with writing() as connection:
        session = spend_key(connection, key, now())
    for name, value in ((name_in(api.app, SESSION), session), ("Authorization", f"Bearer {key}")):
        api.client.set_cookie(name, value)
    assert api.client.get("/").status_code == 200, "the session itself is a valid one"
    assert_problem(api.client.get(api.url()), 401)
    for headers in ({"Authorization": f"Basic {key}"}, {"Authorization": key}, {"X-API-Key": key}):
        assert_problem(api.client.get(api.url(), headers=headers), 401)
    for query in (f"?key={key}", f"?access_token={key}", f"?api_key={key}"):
        assert_problem(api.client.get(api.url(query)), 401)
    assert api.client.get(api.url(), headers={"Authorization": f"bearer {key}"}).status_code == 200


def test_a_key_stops_at_once_when_it_is_revoked_or_expires(api: Api) -> None:
    revoked, expired = api.key("write"), api.key("read")
    assert api.get(scope="write").status_code == api.get(scope="read").status_code == 200
    with writing() as connection:
        revoke_keys(connection, now(), key_id=find_key(connection, revoked, now())[0])
        connection.execute(
            update(ApiKey).where(ApiKey.revoked_at.is_(None)).values(expires_at=now())
        )
    for scope in ("write", "read"):
        assert_problem(api.get(scope=scope), 401)
    assert_problem(api.post({"source_doc_id": "d"}, scope="write"), 401)
    assert expired != revoked


CALLS = {
    "list": ("GET", "/projects/p1/jobs", None, "read"),
    "show": ("GET", "/projects/p1/jobs/j", None, "read"),
    "projects": ("GET", "/projects", None, "read"),
    "project": ("GET", "/projects/p1", None, "read"),
    "report": ("POST", "/projects/p1/jobs", {"source_doc_id": "d"}, "write"),
    "patch": ("PATCH", "/projects/p1/jobs/j", {"status": "failed"}, "write"),
    "bulk": ("POST", "/projects/p1/jobs/bulk", {"jobs": [{"job_id": "j"}]}, "write"),
    "new project": ("POST", "/projects", {"name": "n", "mode": "kg_vector"}, "admin"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("scope", SCOPE_BY_WORD)
def test_a_scope_opens_its_own_and_what_is_below(api: Api, scope: str, call: str) -> None:
    api.post({"job_id": "j", "source_doc_id": "d"})
    method, path, body, needed = CALLS[call]
    answer = api.client.open(f"/api/v1{path}", method=method, json=body, headers=api.headers(scope))
    if SCOPE_BY_WORD[scope] >= SCOPE_BY_WORD[needed]:
        assert answer.status_code in (200, 201)
        return
    assert_problem(answer, 403)
    assert api.get("/j").json["status"] == "pending"
    assert api.get().json["total"] == 1
    everything = api.client.get("/api/v1/projects", headers=api.headers()).json
    assert len(everything["projects"]) == 1


@pytest.mark.parametrize("scope", SCOPE_BY_WORD)
def test_a_key_of_one_project_sees_that_one_alone(api: Api, scope: str) -> None:
    create_project("p2", name="Two", mode="kg_vector", now=now())
    headers = {"Authorization": f"Bearer {api.key(scope, 'p2')}"}
    seen = api.client.get("/api/v1/projects", headers=headers).json["projects"]
    assert [one["project_id"] for one in seen] == ["p2"]
    assert api.client.get("/api/v1/projects/p2/jobs", headers=headers).status_code == 200
    for name, (method, path, body, _) in CALLS.items():
        if "p1" in path:
            answer = api.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
            assert_problem(answer, 404)
        elif name == "new project":
            answer = api.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
            assert_problem(answer, 403)
    assert api.get().json["total"] == 0
