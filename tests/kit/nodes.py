"""The nodes of a Citus, one of which goes away; or what looks like it on one PostgreSQL.

On a real one (`pytest --citus`) a node is told an address at which nobody listens. Without one,
tables and functions of the same names stand in for what `app.store.nodes` asks of it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.store.database import db

NOBODY = 9  # a port at which nothing listens
_ALL = re.compile(r"SELECT projects\.project_id, projects\.version(, projects\.created_at)? \nFROM")
_STAND_IN = """
CREATE TABLE pg_dist_partition ();
CREATE TABLE pg_dist_node (groupid int, nodename text, nodeport int, noderole text);
CREATE TABLE pg_dist_shard (logicalrelid regclass, shardid bigint);
CREATE TABLE pg_dist_placement (shardid bigint, groupid int);
CREATE TABLE citus_shards (shardid bigint, table_name regclass, nodeport int);
INSERT INTO pg_dist_node VALUES (1, 'one', 1001, 'primary'), (2, 'two', 1002, 'primary');
INSERT INTO pg_dist_shard SELECT 'projects'::regclass, generate_series(0, 3);
INSERT INTO pg_dist_placement SELECT shard, 1 + shard % 2 FROM generate_series(0, 3) AS shard;
CREATE FUNCTION get_shard_id_for_distribution_column(regclass, id text) RETURNS bigint
    RETURN ascii(right(id, 1)) % 4;
CREATE FUNCTION shard_name(regclass, shard bigint) RETURNS text RETURN 'projects_' || shard;
CREATE FUNCTION master_run_on_worker(names text[], ports int[], asked text[], boolean)
RETURNS TABLE (node_name text, node_port int, success boolean, result text) LANGUAGE plpgsql AS $$
BEGIN
    FOR place IN 1 .. coalesce(array_length(names, 1), 0) LOOP
        node_name := names[place]; node_port := ports[place];
        success := node_port <> 9; result := 'failed to connect';
        IF success THEN EXECUTE asked[place] INTO result; END IF;
        RETURN NEXT;
    END LOOP;
END $$;
DO $$ BEGIN FOR shard IN 0 .. 3 LOOP EXECUTE format(
    'CREATE VIEW projects_%s AS SELECT * FROM projects'
    ' WHERE get_shard_id_for_distribution_column(''projects'', project_id) = %s', shard, shard
); END LOOP; END $$;
"""
_PLACES = """
SELECT nodes.groupid, array_agg(projects.project_id ORDER BY projects.project_id)
FROM pg_dist_node AS nodes JOIN pg_dist_placement AS places USING (groupid)
JOIN unnest(%s::text[]) AS projects (project_id) ON places.shardid
    = get_shard_id_for_distribution_column('projects', projects.project_id)
WHERE nodes.noderole = 'primary' GROUP BY 1
"""


class Nodes:
    """The nodes of a database, by its URL; `real` where they are those of a Citus."""

    def __init__(self, url: str, *, real: bool) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self.real = real
        if not real:
            self._connection.execute(_STAND_IN)

    def close(self) -> None:
        """Leave nothing open."""
        self._connection.close()

    def without(self, ids: list[str], project_id: str) -> tuple[int, list[str]]:
        """A node on which that project is not, and which of the others are."""
        places = dict(self._connection.execute(_PLACES, (ids,)).fetchall())
        return min((node, of) for node, of in places.items() if project_id not in of)

    @contextmanager
    def away(self, node: int, *apps: Flask) -> Iterator[None]:
        """A node that refuses to be connected to; these boards have connections to it no more."""
        query = "SELECT nodeport FROM pg_dist_node WHERE groupid = %s"
        [port] = self._connection.execute(query, (node,)).fetchone() or ()
        of = self._connection.execute("SELECT array_agg(project_id) FROM projects").fetchone()
        gone = dict(self._connection.execute(_PLACES, of).fetchall())[node]
        failing = [] if self.real else apps

        def fail(_connection, _cursor, statement: str, values: Any, *_: object) -> None:
            """What that node must answer fails."""
            of_all = _ALL.match(statement) and "WHERE" not in statement
            if of_all or (isinstance(values, dict) and values.get("of_project") in gone):
                said = psycopg.OperationalError("connection to the remote node failed")
                raise OperationalError(statement, {}, said)

        self._tell(node, NOBODY)
        for app in failing:
            with app.app_context():
                event.listen(db.engine, "before_cursor_execute", fail)
        try:
            yield
        finally:
            self._tell(node, port)
            for app in failing:
                with app.app_context():
                    event.remove(db.engine, "before_cursor_execute", fail)

    def _tell(self, node: int, port: int) -> None:
        update = "UPDATE pg_dist_node SET nodeport = %s WHERE groupid = %s"
        self._connection.execute(update, (port, node))


def wait_for_look(app: Flask) -> None:
    """Until the thread that looks at the nodes, if one does, has put its connection back.

    Only then can the engine be disposed of.
    """
    looking = app.extensions["nodes"]._looking
    if looking is not None:
        looking.join(30)
