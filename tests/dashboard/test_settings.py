"""How a person wants the pages, remembered in a cookie."""

import pytest

from app.web.cookies import SETTINGS
from tests.kit.api import Api
from tests.kit.cookies import give, held
from tests.kit.databases import sqlite_only
from tests.kit.forms import form_of, sign_in

pytestmark = sqlite_only  # what a browser keeps does not depend on the engine


@pytest.fixture
def signed_in(api: Api) -> Api:
    assert sign_in(api.client, key=api.key("read")).status_code == 303
    return api


def save(api: Api, **values: str):
    return api.client.post("/settings", data={**form_of(api.client, "/"), **values})


def html_of(api: Api, path: str = "/") -> str:
    return api.client.get(path).text.partition("<html")[2].partition(">")[0]


def test_the_first_paint_is_as_chosen(signed_in: Api) -> None:
    assert 'data-theme="system" data-zone="local" data-keys="on"' in html_of(signed_in)
    answer = save(signed_in, theme="dark", zone="utc", keys="off", next="/projects/p1?q=a")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects/p1?q=a")
    for path in ("/", "/projects/p1", "/projects/none", "/sign-in"):
        assert 'data-theme="dark" data-zone="utc" data-keys="off"' in html_of(signed_in, path)
    page = signed_in.client.get("/").text
    assert '<meta name="color-scheme" content="dark">' in page
    assert page.count('name="theme-color" content="#141b18"') == 2
    assert 'data-zone="utc"' in html_of(signed_in, "/wall")


def test_a_form_leads_back_to_its_page(signed_in: Api) -> None:
    for path in ("/projects/p1?status=failed", "/"):
        form = form_of(signed_in.client, path)
        assert signed_in.client.post("/settings", data=form).headers["Location"].rstrip("?") == path


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", ""]
)
def test_it_never_leads_elsewhere(signed_in: Api, target: str) -> None:
    assert save(signed_in, next=target).headers["Location"] == "/"


def test_a_form_from_elsewhere_sets_nothing(signed_in: Api) -> None:
    answer = signed_in.client.post("/settings", data={"theme": "dark"})
    assert answer.status_code == 400
    assert held(signed_in.client, SETTINGS) is None


@pytest.mark.parametrize(
    ("value", "theme", "zone"),
    [
        ("", "system", "local"),
        ("-", "system", "local"),
        ("dark", "dark", "local"),
        ("nonsense-utc", "system", "utc"),
        ('"><script>', "system", "local"),
        ("dark-dark-light", "light", "local"),
    ],
)
def test_a_cookie_is_only_ever_known_words(
    signed_in: Api, value: str, theme: str, zone: str
) -> None:
    give(signed_in.client, SETTINGS, value)
    assert f'data-theme="{theme}" data-zone="{zone}" data-keys="on"' in html_of(signed_in)


def test_what_is_no_choice_is_the_default(signed_in: Api) -> None:
    save(signed_in, theme="pink; Path=/", zone="<b>", keys="")
    assert held(signed_in.client, SETTINGS) == "system-local-on"


def test_a_live_part_is_the_same_for_every_setting(signed_in: Api) -> None:
    part = {"HX-Request-Type": "partial"}
    before = signed_in.client.get("/", headers=part)
    give(signed_in.client, SETTINGS, "dark-utc-off")
    after = signed_in.client.get("/", headers=part)
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])
