"""Ways for task queues: whoever sends a task reports that it waits, its worker the rest."""

from app.rules.ways.way import Block, Way, install

_TRIES = "is a job, and each of its tries an attempt. This one fails: there is no such file."

WAYS = (
    Way(
        "celery",
        "Celery",
        f"Each task {_TRIES}",
        (
            install("'celery[sqlalchemy]'"),
            Block(
                "In `tasks.py`, where the app is made; your broker takes the place of this file",
                "python",
                """\
from celery import Celery
from jobwall_reporter.adapters.celery import report_tasks

app = Celery("tasks", broker="sqla+sqlite:///tasks.db")
report_tasks(document=lambda task, args, kwargs: args[0])


@app.task(autoretry_for=(OSError,), max_retries=2, default_retry_delay=1)
def ingest(path):
    return len(open(path, "rb").read())""",
                "tasks.py",
            ),
            Block(
                "Send one, and work",
                "sh",
                """\
celery -A tasks call tasks.ingest --args '["lease.pdf"]'
celery -A tasks worker --concurrency 1""",
            ),
        ),
    ),
    Way(
        "dramatiq",
        "Dramatiq",
        f"Each message {_TRIES}",
        (
            install("'dramatiq[redis]'"),
            Block(
                "In `tasks.py`, where the broker is made",
                "python",
                """\
import dramatiq
from dramatiq.brokers.redis import RedisBroker
from jobwall_reporter.adapters.dramatiq import ReportMessages

dramatiq.set_broker(broker := RedisBroker(url="redis://127.0.0.1"))
broker.add_middleware(ReportMessages(document=lambda actor, args, kwargs: args[0]))


@dramatiq.actor(max_retries=2, max_backoff=1000)
def ingest(path):
    return len(open(path, "rb").read())""",
                "tasks.py",
            ),
            Block(
                "Send one, and work",
                "sh",
                """\
python -c 'import tasks; tasks.ingest.send("lease.pdf")'
dramatiq tasks""",
            ),
        ),
    ),
    Way(
        "rq",
        "RQ",
        f"Each job of a queue {_TRIES}",
        (
            install("rq"),
            Block(
                "What your jobs call, such as `tasks.py`; nothing in it changes",
                "python",
                """\
def ingest(path):
    return len(open(path, "rb").read())""",
                "tasks.py",
            ),
            Block(
                "Both name a class of jobs that report themselves, by their first argument",
                "sh",
                """\
export RQ_REDIS_URL=redis://127.0.0.1
rq enqueue --job-class jobwall_reporter.adapters.rq.ReportedJob --retry-max 2 \\
  tasks.ingest lease.pdf
rq worker --job-class jobwall_reporter.adapters.rq.ReportedJob""",
            ),
        ),
    ),
)
