"""Which projects are judged anew, counted."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.queries import projects

Asked = list[str | Sequence[str] | None]


def count_judged(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Grows with every time that lines are made: of which projects, None for all."""
    calls: Asked = []
    plain = projects.list_lines

    def counted(connection: Any, now: int, only: Any = None, **options: Any) -> Any:
        calls.append(only)
        return plain(connection, now, only, **options)

    monkeypatch.setattr(projects, "list_lines", counted)
    return calls
