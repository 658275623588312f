"""A job, as the graph file keeps it and as the board is told about it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Project:
    """Where jobs are reported to."""

    project_id: str
    created_at: str
    mode: str

    @property
    def has_graph(self) -> bool:
        """A vector_only project counts no nodes and edges, so none are made for it."""
        return self.mode != "vector_only"


@dataclass(frozen=True)
class Job:
    """One try to ingest one version of a document."""

    number: int
    job_id: str
    source_doc_id: str
    fingerprint: str
    status: str
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    chunks_total: int | None
    chunks_processed: int
    nodes_created: int
    edges_created: int
    error_message: str | None
    version: int
    reported: int


def job_id_for(graph_id: str, source_doc_id: str, fingerprint: str, try_: int) -> str:
    """The same id for the same try of the same bytes of a document, readable at its start."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", source_doc_id).strip("-")[-60:].strip("-") or "document"
    identity = "\n".join((graph_id, source_doc_id, fingerprint))
    return f"{name}.{hashlib.sha256(identity.encode()).hexdigest()[:12]}.{try_}"


def utc_now() -> str:
    """The time as RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
