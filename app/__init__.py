"""Jobwall: a board for document-ingestion jobs."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, g
from flask.sessions import SessionInterface
from jinja2 import StrictUndefined

from app import cli, models
from app.access import csrf
from app.access.secret import secret_key
from app.api import blueprint as api_blueprint
from app.config import ROOT, Config, read
from app.dashboard import blueprint as dashboard_blueprint
from app.dashboard import settings, sign_in
from app.mirror import pages as mirror_pages
from app.queries import board, versions
from app.queries.habits import usual
from app.rules.causes import reason
from app.screens import manage, pairing
from app.store import database, nodes, standby
from app.wall import blueprint as wall_blueprint
from app.web import (
    assets,
    cache,
    cookies,
    errors,
    formatters,
    forwarding,
    healthz,
    packing,
    reporter,
    security,
    shapes,
)
from app.web.urls import IdConverter, JobIdConverter, own_address, own_path

__version__ = "0.1.0"

__all__ = ["create_app", "models"]


class SyncFlask(Flask):
    """Flask looks at every request whether a function of ours is async: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


class NoCookieSession(SessionInterface):
    """No signed cookie: our sessions are rows. Flask would look for one at every request."""

    def open_session(self, app: Flask, request: Request) -> None:
        """Nothing to open."""


def create_app(config: Config | None = None) -> Flask:
    """Wire the app together; migrations and first keys are the business of commands."""
    config = config or read()
    app = SyncFlask(
        __name__,
        instance_path=str(config.instance),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.session_interface = NoCookieSession()
    app.url_map.converters |= {"id": IdConverter, "job": JobIdConverter}
    app.url_map.merge_slashes = False  # it redirects for good, to whatever the client calls us
    app.config.update(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        MAX_CONTENT_LENGTH=64 * 1024,  # forms; the API sets its own limits
        MAX_FORM_MEMORY_SIZE=64 * 1024,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined  # a name that no view gives is a fault, not nothing
    app.jinja_env.filters.update(formatters.FILTERS, reason=reason)
    app.jinja_env.finalize = formatters.seen
    shapes.init_app(app)
    app.jinja_env.globals["version"] = __version__
    app.jinja_env.globals.update(own_path=own_path, own_address=own_address)
    app.jinja_env.globals["setting_choices"] = settings.CHOICES
    app.context_processor(
        lambda: {
            "viewer": g.get("viewer"),
            "build": app.config["BUILD"],
            "settings": settings.chosen(),
        }
    )
    assets.init_app(app)
    database.init_app(app, config.connections, config.standby_url)
    standby.init_app(app)
    nodes.init_app(app)
    cache.init_app(app, config.cache_bytes)
    versions.init_app(app)
    board.init_app(app, keeps=config.cache_bytes > 0)
    usual.init_app(app)
    cookies.init_app(app, config.path_prefix, secret_key)
    errors.init_app(app)
    security.init_app(app)
    forwarding.init_app(app, config)
    csrf.init_app(app, apart_from=[api_blueprint])  # its keys come in a header, never in a cookie
    cli.init_app(app)
    packing.init_app(app)
    app.register_blueprint(api_blueprint)
    app.register_blueprint(sign_in.blueprint)
    app.register_blueprint(manage.blueprint)
    app.register_blueprint(pairing.blueprint)
    app.register_blueprint(mirror_pages.blueprint)
    app.register_blueprint(dashboard_blueprint)
    app.register_blueprint(wall_blueprint)
    app.register_blueprint(settings.blueprint)
    app.register_blueprint(reporter.blueprint)
    healthz.init_app(app)
    return app
