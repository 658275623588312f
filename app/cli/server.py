"""How gunicorn serves the board: `python -m app.cli.server FD`, FD being a socket that listens.

Its settings are the names of this module that gunicorn knows; `gunicorn.conf.py` has the same.
"""

import ctypes
import gc
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from app.config import read_serving

_serving = read_serving()
bind = f"{f'[{_serving.host}]' if ':' in _serving.host else _serving.host}:{_serving.port}"
workers = _serving.workers
loglevel = _serving.log_level
worker_class = "app.serving.worker.Worker"  # how many threads it has, its lanes say
keepalive = 5
timeout = 60
graceful_timeout = 5
preload_app = True
limit_request_line = 8190
# Whose word counts about the sender, our root and TLS, `app/web/forwarding.py` alone decides.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
proxy_protocol = "off"

# glibc gives every few threads a heap of its own, and none gives back: two are enough.
M_ARENA_MAX = -8
GLANCE_EVERY = 3.0  # seconds
if hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def on_starting(server: Any) -> None:
    """What stops the start, and what is mended before it.

    Tables of another revision stop it; a database that is away is waited for instead. What others
    may read of the store is closed to them.
    """
    from app.cli.params import typed
    from app.store import schema
    from app.store.database import db
    from app.store.drafts import leftovers
    from app.store.faults import is_away
    from app.store.files import PRIVATE, tighten
    from app.store.presence import MissingError

    os.umask(PRIVATE)
    app = server.app.wsgi()
    if "sqlalchemy" not in app.extensions:  # a benchmark serves a constant, which has no database
        return
    with app.app_context():
        sqlite = db.engine.dialect.name == "sqlite"
        database = Path(str(db.engine.url.database)) if sqlite else None
        for line in tighten(Path(app.instance_path), database):
            sys.stderr.write(f"{line}\n")
        for line in leftovers(database, typed()) if database else ():
            sys.stderr.write(f"{line}\n")
        try:
            wrong = schema.fault(typed())
        except MissingError:
            wrong = schema.mismatch(None, typed())
        except Exception as error:
            if not is_away(error):
                raise
            wrong = None
        db.engine.dispose()
    if wrong:
        raise SystemExit(f"Error: {wrong}")


def when_ready(server: Any) -> None:
    """What was loaded stays: the workers share it, and never look through it for garbage."""
    from app.cli.warming import warm

    app = server.app.wsgi()
    if "sqlalchemy" in app.extensions:
        warm(app)
    environment = app.jinja_env
    for name in environment.list_templates():
        if name.endswith(".html"):
            environment.get_template(name)
    gc.collect()
    gc.freeze()


def post_fork(server: Any, _worker: Any) -> None:
    """A connection must not be shared across a fork."""
    from app.store.database import db

    app = server.app.wsgi()
    if "sqlalchemy" in app.extensions:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)


def post_worker_init(worker: Any) -> None:
    """Ctrl-C reaches every process of a terminal: the server heeds it, and stops its workers once.

    Told twice at once, one waited for its own lock until it was killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_glance, args=(worker.wsgi,), daemon=True).start()


def worker_exit(_server: Any, worker: Any) -> None:
    """Close the store: the last one to close it leaves one file that has everything."""
    from app.store.database import db

    app: Any = getattr(worker, "wsgi", None)  # none in the server, which may be told of it too
    if "sqlalchemy" in getattr(app, "extensions", ()):
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def _glance(app: Any) -> None:
    """Look at the files of a SQLite store now and then, also where nobody asks for a page."""
    from app.store.database import db
    from app.store.opening import glance

    if "sqlalchemy" not in getattr(app, "extensions", ()):
        return
    with app.app_context():
        engine = db.engine
    while engine.dialect.name == "sqlite":
        time.sleep(GLANCE_EVERY)
        glance(engine)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn without its own command line, which looks for code in the current folder first."""

    def load_config(self) -> None:
        """Take the settings of this module, but the socket that was made already."""
        for name, value in globals().items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("bind", f"fd://{sys.argv[1]}")

    def load(self) -> Any:
        """Make the app, once, before the workers are forked."""
        from app import create_app

        return create_app()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # before gunicorn has its own way to stop
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        Server().run()
