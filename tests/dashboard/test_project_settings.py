"""An administrator changes what is said of a project on a page of its own."""

import pytest

from app.ledger.projects import change_project, create_project
from app.queries.namespaces import find_project, list_patterns
from app.queries.projects import get_links, get_project
from app.rules.times import DAY, HOUR, MINUTE, format_span, parse_span
from app.store.database import reading
from tests.kit.api import Api
from tests.kit.forms import form_of, sign_in

PATH = "/projects/p1/settings"
WANTED = {
    "name": "Contracts of 2026",
    "silent_after": "20m",
    "wait_after": "2h",
    "expect_every": "1d",
    "source_link": "https://files.example/{source_doc_id}",
    "logs_link": "",
    "rerun_link": "",
}


def known():
    with reading() as connection:
        return get_project(connection, "p1"), get_links(connection, "p1")


def enter(api: Api, scope: str, project: str | None = None) -> None:
    assert sign_in(api.client, key=api.key(scope, project)).status_code == 303


def form(api: Api, **changes: str) -> dict[str, str]:
    """The page's second form, the first being that of the viewer's own settings."""
    return form_of(api.client, PATH, number=-1) | changes


@pytest.mark.parametrize("project", [None, "p1"])
def test_what_is_saved_counts_at_once_and_stands_in_the_form(api: Api, project: str | None) -> None:
    enter(api, "admin", project)
    answer = api.client.post(PATH, data=form(api, **WANTED))
    assert (answer.status_code, answer.location) == (303, "/projects/p1")
    stored, links = known()
    assert stored.name == "Contracts of 2026"
    spans = (stored.silent_after, stored.wait_after, stored.expect_every)
    assert spans == (20 * MINUTE, 2 * HOUR, DAY)
    assert links == ("https://files.example/{source_doc_id}", None, None)
    assert "Contracts of 2026" in api.client.get("/projects/p1").text
    shown = form(api)
    assert {name: shown[name] for name in WANTED} == WANTED
    emptied = api.client.post(PATH, data=form(api, expect_every="", source_link=""))
    assert emptied.status_code == 303
    stored, links = known()
    assert (stored.expect_every, links.source) == (None, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"name": " "}, "Name "),
        ({"name": "x" * 201}, "Name "),
        ({"silent_after": "soon"}, "Stalled after must be a span such as 90s, 10m, 2h or 1d."),
        ({"silent_after": ""}, "Stalled after must be a span"),
        ({"wait_after": "0s"}, "Starved after must be a span"),
        ({"expect_every": "-1d"}, "Late after must be a span"),
        ({"logs_link": "javascript:alert(1)"}, "Logs must begin with https:// or http://"),
        ({"rerun_link": "https://x.example/{nobody}"}, "Run again knows"),
    ],
)
def test_a_line_that_is_wrong_says_why_and_nothing_is_stored(
    api: Api, line: dict[str, str], said: str
) -> None:
    enter(api, "admin")
    before = known()
    answer = api.client.post(PATH, data=form(api, **WANTED | line))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    [typed] = line.values()
    assert f'value="{typed.strip()}"' in answer.text
    assert known() == before


def patterns() -> list[tuple[str, str]]:
    with reading() as connection:
        return [tuple(row) for row in list_patterns(connection)]


def test_namespaces_of_openlineage_are_set_and_taken_away(api: Api) -> None:
    enter(api, "admin")
    answer = api.client.post(PATH, data=form(api, namespaces=" spark-*, airflow-prod ,spark-*,"))
    assert answer.status_code == 303
    assert patterns() == [("airflow-prod", "p1"), ("spark-*", "p1")]
    assert form(api)["namespaces"] == "airflow-prod, spark-*"
    with reading() as connection:
        assert find_project(connection, "spark-7") == "p1"
    assert api.client.post(PATH, data=form(api, namespaces="")).status_code == 303
    assert patterns() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a*b", "OpenLineage namespaces knows a * at the end alone."),
        ("a" * 251, "has at most 250 characters for each"),
        (",".join(map(str, range(51))), "has at most 50 of them"),
        ("a\u0007", "must be readable"),
        ("spark, taken", "“taken” is another project’s already."),
    ],
)
def test_namespaces_that_cannot_be_are_said_and_nothing_is_stored(
    api: Api, typed: str, said: str
) -> None:
    create_project("p2", name="two", mode="kg_vector", now=0)
    change_project("p2", {}, ["taken"])
    enter(api, "admin")
    before = known()
    answer = api.client.post(PATH, data=form(api, name="another", namespaces=typed))
    assert (answer.status_code, said in answer.text) == (422, True)
    assert (known(), patterns()) == (before, [("taken", "p2")])


def test_who_administers_one_project_alone_sets_no_namespaces(api: Api) -> None:
    change_project("p1", {}, ["mine"])
    enter(api, "admin", "p1")
    assert "namespaces" not in form(api)
    answer = api.client.post(PATH, data=form(api, name="another", namespaces="*"))
    assert answer.status_code == 303
    assert patterns() == [("mine", "p1")]
    assert known()[0].name == "another"


@pytest.mark.parametrize(
    ("scope", "project", "status"),
    [
        ("write", None, 403),
        ("read", None, 403),
        ("admin", "p2", 404),
    ],
)
def test_who_is_no_administrator_of_it_is_refused(
    api: Api, scope: str, project: str | None, status: int
) -> None:
    create_project("p2", name="two", mode="kg_vector", now=0)
    enter(api, scope, project)
    assert api.client.get(PATH).status_code == status
    own = form_of(api.client, "/")
    before = known()
    assert api.client.post(PATH, data=own | WANTED).status_code == status
    assert known() == before
    if status == 403:
        assert PATH not in api.client.get("/projects/p1").text


def test_without_the_forms_token_nothing_is_stored(api: Api) -> None:
    enter(api, "admin")
    before = known()
    assert api.client.post(PATH, data=WANTED).status_code == 400
    assert known() == before


@pytest.mark.parametrize("text", ["1s", "90s", "15m", "2h", "36h", "1d", "999999d"])
def test_a_span_is_written_as_it_is_read(text: str) -> None:
    assert parse_span(format_span(parse_span(text))) == parse_span(text)
    assert format_span(parse_span("60m")) == "1h"
