#!/usr/bin/env python3
"""Builds a small knowledge graph from real documents and reports every step to a job board.

Without --documents it reads the documentation of the Python packages installed beside it and the
sample PDFs in examples/documents/. Each document becomes a job on the board: pending, running
with its progress, then completed, or failed for a reason that a person can act on. The documents
are cut into chunks, the key phrases of a chunk become nodes, and phrases that share a sentence
are linked by an edge. All of it lands in a SQLite file, the graph file.

Run it again and it skips every document that has not changed since it was finished. Stop it with
Ctrl-C and its open jobs are reported as failed, "interrupted"; the next run does them anew. While
the board is away it goes on working and reports later.
"""

import argparse
import itertools
import logging
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from jobwall_reporter import Reporter
from pipeline import documents
from pipeline.board import Board, BoardRefusedError
from pipeline.check import differences
from pipeline.documents import Document
from pipeline.graph import Graph
from pipeline.graph_file import GraphUnusableError
from pipeline.ingest import Ingest
from pipeline.jobs import Job, utc_now
from pipeline.options import UnableError, key_from_environment, parse_options
from pipeline.reports import Reports
from pipeline.stop import Stop, StoppedError

log = logging.getLogger("ingest_documents")


def main() -> int:
    """Run it and put whatever went wrong into words; returns the exit status."""
    options = parse_options(description=__doc__)
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    stop = Stop()
    stop.listen()
    try:
        return run(options, stop)
    except StoppedError:
        return 128 + (stop.signum or 0)
    except (UnableError, BoardRefusedError, GraphUnusableError) as error:
        log.error("%s", error)
    except (OSError, sqlite3.Error) as error:
        log.error("The run failed: %s", error)
    return 1


def run(options: argparse.Namespace, stop: Stop) -> int:
    """Ingest what is new, with one job for each document; returns the exit status."""
    found = find_documents(options.documents)
    address = (options.url, options.project, key_from_environment())
    with (
        closing(Graph(options.graph)) as graph,
        closing(Board(*address, stop)) as board,
        closing(Reporter(options.url, address[-1], options.project)) as reporter,
    ):
        project = board.project()
        graph.belong_to(project)
        reports = Reports(graph, reporter)
        try:
            # What a killed run has left open. These documents are then done as new jobs.
            graph.interrupt_open_jobs()
            changed = graph.changed(found)
            print(f"{len(found)} documents, {len(changed)} of them new or changed", flush=True)
            if not changed:
                print("Nothing to do; --documents FOLDER (make run DOCS=FOLDER) reads your own")
            ingest = Ingest(
                graph,
                stop,
                pace=options.pace,
                with_graph=project.has_graph,
                on_finished=progress_lines(len(changed)),
            )
            ingest.run(changed, options.workers)
            reports.send_the_rest(stop)
            return conclude(graph, board)
        except BaseException:
            if interrupted := graph.interrupt_open_jobs(at=utc_now()):
                log.warning("Stopping: %d open jobs are reported as interrupted", len(interrupted))
            raise


def find_documents(folder: Path | None) -> list[Document]:
    """The documents of a folder, or the default ones. Raises UnableError if there are none."""
    if folder is None:
        return documents.default_documents()
    if not folder.is_dir():
        raise UnableError(f"There is no folder {folder}")
    found = documents.documents_in(folder)
    if not found:
        raise UnableError(f"No documents in {folder}: it reads {documents.KINDS}")
    return found


def conclude(graph: Graph, board: Board) -> int:
    """Print the figures of all runs, if the board has the same; returns the exit status."""
    found = differences(graph, board)
    for difference in found[:5]:
        log.error("%s", difference)
    if found:
        log.error(
            "The board and %s disagree (%d differences). If jobs were deleted or the board's "
            "database was replaced, give --graph another file to start anew",
            graph.path,
            len(found),
        )
        return 1
    figures = " ".join(f"{name}={value}" for name, value in asdict(graph.totals()).items())
    print(f"done: {figures} graph={graph.path}", flush=True)
    return 0


def progress_lines(total: int) -> Callable[[Job], None]:
    """Prints a line for every finished job; for any thread."""
    numbers = itertools.count(1)
    lock = threading.Lock()

    def finished(job: Job) -> None:
        what = job.error_message or (
            f"{job.chunks_processed} chunks, {job.nodes_created} nodes, {job.edges_created} edges"
        )
        with lock:
            number = f"{next(numbers):{len(str(total))}}/{total}"
            print(f"{number} {job.status:9} {job.source_doc_id}: {what}", flush=True)

    return finished


if __name__ == "__main__":
    sys.exit(main())
