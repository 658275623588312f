"""What the commands share: how spans, moments and names are read, and how trouble is said."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import has_app_context

from app.clock import now
from app.config import path_prefix
from app.ledger.projects import NAME
from app.rules.links import check_template
from app.rules.namespaces import read_patterns
from app.rules.times import parse_span, parse_time
from app.store import schema
from app.store.commits import InDoubtError
from app.store.faults import NO_ANSWER, lacks_tables, reason_of, sentence_of
from app.store.presence import MissingError


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


class Patterns(click.ParamType[list[str]]):
    """Patterns of namespaces, parted by commas, or nothing."""

    name = "patterns"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        """The patterns; fails with a sentence."""
        try:
            return read_patterns(str(value))
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
    except MissingError as error:
        advice = f"`{typed()} db upgrade` makes a new one"
        raise click.ClickException(f"{error.sentence}: {error.path}; {advice}") from None
    except InDoubtError as error:
        reason = f"{NO_ANSWER} ({reason_of(error)})"
        raise click.ClickException(f"{reason}. It may have been stored: look first") from None
    except Exception as error:
        if sentence := sentence_of(error):
            what = f"{sentence}: nothing was stored ({reason_of(error)})"
            raise click.ClickException(what) from None
        if lacks_tables(error):
            raise click.ClickException(_lacking(error)) from None
        raise


def _lacking(error: Exception) -> str:
    """What to do where tables lack something: outside of a command they cannot be looked at."""
    wrong = None
    if has_app_context():
        with clear_errors():
            wrong = schema.fault(typed())
    return wrong or f"The database is not ready ({reason_of(error)}): see `{typed()} db upgrade`"


def typed() -> str:
    """How `jobwall` is typed here: who started a board by `make serve` has it in no PATH."""
    script = Path(os.path.relpath(sys.executable)).with_name("jobwall")
    return "jobwall" if shutil.which("jobwall") else str(script)
