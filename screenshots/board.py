"""A board to be pictured: projects in every state, with documents of every script.

All times are counted from one moment, so that the pictures show what they say.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from app.ledger.projects import change_project, create_project
from app.ledger.record import record
from app.ledger.report import Report
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND

TIMEOUT = "LLM API timeout after {} retries"
BROKEN = "Invalid extraction: missing required properties in chunk {}"
LOCKED = "“{}” is encrypted and can't be read"
LOST = "Database connection lost"
FOLDERS = (
    "s3://contracts/2026/q4/",
    "hr/handbook/",
    "wiki/",
    "mail/2026-11-22/",
    "s3://contracts/scans/",
)
NAMES = (
    "master-services-agreement-v7-final.pdf",
    "nda-0192.docx",
    "2026-11.md",
    "page-0001-to-0412.pdf",
    "Onboarding.html",
    "اتفاقية-الخدمة.pdf",
    "秘密保持契約-2026.pdf",
    "README.md",
    "7f3a-91bc.eml",
    "договор-аренды-14.pdf",
    "2026-revision-11-with-a-really-rather-long-name.pdf",
    "🧾-invoice-0042.pdf",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A project: how many jobs it had, and what its last hour was like."""

    project_id: str
    name: str
    jobs: int
    failing: float = 0.0
    error: str = TIMEOUT
    running: int = 0
    waiting: int = 0
    stalled: int = 0
    mode: str = "kg_vector"
    every: int | None = None
    quiet_for: int = 0


SCENES = (
    Scene("legal-contracts", "legal-contracts", 5200, 0.45, TIMEOUT, 3, 12, 1),
    Scene("support-mail", "Support mail", 1400, 0.3, TIMEOUT, 2, 4),
    Scene("scanned-archive", "Scanned archive 1994–2008", 800, 0.0, LOCKED, 1, 0, 2),
    Scene("hr-handbook", "HR handbook", 300, every=2 * HOUR, quiet_for=5 * HOUR),
    Scene("product-wiki", "Product wiki", 900, 0.04, BROKEN, 1, 2),
    Scene("board-minutes", "取締役会議事録", 120, running=1),
    Scene("research-papers", "Research papers", 2400, running=2, waiting=6),
    Scene("patents", "Patents", 640),
    Scene("meeting-notes", "ملاحظات الاجتماعات", 90, mode="vector_only"),
    Scene("field-reports", "Field reports, North and East, including the annexes of 2019", 60),
    Scene("sandbox", "Sandbox", 0),
)


def fill(now: int) -> None:
    """Write every scene, as pipelines would have reported it by `now` (µs)."""
    chance = random.Random(7)
    for scene in SCENES:
        project = create_project(
            scene.project_id,
            name=scene.name,
            mode=scene.mode,
            now=now - 60 * DAY,
            expect_every=scene.every,
        )
        finished = sorted(_finished(scene, now, chance), key=lambda one: one.completed_at or 0)
        for first in range(0, len(finished), 1000):
            record(project, finished[first : first + 1000], now=now - SECOND)
        for heard_at, report in _unfinished(scene, now, chance):
            record(project, [report], now=heard_at)
    change_project("legal-contracts", {"logs_link": "https://logs.example/search?q={job_id}"})


def _detail(error: str, document: str, chance: random.Random) -> str:
    """What varies in an error."""
    return document.rpartition("/")[2] if error is LOCKED else str(chance.choice((3, 3, 3, 5)))


def _document(chance: random.Random, number: int) -> str:
    name = NAMES[number % len(NAMES)]
    if number >= 2 * len(NAMES):
        stem, _, ending = name.rpartition(".")
        name = f"{stem}-{number % 97}.{ending}"
    return chance.choice(FOLDERS) + name


def _finished(scene: Scene, now: int, chance: random.Random) -> Iterator[Report]:
    for number in range(scene.jobs):
        # One of five in the last day, the others over the month before.
        age = chance.random() * 29 * DAY if number % 5 else chance.random() ** 1.3 * DAY
        ended = now - scene.quiet_for - int(age) - 40 * SECOND
        lately = now - ended < 35 * MINUTE
        fails = chance.random() < (scene.failing if lately and scene.failing else 0.012)
        took = int(chance.lognormvariate(4.1, 0.8) * SECOND) + 3 * SECOND
        chunks = max(1, took // SECOND * 2 // 3)
        error = (
            scene.error
            if lately or chance.random() < 0.4
            else chance.choice((BROKEN, LOST, LOCKED))
        )
        document = _document(chance, chance.randrange(180))
        empty = not fails and chance.random() < 0.004
        nodes = 0 if empty else chunks * 3 // (3 if fails else 1)
        yield Report(
            job_id=f"job-{chance.randrange(16**12):012x}",
            source_doc_id=document,
            status=JobStatus.FAILED if fails else JobStatus.COMPLETED,
            created_at=ended - took - 2 * SECOND,
            started_at=ended - took,
            completed_at=ended,
            chunks_processed=chunks // 3 if fails else chunks,
            chunks_total=chunks,
            nodes_created=nodes,
            edges_created=nodes * 2,
            error_message=error.format(_detail(error, document, chance)) if fails else None,
        )


def _unfinished(scene: Scene, now: int, chance: random.Random) -> Iterator[tuple[int, Report]]:
    """The jobs that run, fell silent or wait, each with when (µs) it was heard of."""
    for number in range(scene.running + scene.stalled):
        silent = number >= scene.running
        started = now - (chance.randrange(90, 400) * SECOND + (40 * MINUTE if silent else 0))
        total = chance.randrange(200, 800)
        job_id = f"job-{chance.randrange(16**12):012x}"
        heard_at = now - (22 * MINUTE if silent else 3 * SECOND)
        done = total * chance.randrange(10, 80) // 100
        yield (
            heard_at,
            Report(
                job_id=job_id,
                source_doc_id=_document(chance, number),
                status=JobStatus.RUNNING,
                created_at=started,
                started_at=started,
                chunks_processed=done,
                chunks_total=total,
                nodes_created=done // 2,
                edges_created=done,
            ),
        )
    for number in range(scene.waiting):
        created = now - number * 31 * SECOND - 5 * SECOND
        yield (
            created,
            Report(
                job_id=f"job-{chance.randrange(16**12):012x}",
                source_doc_id=_document(chance, 50 + number),
                status=JobStatus.PENDING,
                created_at=created,
            ),
        )
