"""What a person may ask of the pipeline, by arguments and by the environment."""

import argparse
import math
import os
from pathlib import Path

from pipeline import documents

DEFAULT_GRAPH = Path(__file__).resolve().parents[2] / "instance" / "graph.db"

NOTES = f"""\
environment:
  JOBWALL_KEY      the API key, with the scope "write". It is read from here only: arguments can
                   be seen by everybody on the machine
  JOBWALL_URL      stands in for --url
  JOBWALL_PROJECT  stands in for --project

documents:
  Own folders are read with all that is below them: .pdf, .txt, .md, .rst, README and LICENSE
  files, up to 20 MiB each; larger ones fail. Of the installed packages at most
  {documents.MOST} documents between 1 and 64 kB are read, the same licence only once.

exit status:
  0 done, whether or not documents failed   1 nothing could be done, or board and graph disagree
  2 wrong arguments                         130, 143 stopped by SIGINT, SIGTERM
"""


class UnableError(Exception):
    """The run cannot begin; the message says why."""


def parse_options(description: str) -> argparse.Namespace:
    """The command line, over the environment, over the defaults."""
    parser = argparse.ArgumentParser(
        description=description, epilog=NOTES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    url = os.environ.get("JOBWALL_URL") or "http://127.0.0.1:8000"
    project = os.environ.get("JOBWALL_PROJECT")
    add("--documents", type=Path, metavar="FOLDER", help="read these instead, for example ~/papers")
    add("--url", default=url, help="where the board is (now %(default)s)")
    add("--project", default=project, metavar="ID", help="which project gets the jobs")
    add(
        "--graph",
        type=Path,
        default=DEFAULT_GRAPH,
        metavar="FILE",
        help="the graph file, one for each project (instance/graph.db)",
    )
    add("--workers", type=positive, default=3, metavar="N", help="documents at a time (3)")
    add(
        "--pace",
        type=seconds,
        default=1.0,
        metavar="SECONDS",
        help="the least time for a chunk (1), so that one can watch; 0: as fast as it goes",
    )
    options = parser.parse_args()
    if not options.project:
        parser.error("which project? Give --project or set JOBWALL_PROJECT")
    return options


def positive(text: str) -> int:
    """A number of workers."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError("it takes at least 1")
    return int(text)


def seconds(text: str) -> float:
    """A length of time."""
    if not 0 <= float(text) < math.inf:
        raise argparse.ArgumentTypeError("not a length of time")
    return float(text)


def key_from_environment() -> str:
    """The API key. Raises UnableError if there is none that could be one."""
    key = os.environ.get("JOBWALL_KEY", "").strip()
    if not key:
        raise UnableError(
            "JOBWALL_KEY is not set: export a key of the board with the scope 'write'"
        )
    if not (key.isascii() and key.isprintable()):
        raise UnableError("JOBWALL_KEY holds characters that no key has: copy it again")
    return key
