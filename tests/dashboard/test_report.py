"""The page that says how to report: for whom it is, which keys it makes, and what it shows."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.access.keys import list_keys
from app.access.scopes import Scope
from app.clock import now
from app.ledger.projects import create_project
from app.queries.projects import list_projects
from app.rules.times import format_time
from app.rules.ways import WAYS
from app.store.database import reading
from app.web import reporter
from tests.kit.api import Api
from tests.kit.forms import form_of, sign_in

PATH = "/report?project_id=p1"
PART = {"HX-Request-Type": "partial"}


def enter(api: Api, scope: str = "admin", project: str | None = None) -> None:
    assert sign_in(api.client, key=api.key(scope, project)).status_code == 303


def keys():
    with reading() as connection:
        return list_keys(connection)


def shown(client: FlaskClient, path: str = PATH) -> str:
    """The way that a page shows, as text."""
    page = client.get(path).text
    [panel] = re.findall(r'<section class="way" [^>]*?"title-[\w-]+">.*?</section>', page, re.S)
    return unescape(re.sub(r"<[^>]+>", "", panel))


def form(client: FlaskClient, path: str = PATH, action: str = "/report") -> dict[str, str]:
    """What the form that posts there would send."""
    for number in range(3):
        page = unescape(client.get(path).text)
        forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.S)
        if f'action="{action}' in forms[number]:
            return form_of(client, path, number)
    raise AssertionError("no such form")


def test_without_a_project_it_is_of_the_newest(api: Api) -> None:
    create_project("p0", name="newer", mode="kg_vector", now=now() + 1)
    enter(api)
    answer = api.client.get("/report?way=celery")
    assert (answer.status_code, answer.location) == (302, "/report?project_id=p0&way=celery")
    assert api.client.get("/report?way=nothing").location == "/report?project_id=p0"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (PATH, 200),
        ("/report?project_id=p2", 404),
        ("/report?project_id=none", 404),
        ("/report?project_id=", 404),
        ("/report?project_id=%00", 404),
        (f"{PATH}&way=nothing", 200),
    ],
)
def test_it_is_of_projects_that_the_viewer_may_see(api: Api, path: str, status: int) -> None:
    create_project("p2", name="not yours", mode="kg_vector", now=now())
    enter(api, "read", "p1")
    answer = api.client.get(path)
    assert answer.status_code == status
    assert "not yours" not in answer.text
    assert api.client.get("/report").location == PATH
    gone = api.client.get(path, headers=PART)
    assert gone.status_code == (410 if status == 404 else 200)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_has_an_address_and_is_filled_in(api: Api, name: str) -> None:
    enter(api, "read")
    page = shown(api.client, f"{PATH}&way={name}")
    assert page.strip().startswith(WAYS[name].title)
    assert "⟨" not in page
    assert "http://localhost" in page
    assert "p1" in page
    assert "ib-…" in page or name == "openlineage"
    if "reporter/" in page and name != "cron":
        assert f"http://localhost/reporter/{reporter.wheel().name}" in page


@pytest.mark.parametrize("project", [None, "p1"])
def test_a_key_that_is_made_reports_to_this_project_alone(api: Api, project: str | None) -> None:
    create_project("p2", name="two", mode="kg_vector", now=now())
    enter(api, "admin", project)
    before = len(keys())
    answer = api.client.post(PATH + "&way=curl", data=form(api.client))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    [key] = set(re.findall(r"<mark>(ib-[\w-]{43})</mark>", answer.text))
    assert f'"Authorization: Bearer <mark>{key}</mark>"' in answer.text.replace("&#34;", '"')
    newest, *others = keys()
    assert len(others) == before
    assert (newest.scope, newest.project_id) == (Scope.WRITE, "p1")
    assert newest.name == f"curl, {format_time(now())[:10]}, by admin {project}"
    assert f"<code>jobwall keys revoke {newest.key_id}</code>" in answer.text
    report = {"json": {"source_doc_id": "d"}, "headers": {"Authorization": f"Bearer {key}"}}
    assert api.client.post("/api/v1/projects/p1/jobs", **report).status_code == 201
    assert api.client.post("/api/v1/projects/p2/jobs", **report).status_code == 404
    assert key not in api.client.get(PATH).text
    assert key not in api.client.get(PATH, headers=PART).text


@pytest.mark.parametrize(
    ("scope", "project", "status"),
    [("write", None, 403), ("read", "p1", 403), ("admin", "p2", 404)],
)
def test_who_is_no_administrator_of_it_makes_no_key(
    api: Api, scope: str, project: str | None, status: int
) -> None:
    create_project("p2", name="two", mode="kg_vector", now=now())
    enter(api, scope, project)
    before = len(keys())
    assert api.client.post(PATH, data=form_of(api.client, "/")).status_code == status
    assert len(keys()) == before
    if status == 403:
        page = api.client.get(PATH).text
        assert "Make a key" not in page
        assert "Ask an administrator" in page


def test_without_the_forms_token_no_key_and_no_project_is_made(api: Api) -> None:
    enter(api)
    before = len(keys())
    assert api.client.post(PATH).status_code == 400
    wanted = {"name": "x", "mode": "kg_vector"}
    assert api.client.post("/report/project", data=wanted).status_code == 400
    with reading() as connection:
        assert len(list_projects(connection)) == 1
    assert len(keys()) == before


def test_a_key_is_said_to_be_shown_once_before_it_is_made(api: Api) -> None:
    enter(api)
    button, _, said = api.client.get(PATH).text.partition("Make a key</button>")
    assert "is shown once: copy it then" in said.partition("</form>")[0]
    assert button.endswith('type="submit">')


def test_what_to_look_at_stands_below_every_way(api: Api) -> None:
    enter(api, "read")
    for name in WAYS:
        said = unescape(api.client.get(f"{PATH}&way={name}").text).partition("If no job comes")[2]
        assert "<code>curl -fsS $JOBWALL_URL/healthz</code>" in said
        assert "Without <code>JOBWALL_URL</code>" in said


def test_where_no_graph_is_made_no_sample_speaks_of_one(api: Api) -> None:
    create_project("vec", name="v", mode="vector_only", now=now())
    enter(api, "read")
    for name in ("python", "curl"):
        made, alone = (
            shown(api.client, f"/report?project_id={project}&way={name}")
            for project in ("p1", "vec")
        )
        assert re.search("nodes|edges", made) and not re.search("nodes|edges", alone)
        assert not re.search("[⟦⟧]", made + alone)


def test_it_is_of_the_first_job_until_there_are_some(api: Api) -> None:
    enter(api, "read")
    assert "<h1>Report your first job</h1>" in api.client.get(PATH).text
    api.post({"job_id": "j1", "source_doc_id": "lease.pdf"})
    assert "<h1>Report jobs</h1>" in api.client.get(PATH).text


def test_a_project_that_is_not_there_leads_back_to_the_choice(api: Api) -> None:
    enter(api, "read")
    for wrong in ("nope", "", "%00"):
        answer = api.client.get(f"/report?project_id={wrong}")
        assert answer.status_code == 404
        assert '<a class="button" href="/report">' in answer.text


def test_a_projects_own_page_leads_here(api: Api) -> None:
    enter(api, "read")
    api.post({"job_id": "j1", "source_doc_id": "lease.pdf"})
    page = api.client.get("/projects/p1", headers=PART).text
    assert '<a href="/report?project_id=p1">Report jobs to this project</a>' in page


def test_the_first_job_is_seen_as_it_comes_in(api: Api, still: int) -> None:
    enter(api, "read")
    waiting = api.client.get(PATH, headers=PART)
    assert "Waiting for the first report" in waiting.text
    known = PART | {"If-None-Match": waiting.headers["ETag"]}
    assert api.client.get(PATH, headers=known).status_code == 304
    api.post({"job_id": "j1", "source_doc_id": "lease.pdf"})
    first = api.client.get(PATH)
    assert "The first job has come in" in first.text
    assert 'href="/projects/p1/jobs/j1"' in first.text
    for number in range(2, 9):
        api.post({"job_id": f"j{number}", "source_doc_id": "lease.pdf"})
    page = api.client.get(PATH).text
    assert "8\N{NO-BREAK SPACE}jobs have come in" in page
    assert len(re.findall(r'<tr id="row-', page)) == 5


# The first project


@pytest.fixture
def empty(app) -> Api:
    return Api(app, app.test_client())


def test_an_empty_board_leads_to_where_its_first_project_is_made(empty: Api) -> None:
    enter(empty)
    assert 'href="/report"' in empty.client.get("/").text
    wanted = form(empty.client, "/report", "/report/project") | {"mode": "vector_only"}
    assert wanted["name"] == "Documents"
    answer = empty.client.post("/report/project", data=wanted)
    assert (answer.status_code, answer.location) == (303, "/report?project_id=documents")
    again = empty.client.post("/report/project", data=wanted)  # another administrator, as fast
    assert again.location == answer.location
    with reading() as connection:
        [made] = list_projects(connection)
    assert (made.project_id, made.name, made.mode) == ("documents", "Documents", "vector_only")
    assert 'href="/report?project_id=documents"' in empty.client.get("/projects/documents").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "The name must have 1 to 200 characters."),
        ({"name": "x" * 201}, "The name must have 1 to 200 characters."),
        ({"mode": ""}, "Choose what its jobs make."),
        ({"mode": "graph"}, "Choose what its jobs make."),
    ],
)
def test_a_form_that_is_wrong_says_why_and_makes_nothing(
    empty: Api, change: dict[str, str], said: str
) -> None:
    enter(empty)
    wanted = form(empty.client, "/report", "/report/project") | {"mode": "kg_vector"} | change
    answer = empty.client.post("/report/project", data=wanted)
    assert answer.status_code == 422
    assert said in answer.text
    with reading() as connection:
        assert list_projects(connection) == []


def test_a_name_that_makes_no_id_gets_one_of_ours(empty: Api) -> None:
    enter(empty)
    wanted = form(empty.client, "/report", "/report/project") | {"mode": "kg_vector"}
    answer = empty.client.post("/report/project", data=wanted | {"name": "文書"})
    assert re.fullmatch(r"/report\?project_id=proj-[0-9a-f]{12}", answer.location)


def test_another_project_is_made_by_the_same_form(api: Api) -> None:
    enter(api)
    assert 'href="/report/project"' in api.client.get(PATH).text
    page = api.client.get("/report/project").text
    assert "<h1>Another project</h1>" in page
    assert "there is none yet" not in page
    wanted = form(api.client, "/report/project", "/report/project")
    wanted |= {"name": "Two", "mode": "vector_only"}
    answer = api.client.post("/report/project", data=wanted)
    assert (answer.status_code, answer.location) == (303, "/report?project_id=two")
    again = api.client.post("/report/project", data=wanted | {"mode": "kg_vector"})
    assert again.status_code == 422
    assert "The name makes the id two, which another project has." in again.text
    assert "<h1>Another project</h1>" in again.text
    with reading() as connection:
        assert [one.mode for one in list_projects(connection) if one.project_id == "two"] == [
            "vector_only"
        ]


@pytest.mark.parametrize(("scope", "project"), [("write", None), ("admin", "p1")])
def test_who_does_not_manage_all_makes_no_other_project(
    api: Api, scope: str, project: str | None
) -> None:
    enter(api, scope, project)
    assert "Another project" not in api.client.get(PATH).text
    assert api.client.get("/report/project").status_code == 403


def test_on_an_empty_board_that_form_is_of_the_first(empty: Api) -> None:
    enter(empty)
    assert "<h1>Report your first job</h1>" in empty.client.get("/report/project").text


def test_who_may_not_make_a_project_is_told_whom_to_ask(empty: Api) -> None:
    enter(empty, "write")
    page = empty.client.get("/report")
    assert page.status_code == 200
    assert "Ask an administrator" in page.text
    wanted = form_of(empty.client, "/report") | {"name": "x", "mode": "kg_vector"}
    assert empty.client.post("/report/project", data=wanted).status_code == 403
