"""The table, the file and the READMEs speak of the same figures."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

from app.queries.looking import MOST_DOCUMENTS, MOST_FAILURES
from app.queries.search import MOST_FOUND, MOST_MEANT
from bench.crowd import Seen
from bench.crowd import _figures as crowd_figures
from bench.report import LINES, renew, save, summary, table
from bench.report import README as SUMMARY

README = Path(__file__).resolve().parents[2] / "bench" / "README.md"
RESULTS = README.with_name("results.json")


def test_every_figure_is_explained_in_the_readme():
    words = README.read_text().replace("`", " ").replace(",", " ").split()
    patterns = [word.replace("…", "*") for word in words if "_" in word or word == "packages"]
    unexplained = {
        name for name in LINES if not any(fnmatch(name, pattern) for pattern in patterns)
    }
    assert unexplained == set()


def test_the_table_shows_what_was_measured_beside_what_must_hold():
    shown = table({"cpu_list": 2.345, "write_single_sqlite": 0.7, "crowd_polls_per_s": 510.2})
    assert [line.split() for line in shown.splitlines()][1][:4] == ["cpu_list", "2.35", "≤", "2.4"]
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


def test_the_readme_has_the_figures_of_the_run_that_is_committed():
    results = json.loads(RESULTS.read_text())
    readme = (RESULTS.parents[1] / "README.md").read_text()
    assert renew(readme, results) == readme, "`make bench` writes them"


def test_the_readme_says_nothing_else_of_how_fast_it_is():
    readme = (RESULTS.parents[1] / "README.md").read_text()
    section = readme.partition("\n## How fast\n")[2].partition("\n## ")[0]
    start, end = section.index("<!-- figures -->"), section.index("<!-- /figures -->")
    numbers = set(re.findall(r"\d[\d,.]*\d|\d", section[:start] + section[end:]))
    limits = (MOST_FOUND, MOST_MEANT, MOST_DOCUMENTS, MOST_FAILURES, 100_000)
    assert numbers == {f"{limit:,}" for limit in limits}, "limits, not figures"


def test_the_readme_shows_of_a_run_what_it_measured():
    shown = summary(
        {"machine": "two cores", "size": 10_000_000, "growth_total": 1.0, "cpu_304": 12.5}
    )
    assert "With 10,000,000 jobs in a project, on two cores:" in shown
    assert "| its total alone | 1.00 times as long |" in shown
    assert "| 12.5 times the CPU |" in shown
    assert "PostgreSQL" not in shown


def test_every_figure_of_the_readme_is_one_of_a_run():
    named = {name for line in SUMMARY for text in line for name in re.findall(r"{(\w+)}", text)}
    assert named <= LINES.keys()
