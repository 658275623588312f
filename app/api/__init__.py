"""The JSON face: the contract under `/api/v1`, and the OpenAPI document made from this code."""

from flask import Blueprint

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

from app.api import jobs, lineage, openapi, projects, summaries  # noqa: E402, F401  they add their routes
