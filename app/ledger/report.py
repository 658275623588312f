"""A report: what a pipeline says of one job, parsed and checked."""

from dataclasses import dataclass, field
from typing import Any

from app.rules.documents import identity
from app.rules.fields import (
    RESERVED_ID,
    Body,
    InvalidError,
    choice,
    document_id,
    identifier,
    long_text,
    moment,
    whole,
)
from app.rules.origins import Origin
from app.rules.status import STATUS_BY_WORD, JobStatus

ERROR_BYTES = 8192
MOST_REPORTS = 1000  # in one request

FIELDS = {
    "job_id": identifier(
        "The job; your own choice. Without it, see Idempotency-Key.", reserved=RESERVED_ID
    ),
    "project_id": identifier("If present, the project of the URL."),
    "source_doc_id": document_id("The document that the job ingests."),
    "status": choice(STATUS_BY_WORD, "How far it is; it never goes back within an attempt."),
    "chunks_processed": whole("Absolute total so far; the greatest reported counts."),
    "chunks_total": whole("How many chunks there will be; gives progress."),
    "nodes_created": whole("Absolute total so far."),
    "edges_created": whole("Absolute total so far."),
    "created_at": moment("When the job came to be; only the first report fixes it."),
    "started_at": moment("When this attempt started; the earliest reported counts."),
    "completed_at": moment("When this attempt ended."),
    "error_message": long_text(ERROR_BYTES, "Why it failed; 8 KiB are kept, start and end."),
    "attempt": whole("1 (where absent) or more; a higher one replaces the lower whole.", least=1),
    "sent_at": moment("The sender's clock, to notice one that is off by more than 2 minutes."),
}

REPORT = Body(FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report; None is what it does not say. Times in µs since 1970 UTC.

    Made with the `source_doc_id` that was sent. It is known in NFC (`rules.documents`), and what
    was sent is kept beside that where it is another form. It has an `origin` where others' events
    told it; then its document is the one that this chose.
    """

    job_id: str
    source_doc_id: str | None = None
    status: JobStatus | None = None
    chunks_processed: int = 0
    chunks_total: int | None = None
    nodes_created: int = 0
    edges_created: int = 0
    created_at: int | None = None
    started_at: int | None = None
    completed_at: int | None = None
    error_message: str | None = None
    attempt: int | None = None
    origin: Origin | None = None
    sent_doc_id: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        sent = self.source_doc_id
        if sent is not None and (known := identity(sent)) != sent:
            object.__setattr__(self, "source_doc_id", known)
            object.__setattr__(self, "sent_doc_id", sent)


def parse_report(body: Any, *, project_id: str, job_id: str | None) -> tuple[Report, int | None]:
    """The report in a JSON object, and its `sent_at` (µs).

    `job_id` is the id from the URL or made for the request, None where the body must name it.
    Raises InvalidError.
    """
    clean = REPORT.parse(body)
    errors = []
    if clean.pop("project_id", project_id) != project_id:
        errors.append(("project_id", "is not the project of the URL"))
    named = clean.pop("job_id", None)
    if named is None and job_id is None:
        errors.append(("job_id", "is required"))
    elif named is not None and job_id is not None and named != job_id:
        errors.append(("job_id", "is not the job of the URL"))
    sent_at = clean.pop("sent_at", None)
    if errors:
        raise InvalidError(errors)
    return Report(job_id=named or job_id or "", **clean), sent_at
