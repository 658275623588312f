"""A smaller `make chaos`: nothing acknowledged is lost, nothing refused is stored."""

from collections.abc import Iterator

import pytest

from bench.chaos.deaths import again_and_again, connections, worker
from bench.chaos.faults import Fault, cause, hostile_searches, idle_clients, stopped_writer
from bench.chaos.scene import scene
from bench.databases import Databases, databases

SIZE = 2000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(None) as made:
        yield made


FAULTS: list[tuple[str, Fault]] = [
    ("sqlite", idle_clients),
    ("sqlite", hostile_searches),
    ("sqlite", stopped_writer),
    ("sqlite", again_and_again(worker, 4)),
    ("postgresql", again_and_again(connections, 4)),
]


@pytest.mark.parametrize(("engine", "fault"), FAULTS)
def test_whatever_befalls_the_board_its_answers_are_true(
    made: Databases, engine: str, fault: Fault
) -> None:
    with scene(made, engine, SIZE) as there:
        found = cause(there, fault, 1.5)
    assert (found.lost, found.stored, found.wrong) == (0, 0, "")
    assert found.acknowledged > 0
    reads = [heard for name, heard in found.heard.items() if name != "report"]
    assert all(heard.statuses[200] for heard in reads)
