"""Every project, worst first."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request, url_for

from app.access.viewer import visiting_overview
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.answers import answer, title
from app.dashboard.controls import options
from app.dashboard.pager import make_pager
from app.queries import board
from app.queries.overview import count_states, in_trouble, running_jobs, shared_causes
from app.queries.projects import ProjectLine
from app.rules.times import MINUTE, floor
from app.rules.verdicts import SOME_FAILURES, STATES
from app.web.live import Head

PROJECTS_PER_PAGE = 50


@blueprint.get("/")
def overview() -> Response:
    """Every project, worst first."""
    at = now()
    q, state = request.args.get("q", "").strip()[:200], request.args.get("state", "")[:40]
    number = request.args.get("page", 1, type=int)
    with visiting_overview(at) as (connection, visit):
        only, away = visit.grant.project_id, visit.away

        def build() -> tuple[Head, dict[str, Any]]:
            lines, until = board.look(connection, at, only and [only])
            wanted = _matching(lines, q, state)
            page = min(max(1, number), max(1, -(-len(wanted) // PROJECTS_PER_PAGE)))
            first = (page - 1) * PROJECTS_PER_PAGE
            shown = board.with_hours(connection, at, wanted[first : first + PROJECTS_PER_PAGE])
            states = count_states(lines)
            labels = {one.name: one.label for one in STATES if one in states}
            if state:
                labels.setdefault(state, state)
            troubles = in_trouble(lines)

            def link(to: int) -> str:
                return url_for(".overview", q=q or None, state=state or None, page=to)

            alarm = bool(troubles) or away is not None
            verdicts = [line.verdict for line in troubles]
            head = Head("Projects", alarm, title("Projects", verdicts), until)
            return head, {
                "away": away,
                "lines": shown,
                "shared_causes": shared_causes(troubles),
                "states": options("Every state", labels, state),
                "everything": len(lines),
                "in_trouble": len(troubles),
                "running": running_jobs(lines),
                "some_failures": states[SOME_FAILURES],
                "q": q,
                "state": state,
                "pager": make_pager(page, PROJECTS_PER_PAGE, len(wanted), len(shown), link),
            }

        slot = (only, away, q, state, number)
        return answer("overview", slot, (*visit.versions, floor(at, MINUTE)), build, now=at)


def _matching(lines: Sequence[ProjectLine], q: str, state: str) -> Sequence[ProjectLine]:
    """Those that have the text in their name or id, and are in the state; all where none is."""
    needle = q.casefold()
    if needle:
        lines = [
            line
            for line in lines
            if needle in line.facts.name.casefold() or needle in line.facts.project_id.casefold()
        ]
    return [line for line in lines if line.verdict.state.name == state] if state else lines
