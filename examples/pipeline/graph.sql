-- The graph and, beside it, the account of the jobs that made it.

PRAGMA journal_mode = WAL;
-- What the board was told must still be here after a power cut.
PRAGMA synchronous = FULL;

-- One row: whose graph this is. graph_id is part of every job id, so that a graph that was
-- deleted and made anew does not write over the jobs of the old one.
CREATE TABLE IF NOT EXISTS project (
    project_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    graph_id   TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS jobs (
    number           INTEGER PRIMARY KEY,
    job_id           TEXT NOT NULL UNIQUE,
    source_doc_id    TEXT NOT NULL,
    fingerprint      TEXT NOT NULL,
    status           TEXT NOT NULL DEFAULT 'pending',
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL,
    started_at       TEXT,
    completed_at     TEXT,
    chunks_total     INTEGER,
    chunks_processed INTEGER NOT NULL DEFAULT 0,
    nodes_created    INTEGER NOT NULL DEFAULT 0,
    edges_created    INTEGER NOT NULL DEFAULT 0,
    error_message    TEXT,
    version          INTEGER NOT NULL DEFAULT 1,  -- raised by every change
    reported         INTEGER NOT NULL DEFAULT 0   -- the version that the board has acknowledged
);

CREATE INDEX IF NOT EXISTS jobs_of_document ON jobs (source_doc_id);
CREATE INDEX IF NOT EXISTS unreported_jobs ON jobs (number) WHERE reported < version;

CREATE TABLE IF NOT EXISTS nodes (
    id     INTEGER PRIMARY KEY,
    phrase TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL REFERENCES jobs (job_id)
);

-- Undirected: source is the alphabetically lower phrase.
CREATE TABLE IF NOT EXISTS edges (
    source INTEGER NOT NULL REFERENCES nodes (id),
    target INTEGER NOT NULL REFERENCES nodes (id),
    job_id TEXT NOT NULL REFERENCES jobs (job_id),
    PRIMARY KEY (source, target)
) WITHOUT ROWID;
