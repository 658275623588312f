"""What the commands share: how spans, moments and names are read, and how trouble is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from app.clock import now
from app.config import path_prefix
from app.ledger.projects import NAME
from app.rules.links import check_template
from app.rules.times import parse_span, parse_time
from app.store.faults import is_away, lacks_tables, reason_of


class Span(click.ParamType[int]):
    """A span such as 15m, 6h or 90d, in µs."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The span in µs; fails with a sentence."""
        if isinstance(value, int):
            return value
        try:
            return parse_span(value)
        except ValueError:
            self.fail(f"{value!r} is not a span such as 15m, 6h or 90d", param, ctx)


class Expiry(Span):
    """A span from now, or a time, in µs since 1970."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The moment in µs; fails with a sentence."""
        if isinstance(value, str) and "T" in value:
            try:
                moment = parse_time(value)
            except ValueError as error:
                self.fail(f"{value!r} {error}", param, ctx)
            if moment <= now():
                self.fail(f"{value!r} has passed already", param, ctx)
            return moment
        return now() + super().convert(value, param, ctx)


class Name(click.ParamType[str]):
    """Text of 1 to 200 readable characters."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same text; fails with a sentence."""
        try:
            return str(NAME.check(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Template(click.ParamType[str]):
    """A template of a link, or nothing."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same text; fails with a sentence."""
        try:
            return check_template(str(value)) if value else ""
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


def _located(_context: click.Context, _parameter: click.Parameter, url: str) -> str:
    """Where the board is served: below its path, whether or not that was given along."""
    url, prefix = url.rstrip("/"), path_prefix()
    return url if url.endswith(prefix) else url + prefix


board_url = click.option(
    "--url",
    callback=_located,
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where the board is served.",
)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Say what is wrong with the database in one line."""
    try:
        yield
    except PermissionError as error:  # SQLite's file or the lock beside it belongs to another user
        reason = f"{error.filename}: {error.strerror}"
        raise click.ClickException(f"The database cannot be used: {reason}") from None
    except Exception as error:
        if is_away(error):
            raise click.ClickException(f"The database cannot be used: {reason_of(error)}") from None
        if lacks_tables(error):
            hint = "`jobwall db upgrade` makes its tables."
            reason = reason_of(error)
            raise click.ClickException(f"The database is not ready ({reason}). {hint}") from None
        raise
