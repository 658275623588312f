"""How gunicorn serves the board, in development and in production alike."""

import ctypes
import gc
import os
from typing import Any

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
_workers = os.environ.get("WORKERS") or "2"
if not _workers.isascii() or not _workers.isdigit() or not 1 <= int(_workers[:5]) <= 1000:
    raise SystemExit("WORKERS: must be a whole number from 1 to 1000")
workers = int(_workers)
# Threads, because idle browser connections would each hold a synchronous worker: two of those
# were hung for 12 s by four idle connections.
worker_class = "gthread"
# Twice as many answered a crowd no sooner, and their reports half as often.
threads = 16
keepalive = 5
timeout = 60
graceful_timeout = 5
preload_app = True
loglevel = os.environ.get("LOG_LEVEL", "warning")
limit_request_line = 8190

# glibc gives every few threads a heap of its own, and none gives back: two are enough.
M_ARENA_MAX = -8
if hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def when_ready(_server: Any) -> None:
    """What was loaded stays: the workers share it, and never look through it for garbage."""
    from wsgi import app

    for name in app.jinja_env.list_templates():
        if name.endswith(".html"):
            app.jinja_env.get_template(name)
    gc.collect()
    gc.freeze()


def post_fork(_server: Any, _worker: Any) -> None:
    """A connection must not be shared across a fork."""
    from app.store.database import db
    from wsgi import app

    with app.app_context():
        db.engine.dispose(close=False)
