"""What a project is called, when its silence means something, where its links lead, what is its."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.access.viewer import visiting
from app.clock import now
from app.dashboard import blueprint
from app.ledger.projects import NAME, TakenNamespaceError, change_project
from app.queries.namespaces import list_patterns
from app.queries.projects import get_links
from app.rules.links import LONGEST, Links, check_template
from app.rules.namespaces import LONGEST_LINE, read_patterns, write_patterns
from app.rules.project import Project
from app.rules.times import format_span, parse_span
from app.web.security import keep_nowhere


class Setting(NamedTuple):
    """A line of the form: its column, its words, how it is read, and whether it may be empty.

    What is for `managers` concerns other projects too.
    """

    name: str
    label: str
    hint: str
    read: Callable[[str], Any]
    optional: bool = False
    longest: int = 200
    managers: bool = False


NAMESPACES = "namespaces"
SETTINGS = (
    Setting("name", "Name", "What people call it.", NAME.check),
    Setting(
        "silent_after",
        "Stalled after",
        "A running job of which nothing is heard for this long, or which does not go on.",
        parse_span,
    ),
    Setting(
        "wait_after",
        "Starved after",
        "Jobs wait, and none started for this long.",
        parse_span,
    ),
    Setting(
        "expect_every",
        "Late after",
        "No job came for this long. Empty: as jobs came in the weeks before.",
        parse_span,
        optional=True,
    ),
    Setting(
        "source_link",
        "Source document",
        "An address with {source_doc_id} in it, or {source_doc_id} alone.",
        check_template,
        optional=True,
        longest=LONGEST,
    ),
    Setting(
        "logs_link",
        "Logs",
        "Such as https://logs.example/?q={job_id}",
        check_template,
        optional=True,
        longest=LONGEST,
    ),
    Setting(
        "rerun_link",
        "Run again",
        "Where a person can run a job again.",
        check_template,
        optional=True,
        longest=LONGEST,
    ),
    Setting(
        NAMESPACES,
        "OpenLineage namespaces",
        "Runs of these are this project’s, such as airflow-prod, spark-*",
        read_patterns,
        optional=True,
        longest=LONGEST_LINE,
        managers=True,
    ),
)


@blueprint.get("/projects/<id:project_id>/settings")
@blueprint.post("/projects/<id:project_id>/settings", endpoint="change_project")
def project_settings(project_id: str) -> AnyResponse:
    """The form; and what it says stored, all of it or, where a line is wrong, nothing."""
    with visiting(project_id, now()) as (connection, project):
        if not g.viewer.administers(project_id):
            abort(403, "Only an administrator of the project may change it.")
        links = get_links(connection, project_id)
        patterns = [pattern for pattern, _ in list_patterns(connection, project_id)]
    lines = [one for one in SETTINGS if g.viewer.manages or not one.managers]
    typed = shown_settings(project, links, patterns)
    faults: dict[str, str] = {}
    if request.method == "POST":
        typed = {one.name: request.form.get(one.name, "").strip() for one in lines}
        values, faults = read_settings(typed, lines)
        faults = faults or _change(project_id, values, patterns)
        if not faults:
            return redirect(url_for(".project", project_id=project_id), 303)
    page = render_template(
        "project_settings.html", project=project, lines=lines, typed=typed, faults=faults
    )
    return keep_nowhere(Response(page, 422 if faults else 200))


def _change(project_id: str, values: dict[str, Any], known: Sequence[str]) -> dict[str, str]:
    """Store what was read; gives what is wrong with it beside what others have set."""
    patterns = values.pop(NAMESPACES, known) or []
    try:
        change_project(project_id, values, None if patterns == known else patterns)
    except TakenNamespaceError as taken:
        return {NAMESPACES: f"“{taken.args[0]}” is another project’s already."}
    return {}


def read_settings(
    typed: Mapping[str, str], lines: Iterable[Setting]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of the lines as they are stored, and of those that are wrong why they are."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for one in lines:
        text = typed[one.name]
        if one.optional and not text:
            values[one.name] = None
            continue
        try:
            values[one.name] = one.read(text)
        except ValueError as error:
            faults[one.name] = f"{one.label} {error}."
    return values, faults


def shown_settings(project: Project, links: Links, patterns: Sequence[str]) -> dict[str, str]:
    """The lines as they are stored: what `read_settings` would read again."""
    expected = project.expect_every
    return {
        "name": project.name,
        "silent_after": format_span(project.silent_after),
        "wait_after": format_span(project.wait_after),
        "expect_every": "" if expected is None else format_span(expected),
        "source_link": links.source or "",
        "logs_link": links.logs or "",
        "rerun_link": links.rerun or "",
        NAMESPACES: write_patterns(patterns),
    }
