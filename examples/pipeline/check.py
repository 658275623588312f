"""Asks the board what it knows of the jobs and compares it with the graph file."""

from pipeline.board import Board
from pipeline.graph import Graph

COMPARED = ("status", "chunks_processed", "nodes_created", "edges_created")


def differences(graph: Graph, board: Board) -> list[str]:
    """What does not fit together, in words; empty if graph, jobs and board agree.

    Jobs that others report to the same project are none of ours and left out.
    """
    jobs = graph.jobs()
    totals = graph.totals()
    found = [
        f"{graph.path} holds {rows} {name}, but its jobs created {created}: was it edited?"
        for name, rows, created in (
            ("nodes", totals.nodes, sum(job.nodes_created for job in jobs)),
            ("edges", totals.edges, sum(job.edges_created for job in jobs)),
        )
        if rows != created
    ]
    missing = {job.job_id: job for job in jobs}
    for shown in board.jobs():
        job = missing.pop(shown["job_id"], None)
        if job is not None:
            found += [
                f"{job.job_id}: {field} is {shown[field]} on the board and "
                f"{getattr(job, field)} in the graph file"
                for field in COMPARED
                if shown[field] != getattr(job, field)
            ]
    return found + [f"{job_id}: not on the board" for job_id in missing]
