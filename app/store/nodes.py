"""The nodes of a Citus that do not answer: found out once in a process, and then left alone.

A statement that every node answers fails with one of them. Whoever meets that has all nodes looked
at, by a thread; while one does not answer, the others are asked each by itself, and what is of that
one is refused at once. Since when it is so, the coordinator keeps: so all processes say the same.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterable
from typing import NamedTuple

import orjson
from flask import Flask, current_app
from sqlalchemy import Connection, text

from app.clock import now
from app.rules.times import MINUTE
from app.store import deadline
from app.store.database import reading, writing
from app.store.distributed import NODE
from app.store.faults import NO_ANSWER, NodeError, reason_of, sentence_of

AGAIN = 5.0
"""Seconds between two looks at all nodes, while one does not answer."""

WITHIN = NODE / 1000 + 0.5
"""Seconds that a look may take: as long as a node may take to be connected to, and a little."""

FORGOTTEN = MINUTE
"""What nobody has seen for so long (µs) is of an earlier outage, whose end nobody saw."""

log = logging.getLogger(__name__)

Row = tuple[str, int, int]
"""A project's id, its version, and when it was created (µs)."""


class Outage(NamedTuple):
    """Since when (µs) a node does not answer, and how many projects it has, if that is known."""

    since: int
    projects: int | None = None


class Away(NamedTuple):
    """What does not answer, since when (µs): so many `nodes` of `of_nodes`, with so many projects.

    None where nobody knows how many.
    """

    since: int
    nodes: int
    of_nodes: int
    projects: int | None


_PLACES = """
    SELECT nodes.nodename AS host, nodes.nodeport AS port, shards.shardid,
        shard_name(shards.logicalrelid, shards.shardid) AS name
    FROM pg_dist_shard AS shards
    JOIN pg_dist_placement AS places USING (shardid)
    JOIN pg_dist_node AS nodes USING (groupid)
    WHERE shards.logicalrelid = 'projects'::regclass AND nodes.noderole = 'primary'
"""
_LOOK = text(f"""
    WITH places AS (SELECT DISTINCT host, port FROM ({_PLACES}) AS places)
    SELECT answers.node_name || ':' || answers.node_port, answers.success
    FROM (
        SELECT array_agg(host) AS hosts, array_agg(port) AS ports,
            array_agg(CAST('SELECT 1' AS text)) AS asked
        FROM places
    ) AS each, master_run_on_worker(hosts, ports, asked, true) AS answers
""")  # noqa: S608  nothing of it is anybody's
_VERSIONS = text(f"""
    WITH places AS (
        SELECT host, port, string_agg(
            'SELECT project_id, version, created_at FROM ' || name, ' UNION ALL '
        ) AS found
        FROM ({_PLACES}) AS places WHERE host || ':' || port <> ALL(:away) GROUP BY host, port
    )
    SELECT answers.node_name || ':' || answers.node_port, answers.success, answers.result
    FROM (
        SELECT array_agg(host) AS hosts, array_agg(port) AS ports, array_agg(
            'SELECT coalesce(json_agg(json_build_array(project_id, version, created_at)), ''[]'')'
            || ' FROM (' || found || ') AS found'
        ) AS asked
        FROM places
    ) AS each, master_run_on_worker(hosts, ports, asked, true) AS answers
""")  # noqa: S608  as above
_COUNT = text(f"""
    SELECT host || ':' || port, count(*)
    FROM (SELECT get_shard_id_for_distribution_column('projects', id) AS shardid
        FROM unnest(CAST(:ids AS text[])) AS id) AS wanted
    JOIN ({_PLACES}) AS places USING (shardid)
    GROUP BY 1
""")  # noqa: S608  as above
_NOTE = text("""
    INSERT INTO node_outages AS known (node, since, seen_at, projects)
    VALUES (:node, :since, :now, :projects)
    ON CONFLICT (node) DO UPDATE SET
        seen_at = excluded.seen_at,
        since = CASE WHEN known.seen_at < :forgotten THEN excluded.since ELSE known.since END,
        projects = CASE WHEN known.seen_at < :forgotten THEN excluded.projects
            ELSE coalesce(known.projects, excluded.projects) END
    RETURNING since, projects
""")
_FORGET = text("DELETE FROM node_outages WHERE node <> ALL(:away)")


