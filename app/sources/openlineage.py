"""OpenLineage: what an event of a run says of a job, as its specification 2-0-2 has it.

Airflow, dbt, Spark and Flink send such events. A run is a job: its id follows from the run's, and
every event is a report of it, so that they merge in any order and do no harm when they come again.
What no field of a report has is not kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from app.ledger.report import FIELDS, Report, parse_report
from app.rules.fields import UNREADABLE, InvalidError
from app.rules.links import web_address
from app.rules.origins import LONGEST, DocumentBy, Origin, ProjectBy
from app.rules.times import format_time

SOURCE = "openlineage"

STATUSES = {
    "OTHER": "pending",
    "START": "running",
    "RUNNING": "running",
    "COMPLETE": "completed",
    "FAIL": "failed",
    "ABORT": "failed",
}
BEGINS, ENDS = ("START", "RUNNING"), ("COMPLETE", "FAIL", "ABORT")

STATEMENTS = ("QUERY", "SQL")
"""Types of jobs that are single statements within another: of Airflow's operators, and of dbt."""

PARENTS = ("DAG", "JOB", "APPLICATION")
"""Types of jobs that only hold others: of Airflow, dbt and Spark."""

DATED = "AIRFLOW"
"""Whose ids of runs tell the date that a run is for, not when it was made."""

FILES = frozenset(
    ("file", "s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "wasbs", "hdfs", "http", "https")
)
"""Schemes of the namespaces of datasets that are documents, not tables."""

COUNTED = {
    "chunks_processed": re.compile(r"chunk|passage|segment"),
    "nodes_created": re.compile(r"node|entit(y|ies)|vert(ex|ices)"),
    "edges_created": re.compile(r"edge|relation|triple"),
}
"""What the rows of an output are, by the last part of its name."""

OWN_FACET = "jobwall"
"""A facet of a run for those who write events themselves: `source_doc_id` and counts."""

OWN_COUNTS = {
    "chunks": "chunks_processed",
    "of": "chunks_total",
    "nodes": "nodes_created",
    "edges": "edges_created",
}


class MalformedError(ValueError):
    """What is no event of OpenLineage; the message says why, to the person who sent it."""


class RunEvent(NamedTuple):
    """What an event reports beside its document, and where its job comes from."""

    namespace: str
    said: Report
    document: str
    origin: Origin

    def report(self, project_by: ProjectBy = ProjectBy.ID) -> Report:
        """All that it reports, once it is known what told its project."""
        origin = self.origin._replace(project_by=project_by)
        return replace(self.said, source_doc_id=self.document, origin=origin)


def read_event(event: Any, *, statements: bool = False, parents: bool = True) -> RunEvent | None:
    """What an event reports; None where it is of no run, or of one that is not asked for.

    Such are single statements and, without `parents`, what only holds others. Raises
    MalformedError.
    """
    _check(event)
    if "run" not in event or (_is_a(event, STATEMENTS) and not statements):
        return None
    if not parents and _is_a(event, PARENTS):
        return None
    kind = event.get("eventType")  # one that has none tells more of its run, not how far it is
    if kind is not None and kind not in STATUSES:
        raise MalformedError(f"eventType must be one of {', '.join(STATUSES)}.")
    run_id = _run_id(event)
    status, at = STATUSES.get(kind), event["eventTime"]
    document, document_by = _document(event)
    said = {
        "job_id": f"ol-{run_id}",
        "status": status,
        "attempt": 1,  # a run that is tried again is another run
        "created_at": _made_at(run_id, event) or at,
        "started_at": at if kind in BEGINS else None,
        "completed_at": at if kind in ENDS else None,
        "error_message": _error(event) if status == "failed" else None,
        **_counts(event),
    }
    known = {name: value for name, value in said.items() if value is not None}
    try:
        report, _ = parse_report(known, project_id="", job_id=None)  # it names no project itself
    except InvalidError as invalid:
        name, sentence = invalid.errors[0]
        raise MalformedError(f"{name} {sentence}.") from None
    return RunEvent(event["job"]["namespace"], report, document, _origin(event, document_by))


def _check(event: Any) -> None:
    if not isinstance(event, dict):
        raise MalformedError("An event is a JSON object.")
    if not isinstance(event.get("eventTime"), str):
        raise MalformedError("eventTime is missing.")
    try:
        FIELDS["started_at"].check(event["eventTime"])
    except ValueError as error:
        raise MalformedError(f"eventTime {error}.") from None
    if "run" in event and not _text(_object(event, "run"), "runId"):
        raise MalformedError("run.runId is missing.")
    if "run" in event or "job" in event:
        job = _object(event, "job")
        if not (_text(job, "namespace") and _text(job, "name")):
            raise MalformedError("job.namespace and job.name are missing.")
    elif not isinstance(event.get("dataset"), dict):
        raise MalformedError("An event is of a run, a job or a dataset: it has none of these.")


def _run_id(event: Mapping[str, Any]) -> UUID:
    try:
        return UUID(event["run"]["runId"])
    except ValueError:
        raise MalformedError("run.runId must be a UUID.") from None


def _made_at(run_id: UUID, event: Mapping[str, Any]) -> str | None:
    """When a run was made, which its id tells where that is of version 7 (RFC 9562)."""
    if run_id.version != 7 or (_integration(event) or "").upper() == DATED:
        return None
    return format_time((run_id.int >> 80) * 1000)


def _is_a(event: Mapping[str, Any], kinds: tuple[str, ...]) -> bool:
    kind = _text(_facet(event["job"], "jobType"), "jobType")
    return kind is not None and kind.upper() in kinds


def _integration(event: Mapping[str, Any]) -> str | None:
    """What spoke OpenLineage: Airflow, dbt, Spark."""
    engine = _text(_facet(event["run"], "processing_engine"), "name")
    return _text(_facet(event["job"], "jobType"), "integration") or engine


def _origin(event: Mapping[str, Any], document_by: DocumentBy) -> Origin:
    """Where the job comes from; what told its project is found out by who asks."""
    task = _object(_facet(event["run"], "airflow"), "taskInstance")
    return Origin(
        SOURCE,
        _short(event["job"]["namespace"]),
        _short(event["job"]["name"]),
        document_by,
        ProjectBy.ID,
        _short(_integration(event)),
        _short(_text(event, "producer")),
        web_address(_text(task, "log_url") or ""),
    )


Told = TypeVar("Told", str, str | None)


def _short(text: Told) -> Told:
    """As much of a text as is kept, without what no database takes."""
    return text and UNREADABLE.sub("", text[:LONGEST])


def _document(event: Mapping[str, Any]) -> tuple[str, DocumentBy]:
    """What a run ingests, and what told it: a tag, or its only file; else it is the job itself.

    Of a mapped task of Airflow the index is told too, for each of its runs is of another document.
    """
    job = event["job"]
    index = _count(_object(_facet(event["run"], "airflow"), "taskInstance"), "map_index")
    indexed = None if index is None else f"{job['name']}[{index}]"
    for name, told_by in (
        (_text(_facet(event["run"], OWN_FACET), "source_doc_id"), DocumentBy.FACET),
        (_tag(event), DocumentBy.TAG),
        (_file(event), DocumentBy.FILE),
        (indexed, DocumentBy.INDEX),
        (job["name"], DocumentBy.JOB),
    ):
        if name is not None and _is_document(name):
            return name, told_by
    return str(event["run"]["runId"]), DocumentBy.RUN


def _is_document(name: str) -> bool:
    try:
        FIELDS["source_doc_id"].check(name)
    except ValueError:
        return False
    return True


def _tag(event: Mapping[str, Any]) -> str | None:
    """What a tag of the run says that is named so."""
    tags = _facet(event["run"], "tags").get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, dict) and tag.get("key") == "source_doc_id":
            return _text(tag, "value")
    return None


