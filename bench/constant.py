"""What `cpu_*` is measured against: a Flask view that returns the same bytes as a constant."""

import os
from pathlib import Path

from flask import Flask, Response

app = Flask(__name__)
BODY = Path(os.environ["BENCH_BODY"]).read_bytes()


@app.get("/api/v1/projects/project-01/jobs")
def get_jobs() -> Response:
    """The list of 50, known beforehand, for anyone."""
    return Response(BODY, content_type="application/json")


@app.get("/healthz")
def healthz() -> str:
    """It lives."""
    return "ok\n"
