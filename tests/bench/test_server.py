"""The servers of the benchmarks start, as they do in a clone that has served nothing yet."""

from pathlib import Path

from bench.databases import Databases
from bench.server import serve, serve_constant


def test_what_ours_is_compared_with_answers_from_a_database_of_ours(tmp_path: Path) -> None:
    settings = Databases(tmp_path).sqlite(100)
    with serve("bench.usual:app", settings), serve_constant(b"{}", settings):
        pass  # both are waited for until they answer
