"""What the functions of the app remember between requests: emptied, and looked through."""

import gc
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from types import FunctionType, ModuleType
from typing import Any


def remembering() -> dict[str, Any]:
    """Every function of the app that keeps what it gave, by its full name."""
    return {
        f"{each.__module__}.{each.__name__}": each
        for name, module in list(sys.modules.items())
        if name == "app" or name.startswith("app.")
        for each in vars(module).values()
        if isinstance(each, _lru_cache_wrapper) and each.__module__.startswith("app")
    }


def forget() -> None:
    """Empty all of them, as in a process that has just begun."""
    for function in remembering().values():
        function.cache_clear()


def kept_by(function: Any) -> Iterator[str]:
    """Every text that such a function keeps, of what it was asked and of what it gave."""
    for held in gc.get_referents(function):
        if isinstance(held, dict) and held is not function.__dict__:
            yield from texts_in(held)


def texts_in(thing: Any) -> Iterator[str]:
    """Every text and every run of bytes that can be reached from a thing, code apart."""
    known: set[int] = set()
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in known or isinstance(one, ModuleType | FunctionType | type):
            continue
        known.add(id(one))
        if isinstance(one, str):
            yield one
        elif isinstance(one, bytes):
            yield one.decode("latin-1")
        else:
            waiting += gc.get_referents(one)
