"""`/healthz`: it lives and reaches its database."""

from flask import Blueprint, Response
from sqlalchemy import text

from app.store.database import reading

blueprint = Blueprint("healthz", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 `ok`, or by the error handler 503 where the database does not answer."""
    with reading() as connection:
        connection.execute(text("SELECT 1"))
    return Response("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
