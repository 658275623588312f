"""The graph file: nodes, edges, the jobs that made them, and what the board was told of these.

Three rules make the numbers agree, whatever happens to the process, the network or the board:

- A row remembers the job that inserted it, and the job's counts change in the same transaction.
  So the sums over the jobs are the row counts.
- The file is written first, then reported from. So the board is never ahead of the graph.
- A job whose `version` is above its `reported` may not be known to the board as it is. So what a
  killed process did not get to say is said by the next one.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import jobs
from pipeline.documents import Document
from pipeline.graph_file import GraphFile, GraphUnusableError
from pipeline.jobs import Job, Project


class JobClosedError(Exception):
    """The job has ended in the meantime: nothing more may be added to it."""


@dataclass(frozen=True)
class Totals:
    """Sums over all jobs, which are the row counts of the graph."""

    documents: int
    completed: int
    failed: int
    chunks: int
    nodes: int
    edges: int


class Graph(GraphFile):
    """What the pipeline may do with the graph file.

    `on_change` is called with every job that has changed, after that was written.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, made with its folder if need be. Raises GraphUnusableError."""
        super().__init__(path)
        self.on_change: Callable[[Sequence[Job]], None] = lambda _jobs: None

    def belong_to(self, project: Project) -> None:
        """Claim a new file for `project`. Raises GraphUnusableError if it belongs to another one.

        A graph that mixed two projects would be the sum of neither's jobs. The time of creation
        tells projects apart that have the same id on two boards, whatever URL leads there.
        """
        with self.transaction() as db:
            owner = db.execute("SELECT project_id, created_at FROM project").fetchone()
            if owner is None:
                claim = "INSERT INTO project VALUES (?, ?, lower(hex(randomblob(4))))"
                db.execute(claim, (project.project_id, project.created_at))
            elif tuple(owner) != (project.project_id, project.created_at):
                raise GraphUnusableError(
                    f"{self.path} belongs to the project {owner['project_id']} created at "
                    f"{owner['created_at']}, not to {project.project_id} created at "
                    f"{project.created_at}: another project, or the board's database was "
                    "replaced. Give --graph another file, or delete this one to start anew"
                )

    def changed(self, documents: Iterable[Document]) -> list[Document]:
        """Those whose latest finished job, completed or failed, saw other bytes, or none."""
        finished = self.read(
            "SELECT source_doc_id, fingerprint FROM jobs"
            " WHERE status IN ('completed', 'failed') AND error_message IS NOT ? ORDER BY number",
            jobs.INTERRUPTED,
        )
        known = {row["source_doc_id"]: row["fingerprint"] for row in finished}
        return [d for d in documents if known.get(d.source_doc_id) != d.fingerprint]

    def queue(self, documents: Iterable[Document]) -> list[Job]:
        """Make a pending job for each document, in this order."""
        with self.transaction() as db:
            (graph_id,) = db.execute("SELECT graph_id FROM project").fetchone()
            ids = [self._queue(db, graph_id, document) for document in documents]
        return self._changed(ids)

    def start(self, job_id: str) -> None:
        """Let a pending job run, from now on."""
        now = jobs.utc_now()
        self._change(job_id, "status = 'running', started_at = ?", now, status="pending")

    def expect(self, job_id: str, chunks_total: int) -> None:
        """Note how many chunks a running job will process."""
        self._change(job_id, "chunks_total = ?", chunks_total)

    def add_chunk(
        self, job_id: str, phrases: Iterable[str], links: Iterable[tuple[str, str]]
    ) -> None:
        """Insert what is new of a chunk's phrases and links, and count it for the job."""
        with self.transaction() as db:
            nodes = db.executemany(
                "INSERT OR IGNORE INTO nodes (phrase, job_id) VALUES (?, ?)",
                [(phrase, job_id) for phrase in phrases],
            ).rowcount
            edges = db.executemany(
                "INSERT OR IGNORE INTO edges (source, target, job_id)"
                " SELECT a.id, b.id, ? FROM nodes a, nodes b WHERE a.phrase = ? AND b.phrase = ?",
                [(job_id, *pair) for pair in links],
            ).rowcount
            # An empty executemany leaves the row count at -1.
            counts = (1, max(0, nodes), max(0, edges))
            self._update(
                db,
                job_id,
                "chunks_processed = chunks_processed + ?, nodes_created = nodes_created + ?,"
                " edges_created = edges_created + ?",
                *counts,
                status="running",
            )
        self._changed([job_id])

    def finish(self, job_id: str, error_message: str | None = None) -> Job:
        """Complete a running job or, with a message, fail it; its counts stay."""
        status = "failed" if error_message else "completed"
        changes = "status = ?, completed_at = ?, error_message = ?"
        self._change(job_id, changes, status, jobs.utc_now(), error_message)
        return self.job(job_id)

    def interrupt_open_jobs(self, at: str | None = None) -> list[Job]:
        """Fail every pending and running job; returns these.

        They end `at`, or where nobody was there to see it (a killed process) when they were last
        written. One that never started gets its end as its start too: without one the board
        would fill in the time of receipt.
        """
        with self.transaction() as db:
            rows = db.execute(
                "UPDATE jobs SET status = 'failed', error_message = :interrupted,"
                " completed_at = coalesce(:at, updated_at),"
                " started_at = coalesce(started_at, :at, updated_at), version = version + 1"
                " WHERE status IN ('pending', 'running') RETURNING job_id",
                {"interrupted": jobs.INTERRUPTED, "at": at},
            ).fetchall()
        return self._changed([row["job_id"] for row in rows])

    def job(self, job_id: str) -> Job:
        """One job as it stands."""
        return Job(**self.read("SELECT * FROM jobs WHERE job_id = ?", job_id)[0])

    def jobs(self) -> list[Job]:
        """All jobs of all runs, in the order in which they were queued."""
        return [Job(**row) for row in self.read("SELECT * FROM jobs ORDER BY number")]

    def unreported(self) -> list[Job]:
        """Jobs whose present state the board may not have, oldest first."""
        rows = self.read("SELECT * FROM jobs WHERE reported < version ORDER BY number")
        return [Job(**row) for row in rows]

    def acknowledge(self) -> None:
        """The board has every job as it is."""
        with self.transaction() as db:
            db.execute("UPDATE jobs SET reported = version WHERE reported < version")

    def totals(self) -> Totals:
        """Over all runs: nodes and edges are counted, the rest is the account of the jobs."""
        (row,) = self.read(
            "SELECT count(DISTINCT source_doc_id) AS documents,"
            " count(*) FILTER (WHERE status = 'completed') AS completed,"
            " count(*) FILTER (WHERE status = 'failed') AS failed,"
            " coalesce(sum(chunks_processed), 0) AS chunks,"
            " (SELECT count(*) FROM nodes) AS nodes,"
            " (SELECT count(*) FROM edges) AS edges FROM jobs"
        )
        return Totals(**row)

    def _queue(self, db: sqlite3.Connection, graph_id: str, document: Document) -> str:
        same = (document.source_doc_id, document.fingerprint)
        (tries,) = db.execute(
            "SELECT count(*) FROM jobs WHERE source_doc_id = ? AND fingerprint = ?", same
        ).fetchone()
        job_id = jobs.job_id_for(graph_id, *same, tries + 1)
        now = jobs.utc_now()
        db.execute(
            "INSERT INTO jobs (job_id, source_doc_id, fingerprint, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (job_id, *same, now, now),
        )
        return job_id

    def _change(self, job_id: str, changes: str, *values: object, status: str = "running") -> None:
        with self.transaction() as db:
            self._update(db, job_id, changes, *values, status=status)
        self._changed([job_id])

    def _changed(self, job_ids: Iterable[str]) -> list[Job]:
        changed = [self.job(job_id) for job_id in job_ids]
        self.on_change(changed)
        return changed

    def _update(
        self, db: sqlite3.Connection, job_id: str, changes: str, *values: object, status: str
    ) -> None:
        """Change a job of this status. Raises JobClosedError if it has another by now."""
        changed = db.execute(
            f"UPDATE jobs SET {changes}, version = version + 1, updated_at = ?"  # noqa: S608
            " WHERE job_id = ? AND status = ?",
            (*values, jobs.utc_now(), job_id, status),
        )
        if changed.rowcount == 0:
            raise JobClosedError(job_id)
