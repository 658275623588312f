"""The table and the file: what was measured, beside what must hold."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Figures


@dataclass(frozen=True, slots=True)
class Line:
    """What a figure means, and what must hold on two cores with 10 million jobs."""

    words: str
    most: float | None = None
    least: float | None = None

    @property
    def must(self) -> str:
        """The limit, as the table shows it."""
        if self.most is not None:
            return f"≤ {self.most:g}"
        return "" if self.least is None else f"≥ {self.least:g}"


LINES = {
    "causes_precision": Line(
        "pairs that are one cause, and are to people; texts given", least=0.97
    ),
    "causes_recall": Line("pairs that are one cause to people, and are", least=0.95),
    "causes_lines": Line("lines that say what a person wants to read", least=0.95),
    "causes_own_precision": Line("the same of texts of our own, which are harder", least=0.93),
    "causes_own_recall": Line("the same", least=0.8),
    "causes_own_lines": Line("the same", least=0.88),
    "causes_us": Line("to read and to fold a text, µs", most=100),
    "cpu_list": Line("server CPU of a list of 50 over a constant", most=2.4),
    "cpu_list_cached": Line("the same from the cache", most=1.5),
    "cpu_304": Line("the same, unchanged", most=1.5),
    "cpu_constant_ms": Line("server CPU of the constant, ms"),
    "naive_list_100k": Line("time of the usual list over ours, 100,000 jobs", least=10),
    "naive_most_100k": Line("the usual list over a constant: no answer is faster than that"),
    "naive_app_100k": Line("the usual app over ours, called without a server between"),
    "naive_list_size": Line("time of the usual list over ours, SIZE", least=200),
    "naive_most_size": Line("the usual list over a constant, SIZE"),
    "naive_app_size": Line("the usual app over ours, SIZE"),
}
for engine, middle in (("sqlite", 1.25), ("postgres", 1.5)):
    LINES |= {
        f"deep_p50_{engine}": Line("median of random offsets over the first page", most=middle),
        f"deep_p99_{engine}": Line("99th percentile over the first page's median", most=2),
        f"first_p99_{engine}": Line("99th percentile of the first page itself: the noise"),
        f"deep_p50_{engine}_failed": Line("the same, failed ones only", most=middle),
        f"deep_p99_{engine}_failed": Line("the same, failed ones only", most=2),
        f"first_p99_{engine}_failed": Line("the noise"),
        f"deep_p50_{engine}_burst": Line("the same, a fifth of the jobs in one hour", most=2),
        f"deep_p99_{engine}_burst": Line("the same, a fifth of the jobs in one hour"),
        f"first_p99_{engine}_burst": Line("the noise"),
    }
LINES |= {
    "growth_first_page": Line("first page at SIZE over at 1,000 jobs", most=1.5),
    "growth_total": Line("total", most=1.5),
    "growth_overview": Line("overview", most=1.5),
    "growth_wall": Line("wall", most=1.5),
    "wall_1000_304": Line(
        "server CPU of an unchanged poll, 1,000 projects, over a constant", most=1.6
    ),
    "wall_1000_changed": Line("server CPU of the page after a report, over 10 projects"),
    "wall_1000_ms": Line("the same, 1,000 projects, ms", most=25),
    "wall_1000_minute_ms": Line(
        "the same where every project is judged anew, as once a minute, ms"
    ),
    "wall_10_ms": Line("the same, 10 projects, ms"),
    "wall_1000_kb": Line("the board of 1,000 projects, packed, kB"),
    "projects_10k_cpu_ms": Line(
        "server CPU of a second, overview and wall of 10,000 projects, 100 change a second", most=60
    ),
    "projects_10k_mb": Line("memory over that of 10 projects, MB", most=40),
    "projects_10k_new_s": Line("seconds from a new page to the next"),
    "projects_10k_refused": Line("polls that were refused after the first minute", most=0),
}
for suffix, single, batch, life in (
    ("sqlite", 0.65, 0.85, None),
    ("postgres_8", 0.2, 0.75, 0.4),
):
    LINES |= {
        f"write_single_{suffix}": Line("new jobs, one a report, over plain inserts", least=single),
        f"write_batch100_{suffix}": Line("new jobs, 100 a report", least=batch),
        f"write_life_{suffix}": Line("whole lives, three reports each", least=life),
        f"write_single_{suffix}_per_s": Line("new jobs a second, one a report"),
        f"write_batch100_{suffix}_per_s": Line("new jobs a second, 100 a report"),
        f"write_life_{suffix}_per_s": Line("whole lives a second"),
    }
LINES |= {
    "update_hot_share": Line("changes of a job on its way made in its place", least=0.95),
    "job_often_bytes": Line("what a job of five reports takes in PostgreSQL, bytes"),
    "job_once_bytes": Line("one that is reported once, bytes"),
    "crowd_p50_ms": Line("median of a poll, 1,000 dashboards"),
    "crowd_p99_ms": Line("99th percentile of a poll"),
    "crowd_errors": Line("polls and reports that failed", most=0),
    "crowd_polls_per_s": Line("polls a second, of 510 wanted"),
    "crowd_304_quiet": Line("share of 304 in quiet projects, within a minute", least=1),
    "crowd_304_busy": Line("share of 304 in busy projects"),
    "crowd_minute_turns": Line("polls in quiet projects after a minute began"),
    "crowd_reports_per_s": Line("reports acknowledged a second, of 200"),
    "crowd_report_p99_ms": Line("99th percentile of a report"),
    "crowd_waiting_polls_per_s": Line("polls a second, of dashboards that wait for a change"),
    "crowd_waiting_cpu": Line("server CPU of those, over that of those that ask", most=1),
    "crowd_waiting_errors": Line("their polls, and reports meanwhile, that failed", most=0),
    "crowd_waiting_report_p99_ms": Line("99th percentile of a report meanwhile"),
    "memory_mb_idle_1000": Line("memory, idle, 1,000 jobs", most=125),
    "memory_mb_crowd_1000": Line("memory after the crowd, 1,000 jobs", most=125),
    "memory_mb_idle_size": Line("memory, idle, SIZE", most=125),
    "memory_mb_crowd_size": Line("memory after the crowd, SIZE", most=125),
    **{
        f"reporter_{mood}_{figure}": Line(f"{words}, the board {mood}", most=most)
        for mood in ("up", "down", "hanging", "500", "401", "429")
        for figure, words, most in (
            ("ms", "what a job of 20 updates takes longer where it is reported, ms", 0.2),
            ("cpu_ms", "CPU of the pipeline for that, ms", None),
            ("longest_ms", "the longest call, ms", None),
        )
    },
    "reporter_openlineage_up_ms": Line("the same job by OpenLineage's client, ms"),
    "reporter_openlineage_down_ms": Line("a job of two events by it, the board down, ms"),
    "pixels_p50_s": Line("from an acknowledged report to changed pixels, s"),
    "pixels_p99_s": Line("99 of 100 of these", most=2),
    "install_mb": Line("a fresh installation with PostgreSQL's driver"),
    "packages": Line("packages in it", most=30),
}


README = (
    ("the first page of a list, against one of 1,000 jobs", "{growth_first_page} times as long"),
    ("its total alone", "{growth_total} times as long"),
    ("the overview, against 1,000 jobs", "{growth_overview} times as long"),
    ("a page anywhere in the list, against the first", "{deep_p50_sqlite} times as long"),
    ("the same on PostgreSQL", "{deep_p50_postgres} times as long"),
    (
        "the list written the usual way (objects, COUNT, OFFSET), against ours",
        "{naive_list_size} times as long; without a server in between, {naive_app_size}",
    ),
    ("a poll that finds nothing new, against a constant", "{cpu_304} times the CPU"),
    ("the same of a wall of 1,000 projects", "{wall_1000_304} times the CPU"),
    (
        "such a wall made anew after a report, at most twice a second",
        "{wall_1000_ms} ms; with a new minute, {wall_1000_minute_ms} ms",
    ),
    (
        "polls of 1,000 dashboards and 20 walls, while {crowd_reports_per_s} reports come a second",
        "half in {crowd_p50_ms} ms, 99 of 100 in {crowd_p99_ms} ms; {crowd_errors} fail",
    ),
    (
        "from an acknowledged report to changed pixels on an open page",
        "half in {pixels_p50_s} s, 99 of 100 in {pixels_p99_s} s",
    ),
    (
        "what a job of 20 updates costs the pipeline that reports it",
        "{reporter_up_ms} ms, and {reporter_down_ms} ms while the board is down; by OpenLineage's"
        " client {reporter_openlineage_up_ms} ms, and for two events {reporter_openlineage_down_ms}"
        " ms while it is down",
    ),
    ("memory of the whole server after that crowd", "{memory_mb_crowd_size} MB"),
    (
        "new jobs a second on SQLite, reported one by one, and by the hundred",
        "{write_single_sqlite_per_s}, and {write_batch100_sqlite_per_s}",
    ),
)
"""What the README of the repository says of a run, by the figures in it."""


def summary(results: Mapping[str, Any]) -> str:
    """What a run measured, as the README shows it; of lines that it did not measure, nothing."""
    figures = {name: _in_words(each) for name, each in results.items()}
    lines = [
        f"With {figures['size']} jobs in a project, on {figures['machine']}:",
        "",
        "| what | measured |",
        "| --- | --- |",
    ]
    for what, measured in README:
        if set(re.findall(r"{(\w+)}", what + measured)) <= figures.keys():
            lines.append(f"| {what.format(**figures)} | {measured.format(**figures)} |")
    return "\n".join(lines) + "\n"


def _in_words(value: float | str) -> str:
    if isinstance(value, float) and value < 10:
        return f"{value:.2f}"
    return value if isinstance(value, str) else rounded(value)


def renew(readme: str, results: Mapping[str, Any]) -> str:
    """The README with the figures of this run."""
    start, end = "<!-- figures -->\n", "<!-- /figures -->"
    head, _, rest = readme.partition(start)
    return f"{head}{start}\n{summary(results)}\n{end}{rest.partition(end)[2]}"


def table(figures: Figures) -> str:
    """The figures, one a line, in the order of the README."""
    rows = [("name", "measured", "must hold", "what")]
    rows += [
        (name, rounded(figures[name]), line.must, line.words)
        for name, line in LINES.items()
        if name in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{name:<{widths[0]}}  {measured:>{widths[1]}}  {must:<{widths[2]}}  {words}"
        for name, measured, must, words in rows
    )


def rounded(value: float) -> str:
    """Three figures that count, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def save(path: Path, figures: Figures, machine: str) -> dict[str, Any]:
    """Write the figures and the machine as JSON, and give what was written."""
    numbers = {name: round(value, 4) for name, value in figures.items()}
    results = {"machine": machine, **numbers}
    path.write_text(json.dumps(results, indent=2) + "\n")
    return results
