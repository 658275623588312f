"""The ways to report: for each what to type, the same on the board's page and in the guide.

What differs between boards stands there as a blank: `⟨url⟩`, `⟨project⟩`, `⟨key⟩` and `⟨wheel⟩`;
what only a project with a graph reports, in `⟦⟧`.
"""

from app.rules.ways import libraries, lineage, orchestrators, programs, queues
from app.rules.ways.none import IF_NONE
from app.rules.ways.way import BLANKS, Block, Group, Way, filled

__all__ = ["BLANKS", "FIRST", "GROUPS", "IF_NONE", "WAYS", "Block", "Group", "Way", "filled"]

GROUPS = (
    Group("Any program", programs.WAYS),
    Group("Task queues", queues.WAYS),
    Group("Libraries", libraries.WAYS),
    Group("Orchestrators", orchestrators.WAYS),
    Group("OpenLineage", lineage.WAYS),
)

WAYS = {way.name: way for group in GROUPS for way in group.ways}
"""Each of them by its name in an address."""

FIRST = next(iter(WAYS.values()))
