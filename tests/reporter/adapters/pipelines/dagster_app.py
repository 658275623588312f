"""A Dagster job with an op that is good and one that fails."""

from dagster import DagsterInstance, In, Nothing, OpExecutionContext, job, op
from jobwall_reporter.adapters.dagster import report_ops


@op(config_schema={"path": str})
def ingest(context: OpExecutionContext) -> None:
    """All goes well."""


@op(config_schema={"path": str}, ins={"after": In(Nothing)})
def broken(context: OpExecutionContext) -> None:
    """It cannot be read."""
    raise ValueError(f"{context.op_config['path']} is no PDF")


@job(hooks=report_ops(document=lambda context: context.op_config["path"]))
def nightly() -> None:
    """Both."""
    broken(after=ingest())


if __name__ == "__main__":
    config = {"ops": {"ingest": {"config": {"path": "a.pdf"}}}}
    config["ops"]["broken"] = {"config": {"path": "b.pdf"}}
    with DagsterInstance.ephemeral() as instance:
        nightly.execute_in_process(config, instance=instance, raise_on_error=False)
