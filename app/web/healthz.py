"""`/healthz`: this process answers; and `/readyz`: a report could be stored, or why it could not.

The first asks nobody, so that whoever restarts a board that does not answer never does it for a
database that is away. The second is for balancers, monitors and people; it needs no key, so it
names no path and no secret.
"""

from flask import Blueprint, Flask, Response, current_app

from app.store.readiness import Watch

NAME = "jobwall_readiness"
KIND = "text/plain; charset=utf-8"

blueprint = Blueprint("healthz", __name__)


def init_app(app: Flask) -> None:
    """Give the app its own watch over its store."""
    app.extensions[NAME] = Watch()
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 `ok`, whatever befell the database."""
    return _plain("ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 `ready`, or 503 with a line for each thing that is wrong."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's own way
    found = app.extensions[NAME].troubles(app)
    return _plain("\n".join(found) or "ready", 503 if found else 200)


def _plain(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, content_type=KIND, headers={"Cache-Control": "no-store"})
