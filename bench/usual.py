"""What `naive_*` is measured against: the list as it is usually written in Flask.

Mapped objects, a COUNT for the total, LIMIT and OFFSET for the page (both by Flask-SQLAlchemy's own
`paginate`), a key looked up as an object, jsonify. Same tables, same indexes, same answer.
"""

import hashlib
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import select

from app.config import read
from app.models import ApiKey, Job
from app.rules.status import STATUSES
from app.rules.times import format_time
from app.store import database
from app.store.database import db

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = read().database_url
app.json.sort_keys = False  # type: ignore[attr-defined]
database.init_app(app, read().connections)


@app.get("/api/v1/projects/<project_id>/jobs")
def get_jobs(project_id: str) -> Response:
    """A page of jobs, newest first."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    if db.session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash)) is None:
        abort(401)
    limit = request.args.get("limit", 100, type=int)
    offset = request.args.get("offset", 0, type=int)
    jobs = (
        select(Job)
        .where(Job.project_id == project_id)
        .order_by(Job.created_at.desc(), Job.job_id.desc())
    )
    page = db.paginate(jobs, page=offset // limit + 1, per_page=limit)
    return jsonify(
        jobs=[job_fields(job) for job in page.items], total=page.total, limit=limit, offset=offset
    )


def job_fields(job: Job) -> dict[str, Any]:
    """The fields of the contract."""
    return {
        "job_id": job.job_id,
        "project_id": job.project_id,
        "source_doc_id": job.source_doc_id,
        "status": STATUSES[job.status].word,
        "chunks_processed": job.chunks_processed,
        "nodes_created": job.nodes_created,
        "edges_created": job.edges_created,
        "started_at": format_time(job.started_at) if job.started_at else None,
        "completed_at": format_time(job.completed_at) if job.completed_at else None,
        "error_message": job.error_message,
    }


@app.get("/healthz")
def healthz() -> str:
    """It lives."""
    return "ok\n"
