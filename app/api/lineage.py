"""OpenLineage's address: what sends its events anywhere can send them here."""

from typing import Any, NamedTuple

import orjson
from flask import Response, request

from app.access.scopes import Scope
from app.api import blueprint
from app.api.answers import json_answer
from app.api.operations import Parameter, operation
from app.api.requests import BODY, BULK_BODY, authenticate, open_project, read_json
from app.api.schemas import IGNORED, MALFORMED, REFUSED, STORED
from app.clock import now
from app.ledger.record import record
from app.ledger.report import MOST_REPORTS, Report
from app.ledger.sums import UnknownProjectError
from app.queries.namespaces import find_project
from app.rules.fields import IDENTIFIER
from app.rules.origins import ProjectBy
from app.rules.project import Project
from app.sources.openlineage import MalformedError, read_event
from app.store.database import reading
from app.web.errors import ProblemError

PROJECT = "X-Project"
PARAMETERS = (
    Parameter(
        "project_id",
        {"type": "string"},
        f"Whose jobs these are; so says the header {PROJECT}. Else the project that the key is for,"
        " else that of a rule for the namespace of the job, else the one whose id this is.",
    ),
    Parameter(PROJECT, {"type": "string"}, "As `project_id`.", place="header"),
    Parameter(
        "statements",
        {"type": "string", "enum": ["1"]},
        "Take runs of single SQL statements too, which are parts of other runs.",
    ),
    Parameter(
        "parents",
        {"type": "string", "enum": ["0"]},
        "Leave out runs that only hold others: DAGs of Airflow, commands of dbt, applications of"
        " Spark.",
    ),
)
BUSY = ("The database did not answer, or too many ask at once", "Problem")
ENDPOINTS = ("api.post_lineage", "api.post_lineage_batch")


@blueprint.post("/lineage")
@operation(
    "Report a run by an event of OpenLineage",
    scope=Scope.WRITE,
    parameters=PARAMETERS,
    body="LineageEvent",
    answers={
        200: ("It is of no run, or of one that is not asked for: ignored", "LineageResult"),
        201: ("It was stored: the job has the id `ol-` and the run's", "LineageResult"),
        429: BUSY,
    },
)
def post_lineage() -> Response:
    """One event."""
    projects = _Projects()
    event = read_json(BODY)
    try:
        read = projects.read(event)
    except MalformedError as malformed:
        raise ProblemError(400, str(malformed)) from None
    if read is None:
        return json_answer({"result": IGNORED})
    [result] = _record(read.project, [read.report])
    if result["result"] != STORED:
        raise ProblemError(400, result["error"])
    return json_answer(result, 201)


@blueprint.post("/lineage/batch")
@operation(
    "Report runs by up to 1000 events of OpenLineage",
    scope=Scope.WRITE,
    parameters=PARAMETERS,
    body="LineageEvents",
    answers={200: ("What became of each event", "LineageResults"), 429: BUSY},
)
def post_lineage_batch() -> Response:
    """Each by itself: one that is malformed keeps none of the others back."""
    projects = _Projects()
    events = read_json(BULK_BODY)
    if not isinstance(events, list) or not 1 <= len(events) <= MOST_REPORTS:
        raise ProblemError(400, f"Send a list of 1 to {MOST_REPORTS} events.")
    results: list[dict[str, str]] = []
    of_project: dict[str, list[tuple[int, _Read]]] = {}
    for index, event in enumerate(events):
        result = {"result": IGNORED}
        try:
            if (read := projects.read(event)) is not None:
                of_project.setdefault(read.project.project_id, []).append((index, read))
        except MalformedError as malformed:
            result = {"result": MALFORMED, "error": str(malformed)}
        except _NoProjectError as unknown:
            result = {"result": REFUSED, "error": unknown.detail}
        results.append(result)
    for reads in of_project.values():
        recorded = _record(reads[0][1].project, [read.report for _, read in reads])
        for (index, _), result in zip(reads, recorded, strict=True):
            results[index] = result
    return json_answer({"results": results})


@blueprint.after_request
def busy(response: Response) -> Response:
    """Where we are busy, say 429: at a 503 its clients wait, and their pipelines with them."""
    if request.endpoint in ENDPOINTS and response.status_code == 503:
        problem = orjson.loads(response.get_data())
        response.set_data(orjson.dumps(problem | {"status": 429, "title": "Too Many Requests"}))
        response.status_code = 429
    return response


class _Read(NamedTuple):
    """What an event reports, and to which project."""

    project: Project
    report: Report


class _Projects:
    """The projects of the events of a request, each asked for once."""

    def __init__(self) -> None:
        """Find out who asks. Raises ProblemError as the other routes do."""
        named = request.args.get("project_id") or request.headers.get(PROJECT)
        self._chosen: tuple[str, ProjectBy] | None = (named, ProjectBy.NAMED) if named else None
        if not (named and IDENTIFIER.fullmatch(named)):  # else the project's one statement says it
            with reading() as connection:
                grant = authenticate(connection, Scope.WRITE)
            if not named and grant.project_id:
                self._chosen = grant.project_id, ProjectBy.KEY
        self._known: dict[str, Project] = {}
        self._of: dict[str, tuple[str, ProjectBy]] = {}
        if self._chosen:
            self._open(self._chosen[0], self._chosen[0])

    def read(self, event: Any) -> _Read | None:
        """What an event reports, None where that is nothing. Raises as above, MalformedError."""
        found = read_event(
            event,
            statements=request.args.get("statements") == "1",
            parents=request.args.get("parents") != "0",
        )
        if found is None:
            return None
        project_id, chosen_by = self._chosen or self._choose(found.namespace)
        return _Read(self._open(project_id, found.namespace), found.report(chosen_by))

    def _choose(self, namespace: str) -> tuple[str, ProjectBy]:
        """The project of a namespace that nobody named another for."""
        if namespace not in self._of:
            with reading() as connection:
                ruled = find_project(connection, namespace)
            self._of[namespace] = (ruled, ProjectBy.RULE) if ruled else (namespace, ProjectBy.ID)
        return self._of[namespace]

    def _open(self, project_id: str, named: str) -> Project:
        if project_id not in self._known:
            if not IDENTIFIER.fullmatch(project_id):
                raise _NoProjectError(named)
            with reading() as connection:
                try:
                    self._known[project_id] = open_project(connection, project_id, Scope.WRITE)
                except ProblemError as problem:
                    if problem.status != 404:
                        raise
                    raise _NoProjectError(named) from None
        return self._known[project_id]


class _NoProjectError(ProblemError):
    """What was named, or a namespace, leads to no project, or to none that this key may see."""

    def __init__(self, named: str) -> None:
        super().__init__(
            404,
            f"“{named[:100]}” is no project's id. Say whose these are by ?project_id=, by the"
            f" header {PROJECT}, by a key for one project, or by a rule for their namespace; else"
            " their namespace must be the id.",
        )


def _record(project: Project, reports: list[Report]) -> list[dict[str, str]]:
    """Record reports together, and say what became of each."""
    try:
        recorded = record(project, reports, now=now())
    except UnknownProjectError:
        raise ProblemError(404, "No such project.") from None
    return [
        {"result": STORED, "project_id": project.project_id, "job_id": one.job_id}
        if one.refusal is None
        else {"result": REFUSED, "error": f"{one.refusal.field} {one.refusal.message}."}
        for one in recorded
    ]
