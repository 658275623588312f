"""The schemas of the OpenAPI document, of what goes in made from the checks themselves."""

from typing import Any

from app.ledger.merge import Merge
from app.ledger.projects import NEW_PROJECT
from app.ledger.report import MOST_REPORTS, REPORT
from app.models.project import MODES
from app.rules.status import STATUS_BY_WORD
from app.rules.verdicts import STATES
from app.sources.openlineage import STATUSES

STORED, IGNORED, MALFORMED, REFUSED = RESULTS = ("stored", "ignored", "malformed", "refused")
"""What becomes of an event of OpenLineage."""


def ref(name: str) -> dict[str, str]:
    """What stands for a schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _requiring(name: str) -> dict[str, Any]:
    """The schema of a report in which this field must be, and not be null."""
    schema = REPORT.schema()
    properties = schema["properties"] | {name: REPORT.fields[name].schema}
    return {**schema, "properties": properties, "required": [name]}


def _lineage(text: dict[str, Any]) -> dict[str, Any]:
    known = {"result": {"type": "string", "enum": list(RESULTS)}}
    known |= dict.fromkeys(("project_id", "job_id", "error"), text)
    result = _object(known, "project_id", "job_id", "error")
    name = {"type": "string", "minLength": 1}
    job = {"namespace": name, "name": name}
    run = {"runId": {"type": "string", "format": "uuid"}}
    event = {
        "type": "object",
        "description": "A RunEvent, JobEvent or DatasetEvent of OpenLineage; what is not named here"
        " is its own, and facets that are not known are left alone.",
        "required": ["eventTime"],
        "anyOf": [
            {"required": ["job"]},
            {"required": ["dataset"], "not": {"required": ["run"]}},
        ],
        "properties": {
            "eventTime": REPORT.fields["started_at"].schema,
            "eventType": {"type": "string", "enum": list(STATUSES)},
            "run": {"type": "object", "required": list(run), "properties": run},
            "job": {"type": "object", "required": list(job), "properties": job},
            "dataset": {"type": "object"},
        },
    }
    return {
        "LineageEvent": event,
        "LineageEvents": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_REPORTS,
            "items": {"anyOf": [ref("LineageEvent"), {}]},
        },
        "LineageResult": result,
        "LineageResults": _object({"results": {"type": "array", "items": ref("LineageResult")}}),
    }


def _summaries(text: Any, count: Any, moment: Any) -> dict[str, Any]:
    """The schemas of how projects stand."""
    seconds = {"type": ["number", "null"], "minimum": 0}
    said = {
        "state": {"type": "string", "enum": [state.name for state in STATES]},
        "trouble": {"type": "boolean", "description": "Whether somebody should look at it."},
        "since": moment,
        "sentence": {**text, "description": "What the pages say, with times in UTC."},
    }
    counts = ("pending", "running", "completed", "failed", "empty", "stalled", "failing_documents")
    cause = {
        "cause": text,
        "error": text,
        "documents": count,
        "remedy": {"type": ["string", "null"]},
    }
    summary = {
        "project_id": text,
        "name": text,
        **said,
        "also": {
            "type": "array",
            "description": "What else holds where something is wrong, worst first.",
            "items": _object(said),
        },
        "counts": _object(dict.fromkeys(counts, count)),
        "last_24h": _object({"completed": count, "failed": count}),
        "last_job_at": moment,
        "drained_at": {**moment, "description": "When what runs and waits will be done: a guess."},
        "causes": {
            "type": "array",
            "description": "Those by which most documents still fail; of several projects the one"
            " that the sentence names.",
            "items": _object(cause),
        },
    }
    pace = _object(
        {
            "since": moment,
            "median_seconds": seconds,
            "p95_seconds": seconds,
            "seconds_per_chunk": seconds,
            "chunks_per_minute": seconds,
        }
    )
    return {
        "ProjectSummary": _object(summary),
        "Summary": _object(summary | {"pace": pace, "as_of": moment}),
        "Summaries": _object(
            {
                "projects": {"type": "array", "items": ref("ProjectSummary")},
                "unanswered": {
                    **_object(
                        {"projects": {**count, "type": ["integer", "null"]}, "since": moment}
                    ),
                    "type": ["object", "null"],
                    "description": "Projects that are missing here, since the part of the database"
                    " that has them does not answer: how many, null where that is not known.",
                },
                "as_of": moment,
            }
        ),
    }


def schemas() -> dict[str, Any]:
    """Every schema by its name."""
    text: dict[str, Any] = {"type": "string"}
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    moment: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
    return {
        "Job": _object(
            {
                "job_id": text,
                "project_id": text,
                "source_doc_id": text,
                "status": {"type": "string", "enum": list(STATUS_BY_WORD)},
                "chunks_processed": count,
                "nodes_created": count,
                "edges_created": count,
                "started_at": moment,
                "completed_at": moment,
                "error_message": {"type": ["string", "null"]},
            }
        ),
        "JobList": _object(
            {
                "jobs": {"type": "array", "items": ref("Job")},
                "total": count,
                "limit": count,
                "offset": count,
            }
        ),
        "Project": _object(
            {
                "project_id": text,
                "name": text,
                "mode": {"type": "string", "enum": list(MODES)},
                "created_at": {"type": "string", "format": "date-time"},
            }
        ),
        "Projects": _object(
            {
                "projects": {"type": "array", "items": ref("Project")},
                "total": count,
                "limit": count,
                "offset": count,
            },
            "total",
            "limit",
            "offset",
        ),
        **_summaries(text, count, moment),
        "NewProject": NEW_PROJECT.schema(),
        "JobReport": REPORT.schema(),
        "NewJob": _requiring("source_doc_id"),
        "BulkReport": _requiring("job_id"),
        "Bulk": {
            **_object(
                {
                    "sent_at": REPORT.schema()["properties"]["sent_at"],
                    "jobs": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MOST_REPORTS,
                        "description": "Each a BulkReport. One that is not is refused alone, in its"
                        " own result, and keeps none of the others back.",
                        "items": {"anyOf": [ref("BulkReport"), {}]},
                    },
                },
                "sent_at",
            ),
            "additionalProperties": False,
        },
        "BulkResults": _object(
            {
                "results": {
                    "type": "array",
                    "items": _object(
                        {
                            "index": count,
                            "job_id": {"type": ["string", "null"]},
                            "status": {"type": "integer"},
                            "merge": {"type": "string", "enum": [merge.value for merge in Merge]},
                            "note": text,
                            "error": ref("Problem"),
                        },
                        "merge",
                        "note",
                        "error",
                    ),
                }
            }
        ),
        **_lineage(text),
        "Problem": _object(
            {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "errors": {
                    "type": "array",
                    "items": _object({"field": text, "message": text}),
                },
                "job_id": text,
                "project_id": text,
            },
            "errors",
            "job_id",
            "project_id",
        ),
    }
