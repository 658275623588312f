"""What the OpenAPI document says of a route, said where the route is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.access.scopes import Scope

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the query or a header: its check is its own, its schema for the document."""

    name: str
    schema: dict[str, Any]
    description: str
    place: str = "query"
    example: Any = None


@dataclass(frozen=True, slots=True)
class Header:
    """A header of answers; `always` where none of their status goes without it."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    always: bool = False


LOCATION = Header("Location", "Where what was made is shown.", always=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """A route's summary, the scope it needs, what goes in, and what comes out by status.

    `headers` are those of its own, by status.
    """

    summary: str
    scope: Scope | None
    answers: dict[int, tuple[str, str | None]]
    parameters: Sequence[Parameter] = ()
    body: str | None = None
    headers: Mapping[int, Sequence[Header]] = field(default_factory=dict)


OPERATIONS: dict[str, Operation] = {}


def operation(
    summary: str,
    *,
    answers: dict[int, tuple[str, str | None]],
    scope: Scope | None = Scope.READ,
    parameters: Sequence[Parameter] = (),
    body: str | None = None,
    headers: Mapping[int, Sequence[Header]] | None = None,
) -> Callable[[View], View]:
    """Describe a view. `answers` gives per status a sentence and the name of a schema."""

    def describe(view: View) -> View:
        OPERATIONS[view.__name__] = Operation(
            summary, scope, answers, parameters, body, headers or {}
        )
        return view

    return describe
