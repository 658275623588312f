"""Contracts into chunks, a task for each; one has no text, one task needs two tries."""

from datetime import timedelta

import pendulum
from airflow.providers.common.compat.openlineage.facet import Dataset
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import BaseOperator, dag, get_current_context, task


@dag(schedule="@once", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False)
def contracts():
    @task
    def listed():
        return ["lease.pdf", "deed.pdf", "will.pdf"]

    @task(retries=0)
    def ingest(document: str):
        if document == "deed.pdf":
            raise ValueError("no text in deed.pdf")

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def flaky():
        if get_current_context()["ti"].try_number == 1:
            raise TimeoutError("the model did not answer")

    class Read(BaseOperator):
        """Says what it reads when it is done, as operators with lineage do."""

        def execute(self, context):
            return None

        def get_openlineage_facets_on_complete(self, ti):
            from airflow.providers.openlineage.extractors import OperatorLineage

            return OperatorLineage(inputs=[Dataset("s3://contracts", "2026/lease.pdf")])

    sql = "create table if not exists chunks (id int)"
    query = SQLExecuteQueryOperator(task_id="query", conn_id="db", sql=sql)
    [ingest.expand(document=listed()), flaky(), query, Read(task_id="read")]


contracts()
