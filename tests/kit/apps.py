"""Another app on the store of a test, with settings of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from app.config import read
from app.store.database import db


def compile_routes_once() -> None:
    """Let apps share the functions that build URLs.

    Each app of each test compiled them anew, for three quarters of the time it took to make it.
    They are of the rule alone, and take the object that they belong to as an argument.
    """
    compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compile_one = Rule._compile_builder

    def of_rule(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        kind = (rule.rule, str(rule._trace), str(rule.defaults), append_unknown)
        if kind not in compiled:
            compiled[kind] = compile_one(rule, append_unknown)
        return compiled[kind]

    Rule._compile_builder = of_rule  # type: ignore[method-assign]


@contextmanager
def another_app(settings: dict[str, str], **more: str) -> Iterator[Flask]:
    """An app with these settings and some more; it leaves no connection behind."""
    app = create_app(read(settings | more))
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
