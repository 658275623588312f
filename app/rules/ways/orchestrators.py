"""Ways for orchestrators that run Python of your own: by their hooks."""

from app.rules.ways.way import Block, Way, install

WAYS = (
    Way(
        "prefect",
        "Prefect",
        "Each run of a flow is a job, and each of its tries an attempt. This one fails: there is no"
        " such file.",
        (
            install("prefect"),
            Block(
                "In the decorator of a flow",
                "python",
                """\
from jobwall_reporter.adapters.prefect import report_runs
from prefect import flow

reported = report_runs(document=lambda parameters: parameters["path"])


@flow(retries=1, retry_delay_seconds=1, **reported)
def ingest(path: str):
    return len(open(path, "rb").read())


ingest("lease.pdf", return_state=True)""",
            ),
        ),
    ),
    Way(
        "dagster",
        "Dagster",
        "Each op of a job that ran is a job here, once it has ended. This one fails: there is no"
        " such file.",
        (
            install("dagster"),
            Block(
                "In the decorator of a job",
                "python",
                """\
from dagster import job, op
from jobwall_reporter.adapters.dagster import report_ops


@op(config_schema={"path": str})
def read(context):
    return len(open(context.op_config["path"], "rb").read())


@job(hooks=report_ops(document=lambda context: context.op_config["path"]))
def ingest():
    read()


given = {"ops": {"read": {"config": {"path": "lease.pdf"}}}}
ingest.execute_in_process(given, raise_on_error=False)""",
            ),
        ),
    ),
)
