"""How a person wants the pages: theme, zone of times, single-key shortcuts.

They are remembered in one cookie of this browser, which the server reads, so that already the first
paint is right. Another tab's script reads it too: it holds no secret.
"""

from typing import NamedTuple

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from app.store.faults import sentence_of
from app.web.cookies import SETTINGS, get_cookie, set_cookie
from app.web.urls import local_path

LIFE = 400 * 24 * 60 * 60  # seconds: longer than any browser keeps a cookie


class Choice(NamedTuple):
    """One of the words that a setting can be."""

    word: str
    label: str


class Settings(NamedTuple):
    """The chosen words."""

    theme: str
    zone: str
    keys: str


CHOICES: dict[str, tuple[str, tuple[Choice, ...]]] = {
    "theme": (
        "Theme",
        (Choice("system", "System"), Choice("light", "Light"), Choice("dark", "Dark")),
    ),
    "zone": ("Times", (Choice("local", "My zone"), Choice("utc", "UTC"))),
    "keys": ("Single-key shortcuts", (Choice("on", "On"), Choice("off", "Off"))),
}
"""Each setting: what it is called and its words, the default first. No word is in two of them."""

blueprint = Blueprint("settings", __name__)


def chosen() -> Settings:
    """The settings of the browser that asks.

    Those that everybody begins with, where the store is away that knows how the cookie is called:
    the page that says so must not fail by it.
    """
    try:
        words = get_cookie(SETTINGS).split("-")
    except Exception as error:
        if not sentence_of(error):
            raise
        words = []
    return Settings(**{name: _one_of(choices, words) for name, (_, choices) in CHOICES.items()})


def _one_of(choices: tuple[Choice, ...], words: list[str]) -> str:
    return next((choice.word for choice in choices if choice.word in words), choices[0].word)


@blueprint.post("/settings")
def remember() -> Response:
    """Remember what the form says, and go back to where it was sent from."""
    words = [_one_of(choices, request.form.getlist(name)) for name, (_, choices) in CHOICES.items()]
    response = redirect(local_path(request.form.get("next", "")), 303)
    response.headers["Cache-Control"] = "no-store"
    set_cookie(response, SETTINGS, "-".join(words), LIFE, scripts=True)
    return response
