"""Pages by address alone: what makes no sense in a URL is left out, never an error."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.sessions import create_link
from app.database import writing
from app.ledger.projects import create_project
from app.times import now


@pytest.fixture
def signed_in(app: Flask) -> FlaskClient:
    create_project("p", name="P", mode="kg_vector", now=now())
    with writing() as connection:
        token = create_link(connection, now())
    client = app.test_client()
    form = re.search(r'csrf_token" value="([^"]+)', client.get("/sign-in").text)
    assert form is not None
    sent = {"csrf_token": form[1], "token": token}
    assert client.post("/sign-in", data=sent).status_code == 303
    return client


@pytest.mark.parametrize(
    "query",
    [
        "page=" + "9" * 5000,
        "page=-1",
        "page=%D9%A1",
        "at=1~a%00b",
        "at=" + "9" * 40 + "~x",
        "at=~",
        "q=%00",
        "q=" + "x" * 5000,
        "since=yesterday&until=2026",
        "status=none&stalled=2&empty=x",
        "status=failed&status=running",
    ],
)
def test_nonsense_in_the_address_is_left_out(signed_in: FlaskClient, query: str) -> None:
    answer = signed_in.get(f"/projects/p?{query}")
    assert answer.status_code == 200
    assert signed_in.get(f"/?{query}").status_code == 200


def test_an_unchanged_part_is_a_304_and_a_page_never_is(signed_in: FlaskClient) -> None:
    part = signed_in.get("/projects/p", headers={"HX-Request-Type": "partial"})
    known = {"If-None-Match": part.headers["ETag"]}
    again = signed_in.get("/projects/p", headers={"HX-Request-Type": "partial", **known})
    # The minute may have turned between the two.
    assert again.status_code in (200, 304)
    assert signed_in.get("/projects/p", headers=known).status_code == 200
