"""Jobs: list, show, report, patch, bulk."""

import uuid
from typing import Any

import orjson
from flask import Response, request, url_for
from sqlalchemy import Connection

from app.access.scopes import Scope
from app.api import blueprint
from app.api.answers import json_answer, links, unchanged
from app.api.operations import LOCATION, Header, Parameter, operation
from app.api.params import LIST_PARAMETERS, parse_list, query_of
from app.api.requests import BULK_BODY, open_project, read_json
from app.clock import now
from app.ledger.job import Recorded
from app.ledger.merge import Merge
from app.ledger.record import record
from app.ledger.report import MOST_REPORTS, Report, parse_report
from app.ledger.sums import UnknownProjectError
from app.queries import jobs as queries
from app.queries.contract import CONTRACT, fields_of
from app.queries.parts import EVERY_TAKEN
from app.queries.search import LIMITED, MOST_FOUND, MOST_MEANT, limit_header
from app.queries.standby import reading_of
from app.queries.views import JobPage
from app.rules.fields import InvalidError
from app.rules.project import Project
from app.rules.skew import greatest, skew_of
from app.rules.times import MINUTE, floor, parse_time
from app.store.commits import InDoubtError
from app.store.database import reading
from app.web.cache import Made, body_of, serve
from app.web.errors import ProblemError, may_be_stored, problem_of
from app.web.etags import make_etag, versioned_etag
from app.web.urls import LONGEST_IN_HEADERS

LONGEST_IDEMPOTENCY_KEY = 255
_TAKEN = ", ".join(f"`{taken} {MOST_FOUND}`" for taken in EVERY_TAKEN)

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_IDEMPOTENCY_KEY},
    "Without a job_id: the same key gives the same job, so that a retry makes no second one.",
    place="header",
)


SKEW = Header(
    "X-Clock-Skew",
    "Only where the sender's clock is more than 2 minutes off, as far as this request shows: by how"
    " many seconds, positive where it is ahead.",
    {"type": "integer"},
)
MERGE = Header(
    "X-Job-Merge",
    "What the report did to the job that was known: `applied` (something stored changed), `stale`"
    " (nothing did) or `conflict` (of two different ends one lost).",
    {"type": "string", "enum": [merge.value for merge in Merge]},
)
NOTE = Header(
    "X-Job-Note",
    "Where the job had ended and the report changed nothing: what to send to run it again.",
)
ATTEMPT = Header(
    "X-Job-Attempt",
    "Of which attempt the fields are: one that is to run again is reported with the next.",
    {"type": "integer", "minimum": 1},
)
REPORTED = {200: (MERGE, NOTE, SKEW), 201: (LOCATION, SKEW)}


@blueprint.get("/projects/<id:project_id>/jobs")
@operation(
    "List a project's jobs, newest first",
    parameters=LIST_PARAMETERS,
    answers={200: ("A page of jobs", "JobList")},
    headers={
        200: (
            Header(
                "Link",
                "The first, previous, next and last page (RFC 8288). Where a long filter makes this"
                f" more than {LONGEST_IN_HEADERS:,} characters, those of them that fit, or none.",
            ),
            Header(
                LIMITED,
                "Only where more jobs may match than the "
                f"{MOST_FOUND:,} that were looked at. Says which these are: {_TAKEN}. Of `some` the"
                f" newest that match come first, then others; of a `q` these are {MOST_MEANT:,}. It"
                " also says how far a `q` was looked for, where that was not everywhere: in the"
                " `documents` of jobs created since a time, in the errors of `failures` since a"
                " time, in the last line of so many `causes`, the last seen: `documents since"
                " 2026-11-24T03:10:00Z; failures since 2026-11-23T00:00:00Z`. A narrower filter"
                " finds them all.",
            ),
        )
    },
)
def get_jobs(project_id: str) -> Response:
    """A page; 304 where nothing changed, after one statement."""
    at = now()
    with reading() as primary:
        project = open_project(primary, project_id)
        wanted, limit, offset, cursor = parse_list(request.args, at, project.silent_after)
        query = query_of(request.args)
        slot = ("jobs", project_id, *query, limit, offset, cursor)
        versions: tuple[int, ...] = (project.version,)
        if wanted.changes_by_itself:
            versions += (floor(at, MINUTE),)
        if answer := unchanged(versioned_etag(slot, versions)):
            return answer

        def read(connection: Connection) -> JobPage[dict[str, Any]]:
            return queries.list_jobs(
                connection,
                project,
                wanted,
                limit=limit,
                offset=offset,
                now=at,
                reading=CONTRACT,
                cursor=cursor,
            )

        def make(etag: str) -> Made:
            page = reading_of(primary, project, read, now=at)()
            body = {
                "jobs": page.rows,
                "total": page.total,
                "limit": limit,
                "offset": page.offset,
            }
            headers = {**links(page, query), **limit_header(page.capped)}
            return Made(orjson.dumps(body), headers, etag)

        kept = serve(slot, versions, make, now=at)
    body, encoding = body_of(slot, kept)
    return json_answer(body, headers={"ETag": kept.etag, **kept.about, **encoding})