def _file(event: Mapping[str, Any]) -> str | None:
    """The only input that is a file, by its address."""
    found = set()
    for dataset in _datasets(event, "inputs"):
        namespace, name = _text(dataset, "namespace") or "", _text(dataset, "name") or ""
        scheme = namespace.partition(":")[0].lower()
        if scheme in FILES and name:
            bare = scheme == "file" or not urlsplit(namespace).netloc
            found.add(name if bare else f"{namespace.rstrip('/')}/{name.lstrip('/')}")
    return found.pop() if len(found) == 1 else None


def _counts(event: Mapping[str, Any]) -> dict[str, int]:
    """What outputs say that was written, and our own facet, which knows better."""
    counts: dict[str, int] = {}
    for dataset in _datasets(event, "outputs"):
        rows = _count(_object(_object(dataset, "outputFacets"), "outputStatistics"), "rowCount")
        last = re.split(r"[./:]", (_text(dataset, "name") or "").lower().rstrip("./:"))[-1]
        field = next((field for field, words in COUNTED.items() if words.search(last)), None)
        if rows is not None and field is not None:
            counts[field] = counts.get(field, 0) + rows
    own = _facet(event["run"], OWN_FACET)
    told = {field: _count(own, name) for name, field in OWN_COUNTS.items()}
    return counts | {field: count for field, count in told.items() if count is not None}


def _count(of: Mapping[str, Any], name: str) -> int | None:
    found = of.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _error(event: Mapping[str, Any]) -> str | None:
    """The message of a run that failed, and where it came from."""
    facet = _facet(event["run"], "errorMessage")
    message, trace = _text(facet, "message"), _text(facet, "stackTrace")
    if event.get("eventType") == "ABORT" and message is None:
        return "Aborted"
    if message and trace and message in trace:
        return trace
    return "\n".join(filter(None, (message, trace))) or None


def _datasets(event: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    found = event.get(name)
    for dataset in found if isinstance(found, list) else ():
        if isinstance(dataset, dict):
            yield dataset


def _facet(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _object(_object(of, "facets"), name)


def _object(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _text(of: Mapping[str, Any], name: str) -> str | None:
    found = of.get(name)
    return found if isinstance(found, str) and found else None
