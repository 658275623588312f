"""What a poll, a page, a report and a look cost here, measured on a real board with PostgreSQL."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import insert

from app import create_app
from app.access.scopes import Scope
from app.clock import now
from app.config import read
from app.models import Project
from app.queries.versions import all_versions
from app.store.database import db, reading, writing
from bench.access import key_header, session_headers
from bench.bars import bar
from bench.databases import MAIN, SMALL, Databases
from bench.scale.simulation import Cost, Costs
from bench.server import CACHE_OFF, Client, serve

ASKED = 300  # requests of a kind
ROWS = 20_000  # projects whose versions are looked at
LOOKS = 10
PAGE = f"/projects/{MAIN}"
PART = {"HX-Request-Type": "partial", "Accept-Encoding": "gzip"}


def measure(databases: Databases) -> Costs:
    """All of it, in half a minute; the database is thrown away."""
    with ExitStack() as stack:
        settings = stack.enter_context(databases.scratch_postgres(SMALL))
        progress = stack.enter_context(bar("Costs, PostgreSQL"))
        one = {**settings, "WORKERS": "1"}
        server = stack.enter_context(serve("wsgi:app", one))
        bare = stack.enter_context(serve("wsgi:app", {**one, **CACHE_OFF}))
        person = session_headers(settings, 1)[0] | PART
        client, maker = Client(server, person), Client(bare, person)
        client.get(PAGE)
        size, etag = len(client.get(PAGE)), client.answered["ETag"]
        writer = Client(server, key_header(settings, Scope.WRITE))

        def of(label: str, app: Callable[[], float], ask: Callable[[], object]) -> Cost:
            progress(label, 0.5)
            ask()
            began, asked = app(), _cpu_of(databases.postgres_pids())
            for _ in range(ASKED):
                ask()
            later = _cpu_of(asked)
            used = sum(later[pid] - asked[pid] for pid in later)
            return Cost((app() - began) / ASKED, used / ASKED)

        return Costs(
            unchanged=of("unchanged", server.cpu, lambda: _unchanged(client, etag)),
            kept=of("kept", server.cpu, lambda: client.get(PAGE)),
            made=of("made", bare.cpu, lambda: maker.get(PAGE)),
            report=of("report", server.cpu, lambda: _report(writer)),
            look_row=_look(settings, databases),
            page_bytes=8 * size,  # the page and its packed form, and what else is kept of it
        )


def _unchanged(client: Client, etag: str) -> None:
    """A minute may turn: then the page is taken, and what follows is of that."""
    try:
        client.get(PAGE, 304, **{"If-None-Match": etag})
    except OSError:
        client.get(PAGE)


def _report(client: Client) -> None:
    client.post(
        f"/api/v1/projects/{MAIN}/jobs",
        json.dumps({"job_id": "scale", "source_doc_id": "d", "attempt": time.time_ns() // 10**6}),
    )


def _look(settings: dict[str, str], databases: Databases) -> Cost:
    """What a row of a look costs, of many: this process and the database's."""
    with create_app(read(settings)).app_context():
        rows = [
            {"project_id": f"look-{number}", "name": "p", "mode": "kg_vector", "created_at": now()}
            for number in range(ROWS)
        ]
        with writing() as connection:
            connection.execute(insert(Project), [{**row, "version": 1} for row in rows])
        with reading() as connection:
            all_versions(connection)
            asked, began = _cpu_of(databases.postgres_pids()), time.process_time()
            for _ in range(LOOKS):
                all_versions(connection)
            used, later = time.process_time() - began, _cpu_of(asked)
        db.engine.dispose()
    database = sum(later[pid] - asked[pid] for pid in later)
    return Cost(used, database).times(1 / LOOKS / ROWS)


def _cpu_of(pids: "list[int] | dict[int, float]") -> dict[int, float]:
    """The CPU seconds of each process that is there."""
    return {pid: time.clock_gettime((~pid << 3) | 2) for pid in pids if _is_there(pid)}


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
