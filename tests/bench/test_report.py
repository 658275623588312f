"""The table, the file and the README speak of the same figures."""

import json
from fnmatch import fnmatch
from pathlib import Path

from bench.crowd import Seen
from bench.crowd import _figures as crowd_figures
from bench.report import LINES, save, table

README = Path(__file__).resolve().parents[2] / "bench" / "README.md"


def test_every_figure_is_explained_in_the_readme():
    words = README.read_text().replace("`", " ").replace(",", " ").split()
    patterns = [word.replace("…", "*") for word in words if "_" in word or word == "packages"]
    unexplained = {
        name for name in LINES if not any(fnmatch(name, pattern) for pattern in patterns)
    }
    assert unexplained == set()


def test_the_table_shows_what_was_measured_beside_what_must_hold():
    shown = table({"cpu_list": 2.345, "write_single_sqlite": 0.7, "crowd_polls_per_s": 510.2})
    assert [line.split() for line in shown.splitlines()][1][:4] == ["cpu_list", "2.35", "≤", "3"]
    assert "≥ 0.65" in shown
    assert " 510 " in shown


def test_the_file_holds_numbers_by_name_and_the_machine(tmp_path):
    save(tmp_path / "results.json", {"cpu_list": 2.34567, "packages": 18}, "two cores")
    saved = json.loads((tmp_path / "results.json").read_text())
    assert saved == {"machine": "two cores", "cpu_list": 2.3457, "packages": 18}


def test_a_crowd_that_got_no_answer_still_makes_a_table():
    seen = Seen(counting=True)
    seen.failed(seen.times, 4.0)
    figures = crowd_figures(seen, 10)
    assert figures["crowd_errors"] == 1
    assert figures["crowd_p99_ms"] == 4000
    assert figures["crowd_304_quiet"] == 0
    assert set(figures) <= set(LINES)