class Nodes:
    """What a process knows of the nodes of its database."""

    def __init__(self) -> None:
        self.projects: Collection[str] | None = None
        """The ids of all projects, as they were when all nodes answered."""

        self._seen = False  # there are nodes at all
        self._away: dict[str, Outage] = {}
        self._all: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._looking: threading.Thread | None = None
        self._looked = threading.Event()

    def suspect(self, app: Flask) -> bool:
        """Have all nodes looked at, and wait for that; whether it is worth to ask once more."""
        if not self._seen:
            return False
        known = self.apart
        with self._lock:
            if self._looking is None or not self._looking.is_alive():
                self._looked.clear()
                self._looking = threading.Thread(target=self._watch, args=(app,), daemon=True)
                self._looking.start()
        self._looked.wait(min(WITHIN, deadline.left_or(WITHIN)))
        return self.apart and not known

    @property
    def apart(self) -> bool:
        """Whether one does not answer, and the others are asked each by itself."""
        return bool(self._away)

    def versions(self, connection: Connection) -> list[Row] | None:
        """Those of the projects whose nodes answer; None where every node is believed to."""
        self._seen = True
        if not self.apart:
            return None
        found: list[Row] = []
        for node, answers, told in connection.execute(_VERSIONS, {"away": list(self._away)}):
            if answers:
                found += map(tuple, orjson.loads(told))
            else:
                self._away.setdefault(node, Outage(now()))
        return found

    def away(self, connection: Connection, only: Collection[str] | None) -> Away | None:
        """What does not answer of all projects, or of these; None where nothing is missing."""
        away = self._away.copy()
        if not away:
            return None
        if only is not None:
            concerned = _count(connection, only)
            away = {
                node: outage._replace(projects=concerned[node])
                for node, outage in away.items()
                if node in concerned
            }
            if not away:
                return None
        counts = [outage.projects for outage in away.values()]
        total = None if None in counts else sum(filter(None, counts))
        since = min(outage.since for outage in away.values())
        return Away(since, len(away), len(self._all), total)

    def check(self, connection: Connection, project_id: str) -> None:
        """Raise NodeError where the node of a project does not answer, without asking it."""
        if self._away and not self._away.keys().isdisjoint(_count(connection, [project_id])):
            raise NodeError

    def need_all(self) -> None:
        """Raise NodeError where one does not answer, for what is asked of all of them."""
        if self._away:
            raise NodeError

    def _watch(self, app: Flask) -> None:
        """Look at all nodes until every one answers."""
        with app.app_context():
            while True:
                try:
                    with deadline.within(WITHIN):
                        self._look()
                except Exception as error:  # whatever it is, the next look may tell
                    log.warning("the nodes could not be looked at: %s", reason_of(error))
                self._looked.set()
                if not self.apart:
                    return
                time.sleep(AGAIN)

    def _look(self) -> None:
        with reading() as connection:
            answers: dict[str, bool] = dict(connection.execute(_LOOK).all())
            silent = {node for node, success in answers.items() if not success}
            new = silent - self._away.keys()
            known = self.projects
            counts = _count(connection, known) if new and known is not None else {}
        at, none = now(), None if known is None else 0
        away = {node: self._away.get(node) or Outage(at, counts.get(node, none)) for node in silent}
        for node in sorted(new):
            log.warning("node %s does not answer; the others are asked without it", node)
        for node in sorted(self._away.keys() - silent):
            log.warning("node %s answers again", node)
        self._all = frozenset(answers)
        self._away = away
        with writing() as connection:
            for node, outage in away.items():
                values = {"node": node, "now": at, "forgotten": at - FORGOTTEN}
                row = connection.execute(_NOTE, values | outage._asdict()).one()
                away[node] = Outage(*row)
            connection.execute(_FORGET, {"away": list(away)})
        self._away = away


def _count(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """How many of these projects lie on each node that has one of them."""
    return dict(connection.execute(_COUNT, {"ids": list(ids)}).all())


def init_app(app: Flask) -> None:
    """Give the app what it knows of nodes: nothing yet."""
    app.extensions["nodes"] = Nodes()


def nodes() -> Nodes:
    """What this process knows of them."""
    found: Nodes = current_app.extensions["nodes"]
    return found


def suspect(error: BaseException) -> bool:
    """Whether it is worth to ask once more after an error, since a node is known to be away now."""
    if isinstance(error, NodeError) or sentence_of(error) != NO_ANSWER:
        return False
    return nodes().suspect(current_app._get_current_object())  # type: ignore[attr-defined]
