"""The server of the database dies, and another takes its place: the board comes back by itself."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.kit.board import Board, served
from tests.kit.commands import JOBWALL
from tests.kit.databases import Databases, postgres_only
from tests.kit.servers import Server

pytestmark = postgres_only

PATIENCE = 60  # s


@pytest.fixture
def servers(databases: Databases) -> Iterator[tuple[Server, Server]]:
    with databases.copied_twice() as servers:
        yield servers


@pytest.fixture
def board(servers: tuple[Server, Server], tmp_path: Path) -> Iterator[Board]:
    """A board that knows both of them."""
    places = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    url = f"postgresql://postgres@{places}/migrated"
    settings = {"INSTANCE": str(tmp_path / "instance"), "DATABASE_URL": url}
    with served(settings) as board:
        board.project = board.new_project("p1")
        yield board


def test_another_server_takes_its_place_and_nothing_acknowledged_is_lost(
    board: Board, servers: tuple[Server, Server]
) -> None:
    first, second = servers
    jobs = f"{board.url}/api/v1/projects/p1/jobs"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {board.key}"
    statuses = set()

    def report(job_id: str) -> bool:
        answer = session.post(jobs, json={"job_id": job_id, "source_doc_id": "d"}, timeout=20)
        statuses.add(answer.status_code)
        return answer.status_code == 201

    def report_until_taken(name: str) -> list[str]:
        """What was sent under this name and not taken, and at last what was."""
        deadline = time.monotonic() + PATIENCE
        sent = []
        while not sent or not report(sent[-1]):
            assert time.monotonic() < deadline, statuses
            sent.append(f"{name}-{len(sent)}")
        return sent

    acknowledged = [f"before-{number}" for number in range(20)]
    assert all(report(job_id) for job_id in acknowledged)
    etag = session.get(jobs).headers["ETag"]
    first.kill()
    assert not report("meanwhile")
    second.promote()
    second.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
    second.execute("SELECT pg_reload_conf()")
    acknowledged.append(report_until_taken("after")[-1])
    assert statuses == {201, 503}, "who reports is told to come again, and of no fault"
    listed = session.get(jobs, params={"limit": 1000}, headers={"If-None-Match": etag})
    assert listed.status_code == 200
    assert set(acknowledged) <= {job["job_id"] for job in listed.json()["jobs"]}
    assert board.process is not None
    assert board.process.poll() is None
    verified = subprocess.run(
        [JOBWALL, "verify"],
        env=board.settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert verified.stdout == "clean\n", verified.stderr
