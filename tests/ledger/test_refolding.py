"""Causes that older rules have told are worked out anew, and links to them lead on."""

import hashlib

import pytest
from flask import Flask
from sqlalchemy import text

from app.ledger import folds, job, refolding
from app.ledger.audit import verify
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.causes import get_cause
from app.rules.causes import RULES, cause_name, cause_of
from app.rules.status import JobStatus
from app.rules.times import MINUTE, SECOND
from app.store.database import reading, writing
from tests.kit.api import Api
from tests.kit.commands import invoke
from tests.kit.recording import record

NOW = 1_770_000_000 * SECOND
JOBS = 30
ERRORS = ("timeout after 3 s on a.pdf", "timeout after 7 s on b.pdf", "KeyError: 'nodes'", None)


def by_older_rules(error: str | None) -> int:
    """A cause as the first rules numbered it: of these, each text has its own."""
    return int.from_bytes(hashlib.sha256((error or "").encode()).digest()[:8], "big") >> 1


def failed(number: int) -> Report:
    return Report(
        job_id=f"j{number:02}",
        source_doc_id=f"d{number % 7}",
        status=JobStatus.FAILED,
        error_message=ERRORS[number % len(ERRORS)],
        created_at=NOW + number * SECOND,
        completed_at=NOW + number * MINUTE,
    )


@pytest.fixture
def older(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two projects, `p` and `q`, that an older Jobwall has kept."""
    for project_id in "pq":
        create_project(project_id, name=project_id, mode="kg_vector", now=NOW)
    with monkeypatch.context() as patch:
        for module in (folds, job):
            patch.setattr(module, "cause_of", by_older_rules)
        for project_id in "pq":
            record(project_id, [failed(number) for number in range(JOBS)], now=NOW + 100 * MINUTE)
        assert found("p") == []
    with writing() as connection:
        connection.execute(text("UPDATE projects SET rules = 1"))
    return ["p", "q"]


def found(project_id: str) -> list[str]:
    with reading() as connection:
        return [str(one) for one in verify(connection, project_id, lambda *_: None)]


def causes(project_id: str) -> dict[int, int]:
    query = text("SELECT cause, jobs FROM causes WHERE project_id = :p ORDER BY cause")
    with reading() as connection:
        return dict(connection.execute(query, {"p": project_id}).all())


def by_todays() -> dict[int, int]:
    many: dict[int, int] = {}
    for number in range(JOBS):
        cause = cause_of(ERRORS[number % len(ERRORS)])
        many[cause] = many.get(cause, 0) + 1
    return dict(sorted(many.items()))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refolding, "BATCH", 7)


def test_all_that_counts_causes_is_right_again(older: list[str]) -> None:
    assert refolding.projects_of_other_rules() == older
    seen: list[tuple[int, int]] = []
    refolding.refold("p", lambda *step: seen.append(step))
    assert seen == [(7, 30), (14, 30), (21, 30), (28, 30), (30, 30)]
    assert causes("p") == by_todays()
    assert found("p") == []
    assert refolding.projects_of_other_rules() == ["q"]


def test_it_can_be_broken_off_and_others_report_meanwhile(older: list[str]) -> None:
    def step(done: int, _total: int) -> None:
        record("p", [failed(JOBS + done)], now=NOW + 100 * MINUTE)
        if done == 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refolding.refold("p", step)
    assert "p" in refolding.projects_of_other_rules()
    refolding.refold("p", lambda *_: None)
    assert {cause >> 56 for cause in causes("p")} == {RULES}
    assert found("p") == []


def test_a_link_to_a_former_cause_leads_to_what_it_became(older: list[str], api: Api) -> None:
    former = [by_older_rules(error) for error in ERRORS]
    for project_id in older:
        refolding.refold(project_id, lambda *_: None)
    with reading() as connection:
        for error, cause in zip(ERRORS, former, strict=True):
            for name in (cause, cause_of(error)):
                one = get_cause(connection, "p", name)
                assert one is not None
                assert one.cause == cause_of(error)
    headers = api.headers()
    for error, cause in zip(ERRORS, former, strict=True):
        lists = [
            api.client.get(f"/api/v1/projects/p/jobs?cause={cause_name(name)}", headers=headers)
            for name in (cause, cause_of(error))
        ]
        assert lists[0].status_code == 200
        assert lists[0].json == lists[1].json
        assert lists[0].json["total"] == by_todays()[cause_of(error)]


def test_what_became_of_a_cause_is_followed(older: list[str]) -> None:
    first = by_older_rules(ERRORS[0])
    with writing() as connection:  # of rules before those
        connection.execute(
            text("INSERT INTO former_causes (cause, became) VALUES (5, :first)"), {"first": first}
        )
    refolding.refold("p", lambda *_: None)
    with reading() as connection:
        became = connection.scalar(text("SELECT became FROM former_causes WHERE cause = 5"))
    assert became == cause_of(ERRORS[0])


def test_an_upgrade_does_it_for_every_project(older: list[str], app: Flask) -> None:
    result = invoke(app, "db", "upgrade")
    assert result.exit_code == 0
    assert refolding.projects_of_other_rules() == []
    for project_id in older:
        assert causes(project_id) == by_todays()
    assert invoke(app, "db", "upgrade").output == ""
