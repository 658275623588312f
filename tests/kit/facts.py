"""What there is to be documented, found by reading and asking the code."""

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from app import create_app
from app.config import read
from tests.kit.documents import listed, text_of


def variables_in(code: str) -> Iterator[str]:
    """The variables that Python reads: by `os.environ`, or declared to be read."""
    for node in ast.walk(ast.parse(code)):
        named: Any = None
        if isinstance(node, ast.Subscript) and _is_environment(node.value):
            named = node.slice if isinstance(node.ctx, ast.Load) else None
        elif isinstance(node, ast.Call) and node.args:
            reads = isinstance(node.func, ast.Attribute) and (
                (node.func.attr in ("get", "pop") and _is_environment(node.func.value))
                or node.func.attr == "getenv"
            )
            declares = isinstance(node.func, ast.Name) and node.func.id == "Variable"
            named = node.args[0] if reads or declares else None
        if isinstance(named, ast.Constant) and re.fullmatch("[A-Z][A-Z_]*", str(named.value)):
            yield str(named.value)


def _is_environment(node: ast.expr) -> bool:
    """`os.environ`, or what was passed under that name; not that of a request."""
    if isinstance(node, ast.Attribute):
        return node.attr == "environ" and isinstance(node.value, ast.Name) and node.value.id == "os"
    return isinstance(node, ast.Name) and node.id == "environ"


def variables() -> set[str]:
    """Every variable that anything here reads."""
    found = set()
    for name in listed("*.py"):
        found |= set(variables_in(text_of(name)))
    makefile = text_of("Makefile")
    found |= set(re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE))
    for name in (".ci/run", "compose.yaml"):
        found |= set(re.findall(r"\$\{([A-Z_]+)", text_of(name)))
    return found


def commands() -> list[str]:
    """Every command of `jobwall`, as it is typed."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    module = project["scripts"]["jobwall"].partition(":")[0]
    known = vars(importlib.import_module(module)).values()
    [group] = [each for each in known if isinstance(each, click.Group)]
    return sorted(typed(group, "jobwall"))


def typed(command: click.Command, path: str) -> Iterator[str]:
    """A command, or all those of a group."""
    with command.make_context(path, [], resilient_parsing=True) as context:
        group = context.command  # which may stand for one that is loaded only now
        if not isinstance(group, click.Group):
            yield path
            return
        for name in group.list_commands(context):
            below = group.get_command(context, name)
            if below is not None and not below.hidden:
                yield from typed(below, f"{path} {name}")


def addresses(folder: Path) -> set[str]:
    """Every address that the app answers."""
    app = create_app(read({"INSTANCE": str(folder)}))
    return {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
