"""Another app on the store of a test, with settings of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app import create_app
from app.config import read
from app.store.database import db


@contextmanager
def another_app(settings: dict[str, str], **more: str) -> Iterator[Flask]:
    """An app with these settings and some more; it leaves no connection behind."""
    app = create_app(read(settings | more))
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()
