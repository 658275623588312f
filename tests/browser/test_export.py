"""Export: exactly the filtered list, as a file."""

import csv
import io
import json
from pathlib import Path

from playwright.sync_api import Browser, Page
from sqlalchemy import text

from app.store.database import writing
from tests.kit.board import served
from tests.kit.databases import sqlite_only
from tests.kit.person import Person, sign_in
from tests.kit.reports import ended, get, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine


def downloaded(page: Page, name: str) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    assert waiting.value.suggested_filename.endswith(f".{name.lower()}")
    return Path(waiting.value.path()).read_text("utf-8-sig")


def filled(person: Person) -> None:
    send(
        person.board,
        *(ended(number) for number in range(1, 60)),
        *(ended(number, "failed", error_message=f'=1+1, "{number}"\nß') for number in (70, 71, 72)),
    )


def test_the_files_hold_exactly_the_filtered_list(person: Person) -> None:
    filled(person)
    for query, wanted in (("", 62), ("?status=failed", 3), ("?q=folder/document-1", 11)):
        page = person.open(f"/projects/{person.board.project}{query}")
        rows = page.locator("#rows tr").evaluate_all("all => all.map(row => row.id.slice(4))")
        lines = list(csv.DictReader(io.StringIO(downloaded(page, "CSV"))))
        objects = [json.loads(line) for line in downloaded(page, "NDJSON").splitlines()]
        assert len(lines) == len(objects) == wanted
        assert [one["job_id"] for one in lines][:50] == rows
        assert [one["job_id"] for one in objects] == [one["job_id"] for one in lines]
        assert objects[0].items() >= get(person.board, f"/{objects[0]['job_id']}").items()


def test_a_spreadsheet_runs_nothing_of_it(person: Person) -> None:
    filled(person)
    page = person.open(f"/projects/{person.board.project}?status=failed")
    for line in csv.DictReader(io.StringIO(downloaded(page, "CSV"))):
        assert line["error_message"] and line["error_message"][0] not in "=+-@\t\r"
        assert '1+1, "7' in line["error_message"]


def test_it_works_without_a_script(person: Person) -> None:
    filled(person)
    page = person.open(f"/projects/{person.board.project}?status=failed", java_script_enabled=False)
    assert len(downloaded(page, "NDJSON").splitlines()) == 3


def test_a_file_that_breaks_off_is_a_failed_download(
    chromium: Browser, settings: dict[str, str], tmp_path: Path
) -> None:
    with served(settings, "tests.kit.small_batches:app", tmp_path / "log") as board:
        board.project = board.new_project("p1")
        send(board, *(ended(number) for number in range(200)))
        someone = sign_in(chromium, board)
        page = someone.open("/projects/p1?status=all")
        assert len(downloaded(page, "NDJSON").splitlines()) == 200
        with board.database(), writing() as connection:  # what no report can say
            connection.execute(text("UPDATE jobs SET status = 9 WHERE job_id = 'job-00100'"))
        with page.expect_download() as waiting:
            page.get_by_role("link", name="NDJSON").click()
        assert waiting.value.failure()
        someone.context.close()
