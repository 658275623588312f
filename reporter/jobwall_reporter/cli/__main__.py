"""The command line: reads it, and calls what was asked for."""

from __future__ import annotations

import argparse
import logging
import sys

from jobwall_reporter import __version__
from jobwall_reporter.cli.execute import execute
from jobwall_reporter.cli.send import SendError, send
from jobwall_reporter.settings import SettingsError, settings_of

ABOUT = """Report jobs to a Jobwall board.

JOBWALL_URL, JOBWALL_KEY and JOBWALL_PROJECT say where to."""
EXEC = """Run a program as the job of a document: it completes with exit code 0, else it fails, and
the end of what it wrote to stderr is its error.

Where no board is set up (no JOBWALL_URL; a line on stderr says so) or it does not answer, the
program runs all the same. Its exit code is passed through, and signals are passed on. Lines like

    ::jobwall chunks=12 of=40 nodes=8 edges=15

on its stderr say what it has made so far, in all; they are not shown."""
SEND = """Send reports from a file: NDJSON with a report a line, or CSV whose head names the fields
of a report (job_id, source_doc_id, status, started_at, ...).

It can be interrupted and started again, and goes on where it was with this project of this board
(FILE.sent). What the board refuses is written, with its words, to FILE.refused.ndjson."""


def main() -> int:
    """Do what the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(
        "jobwall-report", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    run = commands.add_parser(
        "exec", help="run a program as a job", description=EXEC, formatter_class=raw
    )
    run.add_argument("--doc", required=True, metavar="D", help="the document that it is about")
    run.add_argument("--id", metavar="ID", help="the job's id; run again, its attempt rises")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    bulk = commands.add_parser(
        "send", help="send a file of reports", description=SEND, formatter_class=raw
    )
    bulk.add_argument("file", help="NDJSON, or CSV if its name ends so")
    bulk.add_argument("--again", action="store_true", help="from the start, whatever was sent")
    options = parser.parse_args()
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    if options.what == "exec":
        command = options.command[1:] if options.command[:1] == ["--"] else options.command
        if not command:
            run.error("say what to run: jobwall-report exec --doc D -- COMMAND ...")
        return execute(command, options.doc, options.id)
    try:
        settings = settings_of()
        if settings is None:
            raise SettingsError("JOBWALL_URL, JOBWALL_KEY and JOBWALL_PROJECT must be set")
        return send(options.file, settings, again=options.again)
    except (SettingsError, SendError) as error:
        print(f"jobwall-report: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
