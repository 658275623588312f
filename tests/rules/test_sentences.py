"""What is said of projects and jobs: each kind says it itself, and looks like nothing else."""

import importlib
import pkgutil
import re
from dataclasses import replace

import pytest

from app.rules import job_states, verdicts
from app.rules.durations import Basis
from app.rules.events import EventKind
from app.rules.job import Job
from app.rules.job_states import JOB_STATES, STATE_OF
from app.rules.sentences import Parts
from app.rules.status import STATUSES, JobStatus, require_statuses
from app.rules.times import DAY, HOUR, MINUTE, SECOND, format_time
from app.rules.verdicts import STATES, ProjectFacts, ProjectState, Verdict
from app.rules.words import NBSP
from app.web.shapes import SHAPES
from tests.kit import ROOT

NOW = 1_700_000_000 * SECOND
SPANS = {"silent_after": 15 * MINUTE, "wait_after": 15 * MINUTE, "expect_every": 90 * MINUTE}
FACTS = ProjectFacts("p", "P", "kg_vector", NOW - DAY, **SPANS, running=2, waiting=7, stalled=2)
FACTS = replace(FACTS, source_error="It refuses the key (401)")
AT = format_time(NOW - HOUR)[11:16]


def plain(parts: Parts) -> str:
    """A sentence as one reads it, with its times in UTC and without how long ago they were."""
    told = (
        part.text if part.at is None else f"{part.style} {format_time(part.at)[11:16]}"
        for part in parts
    )
    return "".join(told).replace("\N{NO-BREAK SPACE}", " ")


def verdict(state: ProjectState, **more: object) -> Verdict:
    return Verdict(state, since=NOW - HOUR, last_at=NOW - HOUR, **more)


TIMEOUT = {"cause": "timeout", "cause_count": 17, "causes": 2, "count": 19}
ALONE = {"cause": "timeout", "cause_count": 1, "causes": 3, "count": 3, "each_its_own": True}
SAID = [
    (
        verdict(verdicts.FAILING, **TIMEOUT),
        f"Failing since clock {AT}paren {AT}: 19 documents, 17 by “timeout”. Last one ago {AT}.",
        f"timeout / 19 documents · since clock {AT} · last ago {AT}",
        "19 failed / 17 of 19: timeout",
        f" since clock {AT} · age {AT}: 19 documents",
    ),
    (
        verdict(verdicts.NO_OUTPUT, count=180, of=180),
        f"No output since clock {AT}paren {AT}: the last 180 jobs that completed made no nodes.",
        f"the last 180 jobs made no nodes / since clock {AT}",
        "no output / 180 jobs made no nodes",
        f" since clock {AT} · age {AT}: 180 jobs made no nodes",
    ),
    (
        verdict(verdicts.BEHIND),
        f"Behind since clock {AT}paren {AT}: its source: it refuses the key (401).",
        f"its source: it refuses the key (401) / since clock {AT}",
        f"behind its source / as it was age {AT} ago",
        f" since clock {AT} · age {AT}: its source: it refuses the key (401)",
    ),
    (
        verdict(verdicts.STALLED, count=2),
        f"Stalled since clock {AT}paren {AT}: 2 jobs silent.",
        f"2 jobs silent / since clock {AT}",
        f"2 stalled / no report for age {AT}",
        f" since clock {AT} · age {AT}: 2 jobs silent",
    ),
    (
        verdict(verdicts.STARVED, count=1200),
        f"Starved since clock {AT}paren {AT}: 1,200 jobs waiting and none has started; "
        f"the oldest since clock {AT}.",
        f"1,200 jobs waiting, none started / since clock {AT}",
        f"1,200 waiting / none started for age {AT}",
        f" since clock {AT} · age {AT}: 1,200 waiting, none started",
    ),
    (
        verdict(verdicts.LATE),
        f"Late since clock {AT}paren {AT}: a job is expected every 90 min; "
        f"the last one came ago {AT}.",
        f"nothing new, expected every 90 min / since clock {AT}",
        f"late / nothing new since clock {AT}",
        f" since clock {AT} · age {AT}",
    ),
    (
        verdict(verdicts.SLOW, pace=360.0, usual=25.0, unit="document"),
        f"Slow since clock {AT}paren {AT}: 6 min a document, usually 25 s.",
        f"6 min a document, usually 25 s / since clock {AT}",
        "slow / 6 min a document, usually 25 s",
        f" since clock {AT} · age {AT}: 6 min a document, usually 25 s",
    ),
    (
        verdict(verdicts.SOME_FAILURES, **ALONE),
        "Some failures in the last 24 hours: 3 documents, each with its own error, "
        f"the newest “timeout”. Last one ago {AT}.",
        f"timeout / 3 documents, 3 causes · last ago {AT}",
        "3 failed / ",
        ": 3 documents",
    ),
    (verdict(verdicts.RUNNING), "Running: 2 jobs, 7 waiting.", " / ", "2 running / ", ""),
    (
        verdict(verdicts.FINE),
        f"Fine. The last job came ago {AT}.",
        " / ",
        f"fine / , last job clock {AT}",
        f": last job clock {AT}",
    ),
    (verdict(verdicts.EMPTY), "No job yet.", " / no job yet", "empty / ", ""),
]