@blueprint.get("/projects/<id:project_id>/jobs/<job:job_id>")
@operation("Show a job", answers={200: ("The job", "Job")}, headers={200: (ATTEMPT,)})
def get_job(project_id: str, job_id: str) -> Response:
    """One job, flat."""
    with reading() as connection:
        project = open_project(connection, project_id)
        job = queries.get_job(connection, project, job_id, now())
    if job is None:
        raise ProblemError(404, "No such job.")
    fields = fields_of(job)
    etag = make_etag("job", fields, job.attempt)
    headers = {"ETag": etag, ATTEMPT.name: str(job.attempt)}
    return unchanged(etag) or json_answer(fields, headers=headers)


@blueprint.post("/projects/<id:project_id>/jobs")
@operation(
    "Report a job",
    scope=Scope.WRITE,
    parameters=(IDEMPOTENCY_KEY,),
    body="NewJob",
    answers={
        200: ("The job was known; the report was merged", "Job"),
        201: ("The job is new", "Job"),
    },
    headers=REPORTED,
)
def post_job(project_id: str) -> Response:
    """A report that may make its job."""
    project = _project_for_writing(project_id)
    key = _idempotency_key()
    body = read_json()
    if isinstance(body, dict) and body.get("source_doc_id") is None:
        raise _invalid([("source_doc_id", "is required")])
    named = isinstance(body, dict) and body.get("job_id") is not None
    return _report(project, body, None if named else _made_id(project_id, key))


@blueprint.patch("/projects/<id:project_id>/jobs/<job:job_id>")
@operation(
    "Report progress, an outcome, or ({}) a sign of life",
    scope=Scope.WRITE,
    body="JobReport",
    answers={
        200: ("The merged job", "Job"),
        201: ("The job was unknown and is made, as a source_doc_id was given", "Job"),
    },
    headers=REPORTED,
)
def patch_job(project_id: str, job_id: str) -> Response:
    """A report of a job that the URL names."""
    project = _project_for_writing(project_id)
    body = read_json()
    return _report(project, body, job_id)


@blueprint.post("/projects/<id:project_id>/jobs/bulk")
@operation(
    "Report up to 1000 jobs in one transaction",
    scope=Scope.WRITE,
    body="Bulk",
    answers={200: ("What became of each report", "BulkResults")},
    headers={200: (SKEW,)},
)
def post_bulk(project_id: str) -> Response:
    """Reports, checked one by one; the valid ones are recorded together."""
    project = _project_for_writing(project_id)
    received_at = now()
    items, sent_at = _bulk_items(read_json(BULK_BODY))
    skew = _skew(sent_at, received_at)
    results: list[dict[str, Any]] = []
    reports: list[Report] = []
    places: list[int] = []
    for index, item in enumerate(items):
        named = item.get("job_id") if isinstance(item, dict) else None
        result: dict[str, Any] = {
            "index": index,
            "job_id": named if isinstance(named, str) else None,
        }
        results.append(result)
        try:
            report, _ = parse_report(item, project_id=project_id, job_id=None)
        except InvalidError as invalid:
            problem = problem_of(422, "Some values are not valid.", invalid.errors)
            result |= {"status": 422, "error": problem}
        else:
            reports.append(report)
            places.append(index)
    if reports:
        try:
            recorded = _record(project, reports, received_at, skew)
        except InDoubtError as error:
            raise may_be_stored(error, "send all of it again") from error
        skew = greatest(one.skew for one in recorded)
        for index, one in zip(places, recorded, strict=True):
            results[index] |= _bulk_result(one)
    return json_answer({"results": results}, headers=_skew_header(skew))


