"""What the page of the wall says where there is no row to show."""

import pytest

from app.clock import now
from app.ledger.projects import create_project
from tests.kit.api import Api
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
    assert "Project" not in foreign
    told = [text.partition('data-etag="')[2].partition('"')[2] for text in (unknown, foreign)]
    assert told[0] == told[1]
    both = board(api, "?project=p1&project=p2", "p1")
    assert "Project one" in both
    assert "Project two" not in both


def test_a_board_without_a_project_says_how_they_come(app) -> None:
    api = Api(app, app.test_client())
    assert "Each one appears here with its first report." in board(api, "")
