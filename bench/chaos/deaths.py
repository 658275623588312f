"""Deaths, again and again while everybody asks and reports: of workers, the server, connections."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg

from bench.chaos.scene import Scene

Death = Callable[[Scene], object]

APART = 0.7  # s between two deaths


def worker(scene: Scene) -> None:
    """One process that answers."""
    workers = scene.server.workers()
    if workers:
        os.kill(workers[0], signal.SIGKILL)


def server(scene: Scene) -> None:
    """The whole board, as in a power cut of its machine but for the disk; it is started again."""
    scene.server.kill()
    scene.server.start()
    scene.server.wait()


def connections(scene: Scene) -> None:
    """All connections to PostgreSQL."""
    url = scene.settings["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def database(scene: Scene) -> None:
    """PostgreSQL itself, at once; it is started again."""
    scene.databases.restart_postgres()


def again_and_again(death: Death, times: int) -> Callable[[Scene], AbstractContextManager[None]]:
    """That death so many times."""

    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        for _ in range(times):
            time.sleep(APART)
            death(scene)
        time.sleep(APART)
        yield None

    return fault
