"""When a running job is silent: one rule, in Python and in SQL, at its very edge."""

import pytest
from flask import Flask

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.filters import JobFilter
from app.queries.jobs import WHOLE, count_jobs, get_job, list_jobs
from app.queries.projects import get_project, list_lines
from app.rules import verdicts
from app.rules.job_states import RUNNING, STALLED
from app.rules.silence import silent_since, unheard
from app.rules.status import JobStatus
from app.rules.times import MINUTE, SECOND
from app.store.database import reading
from tests.kit.recording import record

HEARD_AT = 1_700_000_000 * SECOND
SILENT_AFTER = 15 * MINUTE


@pytest.mark.parametrize(("late", "silent"), [(-1, False), (0, True), (1, True)])
def test_all_that_tell_of_a_silent_job_agree_to_the_microsecond(
    app: Flask, late: int, silent: bool
) -> None:
    create_project("p", name="p", mode="kg_vector", now=HEARD_AT, silent_after=SILENT_AFTER)
    reports = [
        Report(job_id=f"{word}-{number}", source_doc_id="doc", status=status)
        for number in range(2)
        for word, status in (("runs", JobStatus.RUNNING), ("waits", JobStatus.PENDING))
    ]
    record("p", reports, now=HEARD_AT)
    now = HEARD_AT + SILENT_AFTER + late
    since = silent_since(now, SILENT_AFTER)
    assert unheard(HEARD_AT, since) is silent
    with reading() as connection:
        project = get_project(connection, "p")
        assert project
        states = [get_job(connection, project, f"runs-{n}", now).state for n in range(2)]
        pages = [
            list_jobs(connection, project, wanted, limit=9, offset=0, now=now, reading=WHOLE)
            for wanted in (
                JobFilter(stalled=since),
                JobFilter(stalled=since, q="doc"),
                JobFilter(stalled=since, document="doc"),
            )
        ]
        tabs = [
            count_jobs(connection, project, wanted, since)["stalled"]
            for wanted in (
                JobFilter(),
                JobFilter(since=HEARD_AT, until=HEARD_AT + MINUTE),
                JobFilter(q="doc"),
            )
        ]
        [line] = list_lines(connection, now, "p")
    assert states == [STALLED if silent else RUNNING] * 2
    expected = 2 if silent else 0
    assert [page.total for page in pages] == [expected] * 3
    assert {job.state for page in pages for job in page.rows} <= {STALLED}
    assert tabs == [expected] * 3
    assert line.facts.stalled == expected
    assert line.facts.stalled_heard_at == (HEARD_AT if silent else None)
    assert line.verdict.state is (verdicts.STALLED if silent else verdicts.RUNNING)
    assert line.verdict.count == 2
