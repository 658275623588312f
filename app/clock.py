"""The clock. Rules are given the time; whoever begins a piece of work asks for it here, once."""

import time


def now() -> int:
    """The machine's clock, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000
