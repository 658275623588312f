"""The same app, whose worker waits less long for its clients: a test need not wait either."""

from app.serving import connection, worker

worker.HEAD_WITHIN = worker.LINGER = 0.6
worker.TICK = 0.1
connection.GRACE = 0.6

from wsgi import app  # noqa: E402  made with the other times

__all__ = ["app"]
