"""A project, as everyone who reads or writes its jobs knows it."""

from typing import NamedTuple

from app.rules.status import require_statuses


def makes_graph(mode: str) -> bool:
    """Whether the jobs of a project of this mode make nodes and edges."""
    return mode == "kg_vector"


def sought_as(name: str) -> str:
    """The name of a project as it is sought, in whatever case, and sorted by."""
    return name.casefold()


class Project(NamedTuple):
    """A project as its row says; its spans and `created_at` are in µs.

    The last are the totals of its jobs; `empty` is the part of `completed` without nodes. `failing`
    counts the documents that still fail.
    """

    project_id: str
    name: str
    mode: str
    created_at: int
    version: int
    silent_after: int
    wait_after: int
    expect_every: int | None = None
    pending: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    empty: int = 0
    failing: int = 0

    @property
    def graph(self) -> bool:
        """Whether its jobs make nodes and edges."""
        return makes_graph(self.mode)


require_statuses(Project._fields, "rules.project.Project")


MADE = {
    "vector_only": "Chunks alone, for a search by vectors",
    "kg_vector": "Chunks, and the nodes and edges of a knowledge graph",
}
"""What the jobs of a project make, by its mode, in words."""
