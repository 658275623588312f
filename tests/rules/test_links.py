"""Links from a job to where it lives elsewhere."""

import pytest

from app.rules.job import Job
from app.rules.job_states import FAILED
from app.rules.links import Links, check_template, fill
from app.rules.status import JobStatus


def job(document: str) -> Job:
    return Job("p1", "job-1", document, JobStatus.FAILED, FAILED, *[0] * 4, 5, *[None] * 3, 2, 5, 5)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert({job_id})",
        "//logs.example/{job_id}",
        "https://{source_doc_id}/x",
        "https://{job_id}",
        "https://logs.example{source_doc_id}/x",
        "{job_id}",
        "https://x.example/{name}",
        "https://x.example/{job_id",
        "https://x.example/a b",
        "https://x.example/" + "a" * 1000,
    ],
)
def test_a_template_must_lead_to_a_host_of_its_own(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        check_template(text)


def test_what_is_filled_in_can_lead_nowhere_else() -> None:
    template = check_template("https://logs.example/{project_id}?q={source_doc_id}#{attempt}")
    [(label, address)] = fill(Links(logs=template), job("../../@evil.example/?a=b&c#d é"))
    assert label == "Logs"
    assert address == (
        "https://logs.example/p1?q=../../%40evil.example/%3Fa%3Db%26c%23d%20%C3%A9#2"
    )


def test_a_document_that_is_an_address_is_linked_as_it_is() -> None:
    links = Links(source=check_template("{source_doc_id}"))
    assert fill(links, job("https://wiki.example/a?b=c")) == [
        ("Source document", "https://wiki.example/a?b=c")
    ]
    for document in ("javascript:alert(1)", "s3://bucket/key", "a.pdf", "https://", "http://x y"):
        assert fill(links, job(document)) == []


def test_without_templates_there_are_no_links() -> None:
    assert fill(Links(), job("a.pdf")) == []
