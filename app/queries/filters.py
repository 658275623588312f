"""Which jobs of a project a list shows."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_

from app.queries.looking import Conditions
from app.queries.matching import Kind
from app.queries.part import Part
from app.queries.parts import PART_OF, PARTS, TIMES
from app.rules.status import JobStatus
from app.store.database import inlined


@dataclass(frozen=True, slots=True, init=False, repr=False)
class JobFilter:
    """The parts that are set, each with its value: each narrows the list.

    Made from the values by name, None where a part is not set: `JobFilter(document="a.pdf")`. Times
    and spans are in µs. A name that is no part's is a TypeError, so that none is lost.
    """

    parts: tuple[tuple[Part, Any], ...]

    def __init__(self, **values: Any) -> None:
        if unknown := values.keys() - PART_OF.keys():
            raise TypeError(f"{', '.join(sorted(unknown))}: no such part of a filter")
        parts = [(part, values[part.name]) for part in PARTS if values.get(part.name) is not None]
        object.__setattr__(self, "parts", tuple(parts))

    def __repr__(self) -> str:
        return f"JobFilter({', '.join(f'{part.name}={value!r}' for part, value in self.parts)})"

    def get(self, name: str) -> Any:
        """The value of a part, None where it is not set."""
        return next((value for part, value in self.parts if part.name == name), None)

    @property
    def since(self) -> int | None:
        """The first moment of creation, inclusive."""
        moment: int | None = self.get("since")
        return moment

    @property
    def until(self) -> int | None:
        """The end of the moments of creation, exclusive."""
        moment: int | None = self.get("until")
        return moment

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of the created counts that add up to this list, None if they cannot."""
        if not all(part.counted for part, _ in self.parts):
            return None
        statuses: frozenset[JobStatus] | None = self.get("status")
        if self.get("empty"):
            # Of no other status is any job empty.
            possible = statuses is None or any(status.success for status in statuses)
            return ("empty",) if possible else ()
        return tuple(status.word for status in sorted(JobStatus if statuses is None else statuses))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of job that the list is made of, each with an index of its own."""
        if self.get("empty"):
            return ("empty",)
        statuses: frozenset[JobStatus] | None = self.get("status")
        if statuses is None or len(statuses) == len(JobStatus):
            return ("every",)
        return tuple(sorted(statuses))

    @property
    def of_any_kind(self) -> "JobFilter":
        """The same without what it says of kinds, which the tabs do: status, empty, stalled."""
        return JobFilter(**{part.name: value for part, value in self.parts if not part.tabs})

    @property
    def changes_by_itself(self) -> bool:
        """Whether the list changes without a report, as time passes."""
        return any(part.clock for part, _ in self.parts)

    @property
    def in_order(self) -> bool:
        """Whether an index that knows one of its parts can be walked through in order."""
        return any(part.index and part.index.in_order for part, _ in self.parts)

    @property
    def times(self) -> Conditions:
        """The conditions on when a job was created."""
        pairs = ((part, value) for part, value in self.parts if part.name in TIMES)
        return [each for part, value in pairs for each in part.condition(value)]

    def condition(self, but: str = "") -> ColumnElement[bool]:
        """Whether a job matches every part, `but` the one of this name, if it does that anyway.

        For values that were looked up.
        """
        parts = ((part, value) for part, value in self.parts if part.name != but)
        each = (condition for part, value in parts for condition in part.condition(value))
        return and_(inlined(1) == inlined(1), *each)

    def looked_up(self, connection: Connection, project_id: str) -> "JobFilter":
        """The same, with what the store knows of its values in this project; once is enough."""
        times = self.times
        values = {
            part.name: part.look_up(connection, project_id, value, times) if part.look_up else value
            for part, value in self.parts
        }
        return JobFilter(**values)

    def stored_labels(self, connection: Connection, project_id: str) -> dict[str, str]:
        """What the store says of its parts in this project, by name, for their labels."""
        words = {
            part.name: part.stored_label(connection, project_id, value)
            for part, value in self.parts
            if part.stored_label
        }
        return {name: text for name, text in words.items() if text}
