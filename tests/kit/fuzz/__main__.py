"""`make fuzz`: tens of thousands of requests, and what of their answers no document says."""

import random
import sys
import tempfile
import time
from pathlib import Path

import click

from tests.kit.board import served
from tests.kit.databases import Databases
from tests.kit.fuzz.running import run

MOST_EXAMPLES = 200  # of an operation in one run
CASES_OF_ONE = 10  # about, of all operations together


@click.command()
@click.option("--cases", default=20_000, show_default=True, help="How many at least.")
@click.option("--seed", type=int, help="The same cases as a run that printed this.")
def fuzz(cases: int, seed: int | None) -> None:
    """Try a board on a store of its own, run by run, until a run finds something."""
    first = seed if seed is not None else random.randrange(1_000_000)
    began, done, failures, code, number = time.monotonic(), 0, 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="jobwall-fuzz-") as name:
        folder = Path(name)
        with (
            Databases(folder / "migrated").new(folder / "instance") as settings,
            served(settings | {"LOG_LEVEL": "error"}) as board,
        ):
            board.new_project("p1")
            while done < cases and not code:
                outcome = run(
                    board,
                    folder / "report.json",
                    seed=first + number,
                    examples=max(1, min(MOST_EXAMPLES, (cases - done) // CASES_OF_ONE)),
                    phases="fuzzing,stateful" if number else "examples,coverage,fuzzing,stateful",
                )
                done, failures = done + outcome.cases, failures + outcome.failures
                code, number = outcome.code or int(not outcome.cases), number + 1
                print(f"\n{done:,} of {cases:,} cases, {failures} failures\n", flush=True)
    minutes = (time.monotonic() - began) / 60
    print(f"make fuzz: {done:,} cases, {failures} failures, {minutes:.1f} min, seed {first}")
    sys.exit(code)


if __name__ == "__main__":
    fuzz()
