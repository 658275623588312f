"""Ways for any program: Python, a command, and whatever can send JSON."""

from app.rules.ways.way import Block, Way, install, settings

WAYS = (
    Way(
        "python",
        "Python",
        "The block is the job: it runs from its first line, completes at its end, and fails with"
        " the exception that leaves it.",
        (
            install(),
            Block(
                "Around what ingests a document",
                "python",
                """\
from jobwall_reporter import Reporter

jobwall = Reporter()
with jobwall.job("contracts/lease.pdf") as job:
    for chunk in ("one", "two", "three"):
        job.add(chunks=1⟦, nodes=2, edges=3⟧)""",
            ),
        ),
    ),
    Way(
        "cron",
        "Shell, cron",
        "Any command is a job: it completes with exit code 0, else it fails with the end of what it"
        " wrote to stderr. What it writes and its exit code stay as they are; `--doc` names the"
        " document, or the run.",
        (
            Block(
                "The reporter in one file, for any Python from 3.9 on",
                "sh",
                """\
curl -fsS -o ~/jobwall-report ⟨url⟩/reporter/jobwall-report.pyz
chmod +x ~/jobwall-report""",
            ),
            Block(
                "A job that fails, to see one",
                "sh",
                f"""\
{settings()}
~/jobwall-report exec --doc nightly -- sh -c 'echo "No space left on device" >&2; exit 1'""",
            ),
            Block(
                "In `crontab -e`, before a command of your own",
                "crontab",
                """\
JOBWALL_URL=⟨url⟩
JOBWALL_KEY=⟨key⟩
JOBWALL_PROJECT=⟨project⟩
0 3 * * * ~/jobwall-report exec --doc nightly -- /opt/ingest/nightly.sh""",
            ),
        ),
    ),
    Way(
        "curl",
        "curl",
        "Whatever sends JSON can report: how a job began, how it goes on, how it ended.",
        (
            Block(
                "A job begins",
                "sh",
                """\
curl -fsS -X POST ⟨url⟩/api/v1/projects/⟨project⟩/jobs \\
  -H "Authorization: Bearer ⟨key⟩" -H "Content-Type: application/json" \\
  -d '{"job_id": "first", "source_doc_id": "handbook.pdf", "status": "running",
       "chunks_total": 40, "started_at": "'$(date -u +%FT%TZ)'"}'""",
            ),
            Block(
                "It ends; `failed` with an `error_message` where it does not end well",
                "sh",
                """\
curl -fsS -X PATCH ⟨url⟩/api/v1/projects/⟨project⟩/jobs/first \\
  -H "Authorization: Bearer ⟨key⟩" -H "Content-Type: application/json" \\
  -d '{"status": "completed", "chunks_processed": 40⟦, "nodes_created": 212⟧}'""",
            ),
        ),
    ),
)
