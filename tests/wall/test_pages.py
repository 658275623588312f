"""What the page of the wall says where there is no row to show."""

import pytest

from app.access.scopes import hashed
from app.clock import now
from app.ledger.projects import create_project
from app.screens.store import add_screen
from app.store.database import writing
from app.web.cookies import SCREEN
from tests.kit.api import Api
from tests.kit.cookies import give
from tests.kit.forms import sign_in


def board(api: Api, query: str, project_id: str | None = None) -> str:
    """The board as somebody signed in gets it, who may see one project or all."""
    client = api.app.test_client()
    assert sign_in(client, key=api.key("read", project_id)).status_code == 303
    return client.get(f"/wall/board{query}").text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?project=none", "1 project"),
        ("?project=none&project=neither", "2 projects"),
        ("?project=%00", "1 project"),
        ("?project=", "1 project"),
    ],
)
def test_a_wall_of_projects_that_are_not_there_says_so(api: Api, query: str, count: str) -> None:
    shown = board(api, query)
    assert f"This screen asks for {count}, unknown here or not open to it." in shown
    assert "Project one" not in shown


def test_what_is_not_open_to_the_viewer_is_as_good_as_not_there(api: Api) -> None:
    create_project("p2", name="Project two", mode="kg_vector", now=now())
    unknown, foreign = board(api, "?project=p3", "p1"), board(api, "?project=p2", "p1")
    assert "unknown here or not open to it" in foreign
    assert "Project " not in foreign
    told = [text.partition('data-etag="')[2].partition('"')[2] for text in (unknown, foreign)]
    assert told[0] == told[1]
    both = board(api, "?project=p1&project=p2", "p1")
    assert "Project one" in both
    assert "Project two" not in both


def test_its_names_lead_a_person_to_the_projects_and_a_screen_nowhere(api: Api) -> None:
    create_project("p2", name="Project two", mode="kg_vector", now=now())
    with writing() as connection:
        add_screen(connection, name="TV", projects=None, now=now(), token_hash=hashed("t"))
    give(api.client, SCREEN, "t")
    for path in ("/wall", "/wall/board", "/wall?project=p1"):
        person = api.app.test_client()
        sign_in(person, key=api.key("read", None))
        shown = person.get(path).text
        assert 'href="/projects/p1"' in shown and 'class="back" href="/"' in shown
        shown = api.client.get(path).text
        assert "Project one" in shown and "href=" not in shown.partition("<body")[2]


@pytest.mark.parametrize(("running", "words"), [(0, "<b>0</b> jobs"), (1, "<b>1</b> job")])
def test_jobs_that_run_are_told_from_projects(api: Api, running: int, words: str) -> None:
    create_project("p2", name="Project two", mode="kg_vector", now=now())
    for number in range(running):
        api.post({"job_id": f"j{number}", "source_doc_id": "d", "status": "running"})
    assert f"{words} running</span>" in board(api, "")


def test_a_board_without_a_project_says_how_they_come(app) -> None:
    api = Api(app, app.test_client())
    assert "Each one appears here with its first report." in board(api, "")
