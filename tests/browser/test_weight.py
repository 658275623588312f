"""What a page weighs on the wire, and that it asks nobody else."""

import pytest
from playwright.sync_api import Response

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

STYLE_AND_SCRIPT = 27_000  # bytes with gzip, htmx included; fonts count apart (test_fonts.py)
ROWS = 12_000  # bytes with gzip: the HTML of 50 rows


def on_the_wire(answer: Response) -> int:
    return answer.request.sizes()["responseBodySize"]


def test_styles_and_scripts_of_a_page_are_light_and_from_here(person: Person) -> None:
    send(person.board, ended(1, "failed", error_message="x"))
    for path in ("", "/causes", "/jobs/job-00001", "/document?id=folder/document-1.pdf"):
        answers: list[Response] = []
        # A window of its own: nothing is in its cache.
        page = person.open("/healthz", viewport={"width": 1440, "height": 900})
        page.on("response", lambda answer, answers=answers: answers.append(answer))
        page.goto(f"{person.board.url}/projects/{person.board.project}{path}")
        page.wait_for_load_state("load")
        assert all(one.url.startswith(person.board.url) for one in answers)
        assets = {
            one.url: one
            for one in answers
            if one.request.resource_type in ("stylesheet", "script") and "/fonts." not in one.url
        }
        assert len(assets) >= 3
        for one in assets.values():
            assert one.headers["content-encoding"] == "gzip"
            assert "max-age=31536000, immutable" in one.headers["cache-control"]
        if path == "":
            total = sum(on_the_wire(one) for one in assets.values())
            assert 10_000 < total <= STYLE_AND_SCRIPT, f"{total} bytes"
            print(f"Styles and scripts: {total} bytes")


@pytest.mark.parametrize("kind", ["short", "long"])
def test_the_html_of_50_rows_is_light(person: Person, kind: str) -> None:
    def named(number: int) -> str:
        if kind == "short":
            return f"folder/document-{number}.pdf"
        return f"s3://contracts/2026/q4/{number:04}/" + f"{number * 7919:x}-" * 12 + f"{number}.pdf"

    send(
        person.board,
        *(
            ended(
                number,
                "failed" if number % 2 else "completed",
                ago=number * 61,
                source_doc_id=named(number),
                error_message=f"LLM API timeout after {number} retries on part {number * 7}",
                nodes_created=number * 31,
                edges_created=number * 97,
            )
            for number in range(60)
        ),
    )
    answer = person.context.request.get(
        f"{person.board.url}/projects/{person.board.project}", headers={"Accept-Encoding": "gzip"}
    )
    assert answer.headers["content-encoding"] == "gzip"
    body = answer.body()
    assert body.count(b'<tr id="row-') == 50
    weight = int(answer.headers["content-length"])
    assert 1000 < weight <= ROWS, f"{weight} bytes"
    print(f"HTML of 50 rows, {kind} names: {weight} bytes")
