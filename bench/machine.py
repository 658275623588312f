"""The machine in words: what a figure means without it, nobody knows."""

import os
import platform
import sqlite3
from pathlib import Path

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


def describe() -> str:
    """Cores, memory, system and the versions that matter; no name of a host, no path."""
    cores = len(os.sched_getaffinity(0))
    words = NUMBERS[cores] if cores < len(NUMBERS) else str(cores)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{words} core{'s' * (cores != 1)} ({_processor()}), {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