@pytest.mark.parametrize(
    ("one", "sentence", "brief", "glance", "closeup"),
    SAID,
    ids=[said[0].state.name for said in SAID],
)
def test_a_state_says_what_is_so(one, sentence, brief, glance, closeup) -> None:
    state = one.state
    assert plain(state.sentence(one, FACTS)) == sentence
    assert " / ".join(map(plain, state.brief(one, FACTS))) == brief
    assert " / ".join(map(plain, state.glance(one, FACTS))) == glance
    assert plain(state.closeup(one, FACTS)) == closeup


ONE = {"cause": "timeout", "cause_count": 1, "count": 1, "document": "a/b c.pdf"}
HOW_MANY = [
    (ONE | {"times": 1}, "1 document, b c.pdf, failed by “timeout”", "1 document"),
    (
        ONE | {"times": 3},
        "1 document, b c.pdf, failed 3 times, last by “timeout”",
        "1 document failed 3 times",
    ),
    (ALONE | {"each_its_own": False}, "3 documents, the newest by “timeout”", "3 documents"),
    (
        TIMEOUT | {"at_least": True},
        "at least 19 documents, 17 by “timeout”",
        "at least 19 documents",
    ),
    (TIMEOUT | {"cause_count": 19}, "19 documents, all by “timeout”", "19 documents"),
]


@pytest.mark.parametrize(("failures", "sentence", "brief"), HOW_MANY)
def test_it_is_said_how_many_documents_fail_and_how_often(failures, sentence, brief) -> None:
    one = verdict(verdicts.SOME_FAILURES, **failures)
    state = one.state
    said = f"Some failures in the last 24 hours: {sentence}. Last one ago {AT}."
    assert plain(state.sentence(one, FACTS)) == said
    assert plain(state.brief(one, FACTS).more) == f"{brief} · last ago {AT}"
    number = "19+" if "at_least" in failures else str(one.count)
    assert plain(state.glance(one, FACTS).main) == f"{number} failed"


def test_every_state_is_told_here() -> None:
    assert [said[0].state for said in SAID] == list(STATES)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_verdict_without_a_story_can_be_told(state: ProjectState) -> None:
    """Of a project whose causes are not read yet, or whose jobs are gone."""
    bare = Verdict(state)
    for tell in (state.sentence, state.brief, state.glance, state.closeup):
        tell(bare, replace(FACTS, expect_every=None))


def test_a_long_error_is_cut_off() -> None:
    told = plain(
        verdicts.FAILING.sentence(verdict(verdicts.FAILING, cause="e" * 99, count=1), FACTS)
    )
    assert f"by “{'e' * 89}…”" in told


def test_every_file_of_a_state_is_imported() -> None:
    """A state that is not is never judged."""
    modules = pkgutil.iter_modules(verdicts.__path__, f"{verdicts.__name__}.")
    files = [importlib.import_module(module.name) for module in modules]
    declared = {
        one for file in files for one in vars(file).values() if isinstance(one, ProjectState)
    }
    assert declared == set(STATES)


def tones(style: str) -> set[str]:
    return set(re.findall(r"\.tone--([a-z-]+)", (ROOT / "static" / style).read_text()))


@pytest.mark.parametrize("states", [STATES, JOB_STATES], ids=["projects", "jobs"])
def test_a_state_has_looks_of_its_own(states) -> None:
    assert {state.shape for state in states} <= set(SHAPES)
    assert {state.tone for state in states} <= tones("css/base.css") & tones("wall.css")
    for what in ("name", "label", "shape"):
        assert len({getattr(state, what) for state in states}) == len(states), what
    assert len(set(SHAPES.values())) == len(SHAPES)


def test_ranks_go_up_from_the_worst() -> None:
    assert len({state.rank for state in STATES}) == len(STATES)
    assert [state.trouble for state in STATES] == sorted(
        (state.trouble for state in STATES), reverse=True
    )


# Jobs


def job(state, **more: object) -> Job:
    """A job of this kind, an hour old."""
    status = state.status or JobStatus.RUNNING
    ended = NOW if status.terminal else None
    values = (
        9,
        None,
        7,
        14,
        NOW - HOUR,
        NOW - HOUR,
        ended,
        "no text was found\ny",
        1,
        NOW if ended else NOW - HOUR,
        NOW,
    )
    return Job("p", "j", "d", status, state, *values)._replace(**more)


