"""An administrator sets sources on a page, which tells how each of them stands and no key."""

import pytest
from flask.testing import FlaskClient

from app.access.sealed import UnreadableError, seal, unseal
from app.clock import now
from app.ledger.sources import change_source, create_source, note_answer, note_error
from app.queries.projects import get_project
from app.queries.sources import list_sources
from app.rules.times import MINUTE
from app.store.database import reading
from tests.kit.api import Api
from tests.kit.forms import form_of, sign_in

WANTED = {
    "url": "https://jobs.example.com/api/v1/",
    "upstream_project": "theirs",
    "project_id": "copy",
    "key": "ib-secret",
    "mode": "vector_only",
}


@pytest.fixture
def client(api: Api) -> FlaskClient:
    assert sign_in(api.client, key=api.key("admin")).status_code == 303
    return api.client


def form(client: FlaskClient, path: str = "/sources", number: int = -1, **changes: str):
    return form_of(client, path, number=number) | changes


def source():
    with reading() as connection:
        [found] = list_sources(connection)
    return found


def follow(**more: object) -> None:
    at = now()
    url = "https://jobs.example.com"
    create_source("p1", url=url, upstream_project="theirs", sealed_key=seal("ib-1"), now=at)
    if more:
        note_answer("p1", {"answered_at": at, **more})


def test_a_source_is_added_with_a_project_of_its_own_and_its_key_is_never_shown(
    client: FlaskClient,
) -> None:
    answer = client.post("/sources", data=form(client, **WANTED))
    assert (answer.status_code, answer.location) == (303, "/sources")
    found = source()
    assert found.url == "https://jobs.example.com/api/v1"
    assert "ib-secret" not in (found.sealed_key or "")
    assert unseal(found.sealed_key or "") == "ib-secret"
    with reading() as connection:
        project = get_project(connection, "copy")
    assert project is not None
    assert project.mode == "vector_only"
    for path in ("/sources", "/sources/copy"):
        page = client.get(path).text
        assert "ib-secret" not in page
        assert (found.sealed_key or "-") not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "ftp://jobs.example.com"}, "Address must begin with https://"),
        ({"url": "https://me:pass@jobs.example.com"}, "must hold no name and no password"),
        ({"url": "https://jobs.example.com/?a=b"}, "Address must end with its path"),
        ({"upstream_project": ""}, "Its project must have 1 to 250 characters"),
        ({"project_id": "no id"}, "Project here must be"),
        ({"key": "schlüssel"}, "Its key must be a key"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_kept(
    client: FlaskClient, changes: dict[str, str], said: str
) -> None:
    answer = client.post("/sources", data=form(client, **WANTED | changes))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="ib-secret"' not in answer.text
    with reading() as connection:
        assert list_sources(connection) == []
        assert get_project(connection, "copy") is None


def test_a_project_follows_one_source(client: FlaskClient) -> None:
    follow()
    answer = client.post("/sources", data=form(client, **WANTED | {"project_id": "p1"}))
    assert answer.status_code == 422
    assert "follows a source already" in answer.text


def test_who_administers_a_project_alone_sees_no_source(api: Api) -> None:
    assert sign_in(api.client, key=api.key("admin", "p1")).status_code == 303
    follow()
    for path in ("/sources", "/sources/p1"):
        assert api.client.get(path).status_code == 403
    for path in ("/sources", "/sources/p1", "/sources/p1/pause", "/sources/p1/remove"):
        assert api.client.post(path, data=form(api.client, "/", 0)).status_code == 403
    assert source().paused_at is None


def test_it_is_told_how_a_source_stands(client: FlaskClient) -> None:
    follow()
    assert "Being read for the first time" in client.get("/sources").text
    change_source("p1", {"paused_at": now()})
    assert "Paused" in client.get("/sources").text
    change_source("p1", {"paused_at": None})
    at = now()
    note_answer("p1", {"synced_at": at - 12 * MINUTE, "answered_at": at, "requests_left": 40})
    note_error("p1", "It refuses the key (401)", now=at, retry_at=at + MINUTE)
    page = client.get("/sources").text
    assert "It refuses the key (401), since" in page
    assert "40 requests left" in page.replace("\N{NO-BREAK SPACE}", " ")
    for path in ("/", "/projects/p1"):  # it is a trouble of its project
        assert "Behind" in client.get(path).text
    note_answer("p1", {"synced_at": at, "answered_at": at, "error": None}, seen=True)
    assert "Behind" not in client.get("/projects/p1").text


def test_where_no_mirror_runs_that_is_said(client: FlaskClient) -> None:
    at = now() - 10 * MINUTE
    follow(synced_at=at, answered_at=at)
    change_source("p1", {"created_at": at})
    assert "Nothing asks it" in client.get("/sources").text
    assert "does the mirror run?" in client.get("/projects/p1").text


def test_a_source_is_changed_paused_and_followed_no_more(client: FlaskClient) -> None:
    follow()
    change_source("p1", {"retry_at": now() + MINUTE})
    moved = {"url": "https://moved.example.com", "key": ""}
    assert (
        client.post("/sources/p1", data=form(client, "/sources/p1", -3, **moved)).status_code == 303
    )
    found = source()
    assert (found.url, unseal(found.sealed_key or "")) == ("https://moved.example.com", "ib-1")
    assert found.retry_at is None  # what the former place asked for counts no more
    for paused in (True, False):
        data = form(client, "/sources/p1", -2)
        assert client.post("/sources/p1/pause", data=data).status_code == 303
        assert (source().paused_at is not None) is paused
    assert client.post("/sources/p1/remove", data=form(client, "/sources/p1")).status_code == 303
    with reading() as connection:
        assert list_sources(connection) == []
        assert get_project(connection, "p1") is not None


def test_what_was_sealed_under_another_secret_stays_sealed(api: Api) -> None:
    sealed = seal("ib-1")
    api.app.secret_key = "x" * 64
    with pytest.raises(UnreadableError):
        unseal(sealed)
    assert seal("ib-1") != seal("ib-1")  # nobody sees that two are the same
