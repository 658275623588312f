"""The reporter's log: each of its lines says whose it is, whoever prints it."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


class _Ours(_Adapter):
    """Many print the message alone: Python where no logging is set up, Celery's workers."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> Any:
        return f"jobwall: {msg}", kwargs


log = _Ours(logging.getLogger("jobwall_reporter"), {})
