"""Forms as a browser sends them, and the cookies that it is given, without a browser."""

import re
from html import unescape
from http.cookies import Morsel, SimpleCookie

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def form_of(
    client: FlaskClient, url: str = "/sign-in", number: int = 0, **how: str
) -> dict[str, str]:
    """The inputs of a form on a page, as a browser would send them."""
    page = unescape(client.get(url, **how).text)
    form = re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL)[number]
    return {
        re.search(r'name="([^"]+)"', tag)[1]: (re.search(r'value="([^"]*)"', tag) or ["", ""])[1]
        for tag in re.findall(r"<input[^>]*>", form)
    }


def sign_in(client: FlaskClient, url: str = "/sign-in", **values: str):
    """Fill the form on the page and send it."""
    form = form_of(client, url, number=1 if "token" in values else 0)
    return client.post("/sign-in", data={**form, **values})


def cookies_of(answer: TestResponse) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets."""
    found: dict[str, Morsel[str]] = {}
    for line in answer.headers.getlist("Set-Cookie"):
        found |= SimpleCookie(line)
    return found


def without_token(page: str) -> str:
    """The page without its form's token, which is masked anew each time."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", page)