ENDED = f"at clock {format_time(NOW)[11:16]}, after 1 h 00 m."
JOBS_SAID = [
    (job_states.RUNNING, f"Running since clock {AT}paren {AT}.", ""),
    (
        job_states.WAITING,
        f"Waiting since clock {AT}paren {AT}.",
        f"since clock {AT}paren {AT}",
    ),
    (job_states.FAILED, f"Failed {ENDED}", "no text was found"),
    (job_states.COMPLETED, f"Completed {ENDED} 7 nodes · 14 edges.", "7 nodes · 14 edges"),
    (job_states.STALLED, f"Stalled: no report for {AT}.", f"no report for {AT}"),
]


@pytest.mark.parametrize(("state", "sentence", "happened"), JOBS_SAID)
def test_a_job_says_how_it_stands(state, sentence: str, happened: str) -> None:
    assert plain(job(state).sentence) == sentence
    assert plain(job(state).happened) == happened


AHEAD = {"started_at": NOW + 8 * HOUR, "heard_at": NOW, "skew_seconds": 8 * 3600 + 1200}


def test_no_start_lies_in_the_future() -> None:
    """What a clock that is ahead sends is told by ours, and named where it is shown as sent."""
    began = NOW - 20 * MINUTE
    told = f"clock {format_time(began)[11:16]}paren {format_time(began)[11:16]}"
    running = job(job_states.RUNNING, **AHEAD)
    assert running.began_at == began
    assert plain(running.sentence) == f"Running since {told}."
    failed = job(job_states.FAILED, **AHEAD, completed_at=NOW + 9 * HOUR)
    assert failed.began_at == began
    assert failed.ended_at == NOW
    assert failed.whose(failed.started_at, failed.started_by) == "by the sender's clock"
    waiting = job(job_states.WAITING, started_at=None, created_at=NOW + DAY, received_at=began)
    assert plain(waiting.sentence) == f"Waiting since {told}."


def test_a_time_of_a_right_clock_is_told_as_sent() -> None:
    ended = job(job_states.COMPLETED, started_at=NOW - HOUR, completed_at=NOW + MINUTE)
    assert (ended.began_at, ended.ended_at) == (NOW - HOUR, NOW + MINUTE)
    assert ended.whose(ended.started_at, Basis.RECEIPT) == "receipt"
    assert ended.whose(ended.completed_at, Basis.GIVEN) == ""


@pytest.mark.parametrize(
    ("done", "total", "told"),
    [
        (37, 100, f"37 of 100{NBSP}chunks"),
        (100, 100, f"100{NBSP}chunks"),
        (1, None, f"1{NBSP}chunk"),
        (250, 100, f"250{NBSP}chunks, 100 announced"),
        (1250, 1, f"1,250{NBSP}chunks, 1 announced"),
    ],
)
def test_chunks_are_told_as_part_of_what_was_announced_or_beside_it(
    done: int, total: int | None, told: str
) -> None:
    assert job(job_states.RUNNING, chunks_processed=done, chunks_total=total).chunks_told == told


def test_a_job_without_nodes_says_from_how_much() -> None:
    empty = job(job_states.EMPTY, status=JobStatus.COMPLETED, completed_at=NOW, heard_at=NOW)
    assert plain(empty.sentence) == f"No nodes {ENDED} It made no nodes from 9 chunks."
    assert plain(empty.happened) == "0 nodes from 9 chunks"


@pytest.mark.parametrize("kind", EventKind)
def test_an_event_names_its_status(kind: EventKind) -> None:
    assert "failed" in plain(kind.tell(2, JobStatus.FAILED, several=False))


@pytest.mark.parametrize("kind", EventKind)
def test_of_several_attempts_an_event_says_which(kind: EventKind) -> None:
    assert re.search(r"\battempt 2\b", plain(kind.tell(2, JobStatus.FAILED, several=True)), re.I)


# Statuses


def test_a_status_is_stored_by_its_place() -> None:
    assert [status.value for status in STATUSES] == list(range(len(STATUSES)))
    assert len({status.rank for status in STATUSES}) == len(STATUSES)


def test_the_end_ranks_above_all_that_goes_on() -> None:
    goes_on = max(status.rank for status in STATUSES if not status.terminal)
    assert all(status.rank > goes_on for status in STATUSES if status.terminal)
    assert [status for status in STATUSES if not status.begun] == [JobStatus.PENDING]


def test_what_does_not_know_a_status_stops_the_start() -> None:
    require_statuses(STATE_OF, "here")
    with pytest.raises(TypeError, match="here knows nothing of failed"):
        require_statuses({"pending", "running", "completed"}, "here")
