"""`gunicorn wsgi:app` in a checkout: the settings are those of `jobwall serve`."""

from app.cli.server import *  # noqa: F403
