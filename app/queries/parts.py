"""The parts of a filter, each declared here and nowhere else: to add one, add it here.

From them follow `JobFilter`, the API's parameters and its document, and of the dashboard the tabs,
the form, the chips and every URL. Their order is that of the API's document and of the chips.
"""

from sqlalchemy import ColumnElement, Connection, and_

from app.models import Job
from app.models.job import KEY_LENGTH, document_key
from app.queries.causes import get_cause, now_called
from app.queries.indexes import NEWEST, SOME, Index, index, mean
from app.queries.matching import is_silent
from app.queries.part import Choices, Part, Tabs, Words
from app.rules import formats
from app.rules.job_states import JOB_STATES
from app.rules.sentences import Parts, date, period, say
from app.rules.silence import silent_since
from app.rules.status import BEGUN, STATUS_BY_WORD, JobStatus
from app.rules.times import DAY, HOUR, parse_period, parse_time
from app.store.database import inlined
from app.web.formatters import span_words

ALL, HAS_BEGUN = "all", "begun"
# What a page takes for a time: so long (µs) before now, and how it says that.
_SPANS = {
    "1h": (HOUR, "Last hour"),
    "24h": (DAY, "Last 24 hours"),
    "7d": (7 * DAY, "Last 7 days"),
    "30d": (30 * DAY, "Last 30 days"),
}


def _tabs(name: str) -> Tabs:
    """The kinds of job that this parameter keeps."""
    return Tabs([state for state in JOB_STATES if state.parameter[0] == name])


def _ended(period: tuple[int, int]) -> list[ColumnElement[bool]]:
    start, end = period
    return [Job.ended_at >= start, Job.ended_at < end]


def _since(text: str) -> str | Parts:
    return _SPANS[text][1] if text in _SPANS else say("since ", date(parse_time(text)))


def _cause_words(connection: Connection, project_id: str, cause: int) -> str | None:
    """What the errors of a cause say."""
    found = get_cause(connection, project_id, cause)
    return f"cause “{found.line}”" if found else None


PARTS = (
    Part(
        name="status",
        help="Only jobs of these statuses; may be repeated.",
        example="failed",
        format=formats.some_of("status", STATUS_BY_WORD),
        condition=lambda statuses: [Job.status.in_(sorted(map(int, statuses)))],
        index=None,  # those of its kinds know the order of the list
        counted=True,
        label=None,
        offered=_tabs("status"),
        views={ALL: None, HAS_BEGUN: frozenset(BEGUN)},
    ),
    Part(
        name="q",
        help="The beginning of a job id, any part of a document id, or words of an error: of both,"
        " case, width and Unicode form do not matter. Without an index to tell, the newest are"
        " looked at: see X-Search-Limited.",
        example="contracts/2026/",
        format=formats.TEXT,
        condition=lambda meant: [meant.condition],
        index=Index(0, SOME, lambda _project_id, meant, _times: meant),
        counted=False,
        label="“{}”".format,
        offered=Words(
            "Document, job id or error words",
            empty="No document has this in its name, no job's id begins like it, and no error has"
            " its words",
        ),
        look_up=mean,
    ),
    Part(
        name="since",
        help="Only jobs created at this time or later.",
        example="2026-11-23T03:00:00Z",
        format=formats.TIME,
        condition=lambda moment: [Job.created_at >= moment],
        index=None,  # the order of the list is that of creation
        counted=True,
        label=_since,
        offered=Choices(
            "Created",
            none="Any time",
            texts=tuple(_SPANS),
            # Of another time the chip says which, in the reader's zone.
            words=lambda text: _SPANS[text][1] if text in _SPANS else "Another time",
        ),
        spans={text: span for text, (span, _) in _SPANS.items()},
    ),
    Part(
        name="until",
        help="Only jobs created before this time.",
        example="2026-11-24T03:00:00Z",
        format=formats.TIME,
        condition=lambda moment: [Job.created_at < moment],
        index=None,
        counted=True,
        label=lambda text: say("until ", date(parse_time(text))),
        offered=None,
    ),
    Part(
        name="finished",
        help="Only jobs that ended in this hour (`2026-11-24T03`) or on this day (`2026-11-24`) of"
        " UTC.",
        example="2026-11-24T03",
        format=formats.PERIOD,
        condition=_ended,
        index=index(
            4,
            "last finished",
            (Job.ended_at,),
            lambda period: [
                [Job.status == inlined(status), *_ended(period)]
                for status in JobStatus
                if status.terminal
            ],
        ),
        counted=False,
        label=lambda text: say("finished ", period(*parse_period(text))),
        offered=None,
    ),
    Part(
        name="longer",
        help="Only jobs that ended and took longer than this (`90s`, `10m`, `2h`, `1d`); those"
        " whose start was never reported are left out.",
        example="10m",
        format=formats.SPAN,
        condition=lambda span: [Job.took > span],
        index=index(5, "longest", (Job.took,), lambda span: [[Job.took > span]]),
        counted=False,
        label=lambda text: f"longer than {span_words(text)}",
        offered=Choices(
            "Duration",
            none="Any duration",
            texts=("1m", "10m", "1h", "6h"),
            words=lambda text: f"Over {span_words(text)}",
        ),
    ),
    Part(
        name="document",
        help="Only jobs of the document of this id, in whatever Unicode form.",
        example="contracts/2026/nda.pdf",
        format=formats.DOCUMENT,
        condition=lambda document: [Job.source_doc_id == document],
        index=index(
            1,
            "newest",
            NEWEST,
            lambda document: [[document_key(Job.source_doc_id) == document[:KEY_LENGTH]]],
        ),
        counted=False,
        label="document “{}”".format,
        offered=None,
    ),
    Part(
        name="cause",
        help="Only failed jobs of this cause.",
        example="0123456789abcdef",
        format=formats.CAUSE,
        condition=lambda cause: [Job.cause == now_called(cause)],
        index=index(2, "newest", NEWEST, lambda cause: [[Job.cause == now_called(cause)]]),
        counted=False,
        label="cause {}".format,
        offered=None,
        stored_label=_cause_words,
    ),
    Part(
        name="stalled",
        help="Only running jobs that fell silent.",
        example="1",
        format=formats.YES,
        condition=lambda since: [is_silent(since)],
        index=index(
            3,
            "last heard of",
            (Job.heard_at,),
            lambda since: [[is_silent(since)]],
        ),
        counted=False,
        label=None,
        offered=_tabs("stalled"),
        clock=silent_since,
    ),
    Part(
        name="empty",
        help="Only completed jobs that made no nodes of their chunks.",
        example="1",
        format=formats.YES,
        condition=lambda _: [and_(Job.empty)],
        index=None,  # as those of a status
        counted=True,
        label=None,
        offered=_tabs("empty"),
    ),
)
if lost := {*JOB_STATES} - {tab for part in PARTS for tab in part.tabs}:
    raise TypeError(f"no part of a filter keeps {', '.join(sorted(one.name for one in lost))}")

PART_OF = {part.name: part for part in PARTS}
TIMES = ("since", "until")
"""The parts that say when a job was created, by which indexes and counts are cut."""

EVERY_TAKEN = sorted({part.index.taken for part in PARTS if part.index is not None})
"""What may be said of the jobs that were looked at: see `Index`."""
