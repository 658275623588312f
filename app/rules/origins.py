"""Where a job comes from whose pipeline speaks another language than ours, and what was chosen.

Several events tell of one job, each of them a part. What they say together is `join`ed: whatever
the order and however often they come, the same is known in the end.
"""

from enum import IntEnum
from typing import NamedTuple, TypeVar

Choice = TypeVar("Choice", bound=IntEnum)

LONGEST = 1024
"""Characters that are kept of a name."""


class DocumentBy(IntEnum):
    """What told the document of a job; the greater tells more. The numbers are the stored ones."""

    RUN = 0
    JOB = 1
    INDEX = 2
    FILE = 3
    TAG = 4
    FACET = 5
    REPORT = 6

    @property
    def words(self) -> str:
        """It in words."""
        return _DOCUMENT[self]


class ProjectBy(IntEnum):
    """What told the project of a job; the greater tells more. The numbers are the stored ones."""

    ID = 0
    RULE = 1
    KEY = 2
    NAMED = 3

    @property
    def words(self) -> str:
        """It in words."""
        return _PROJECT[self]


_DOCUMENT = {
    DocumentBy.RUN: "the run’s id",
    DocumentBy.JOB: "the pipeline’s job",
    DocumentBy.INDEX: "the pipeline’s job and its map index",
    DocumentBy.FILE: "its only input that is a file",
    DocumentBy.TAG: "the run’s tag source_doc_id",
    DocumentBy.FACET: "the run’s facet jobwall",
    DocumentBy.REPORT: "a report",
}
_PROJECT = {
    ProjectBy.ID: "the namespace, which is its id",
    ProjectBy.RULE: "a rule for the namespace",
    ProjectBy.KEY: "the key, which is for it alone",
    ProjectBy.NAMED: "the request, which names it",
}


_LANGUAGES = {"openlineage": "OpenLineage"}
_SPEAKERS = {"dbt": "dbt"}


class Origin(NamedTuple):
    """Where a job comes from: the columns of `models.JobOrigin`, behind its key.

    `source` is the language that its pipeline speaks, `integration` what spoke it, `producer` the
    address of that; `namespace` and `job_name` are how the pipeline calls the job.
    """

    source: str
    namespace: str
    job_name: str
    document_by: DocumentBy
    project_by: ProjectBy
    integration: str | None = None
    producer: str | None = None
    log_url: str | None = None

    @property
    def speaker(self) -> str:
        """What spoke, and its language, in words."""
        known = (self.integration or "").lower()
        language = _LANGUAGES.get(self.source, self.source)
        return f"{_SPEAKERS.get(known, known.capitalize())} by {language}" if known else language


def join(one: Origin, other: Origin) -> Origin:
    """The two together: of what was chosen the greater, of names the first by the alphabet."""
    return Origin(
        min(one.source, other.source),
        min(one.namespace, other.namespace),
        min(one.job_name, other.job_name),
        max(one.document_by, other.document_by),
        max(one.project_by, other.project_by),
        _first(one.integration, other.integration),
        _first(one.producer, other.producer),
        _first(one.log_url, other.log_url),
    )


def _first(one: str | None, other: str | None) -> str | None:
    return min((text for text in (one, other) if text is not None), default=None)


def tells_more(one: DocumentBy, document: str, than: DocumentBy, known: str) -> bool:
    """Whether a document that `one` told stands over the known one; of equals the first does."""
    return (-one, document) < (-than, known)