def _bulk_items(body: Any) -> tuple[list[Any], int | None]:
    if not isinstance(body, dict):
        raise _invalid([("", "must be a JSON object")])
    errors = [
        (name[:100], "is not a field of this request")
        for name in body
        if name not in ("jobs", "sent_at")
    ][:20]
    items, sent_at = body.get("jobs"), None
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_REPORTS:
        errors.append(("jobs", f"must be a list of 1 to {MOST_REPORTS} reports"))
        items = []
    if body.get("sent_at") is not None:
        try:
            sent_at = parse_time(str(body["sent_at"]))
        except ValueError as error:
            errors.append(("sent_at", str(error)))
    if errors:
        raise _invalid(errors)
    return items, sent_at


def _bulk_result(one: Recorded) -> dict[str, Any]:
    if one.refusal is not None:
        refusal = one.refusal
        problem = problem_of(refusal.status, refusal.message, [(refusal.field, refusal.message)])
        return {"status": refusal.status, "error": problem}
    if one.created:
        return {"status": 201}
    known = {"status": 200, "merge": one.merge}
    return known if (note := _note(one)) is None else known | {"note": note}


def _note(one: Recorded) -> str | None:
    """What to send to run a job again that had ended, where a report changed nothing."""
    if not one.idle or one.job is None:
        return None
    state = one.job.state
    return (
        f"The job had ended ({state.status.word}), and this report changed nothing. To run it"
        f" again, send attempt: {state.attempt + 1}, or another job_id."
    )


def _report(project: Project, body: Any, job_id: str | None) -> Response:
    """Record one report and answer with the merged job."""
    received_at = now()
    try:
        report, sent_at = parse_report(body, project_id=project.project_id, job_id=job_id)
    except InvalidError as invalid:
        raise _invalid(invalid.errors) from None
    skew = _skew(sent_at, received_at)
    try:
        [one] = _record(project, [report], received_at, skew)
    except InDoubtError as error:
        advice = f"send it again with this job_id: {report.job_id}"
        raise may_be_stored(error, advice, job_id=report.job_id) from error
    if one.refusal is not None:
        errors = [(one.refusal.field, one.refusal.message)]
        raise ProblemError(one.refusal.status, f"{_sentence(one.refusal.message)}", errors=errors)
    if one.job is None:
        raise ProblemError(404, "No such job.")
    headers = _skew_header(one.skew)
    if one.created:
        headers["Location"] = url_for(
            "api.get_job", project_id=project.project_id, job_id=report.job_id
        )
    elif one.merge is not None:
        headers[MERGE.name] = one.merge
        if (note := _note(one)) is not None:
            headers[NOTE.name] = note
    job = queries.view_of(one.job, project, received_at)
    return json_answer(fields_of(job), 201 if one.created else 200, headers)


def _record(
    project: Project, reports: list[Report], received_at: int, skew: int | None
) -> list[Recorded]:
    try:
        return record(project, reports, now=received_at, skew=skew)
    except UnknownProjectError:
        raise ProblemError(404, "No such project.") from None


def _project_for_writing(project_id: str) -> Project:
    with reading() as connection:
        return open_project(connection, project_id, Scope.WRITE)


def _idempotency_key() -> str | None:
    key = request.headers.get(IDEMPOTENCY_KEY.name)
    if key is not None and not 1 <= len(key) <= LONGEST_IDEMPOTENCY_KEY:
        sentence = f"must have 1 to {LONGEST_IDEMPOTENCY_KEY} characters"
        raise _invalid([(IDEMPOTENCY_KEY.name, sentence)])
    return key


def _made_id(project_id: str, key: str | None) -> str:
    """The id of a job that its report does not name: from the Idempotency-Key, else random."""
    if key is None:
        return f"job-{uuid.uuid4()}"
    return f"job-{uuid.uuid5(uuid.NAMESPACE_URL, f'jobwall:{project_id}:{key}')}"


def _skew(sent_at: int | None, received_at: int) -> int | None:
    """How many seconds the sender's clock says that it is off."""
    return None if sent_at is None else skew_of(sent_at - received_at)


def _skew_header(skew: int | None) -> dict[str, str]:
    return {} if skew is None else {SKEW.name: str(skew)}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _invalid(errors: list[tuple[str, str]]) -> ProblemError:
    return ProblemError(422, "Some values are not valid.", errors=errors)
