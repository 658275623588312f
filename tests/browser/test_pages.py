"""Pages in a real browser: signing in, without JavaScript, narrow, and full of hostile text."""

import re

import pytest
from playwright.sync_api import expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import job, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

HOSTILE = (
    "<script>alert(1)</script>",
    "s3://contracts/2026/q4/إتفاقية-الخدمة-طويلة-جدا.pdf",
    "秘密保持契約/2026年/更新-第十一版.pdf",
    "emoji/🧾🚀" * 20,
    "long/" + "x" * 1000,
    "'\"><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
)
SIZES = (1440, 768, 390, 360)


def test_the_link_signs_in_once_and_leaves_no_token_in_the_address(person: Person) -> None:
    link = person.board.sign_in_link()
    context = person.browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", person.hear)
    page.goto(link)
    page.wait_for_url(person.board.url + "/")
    token = link.partition("#")[2]
    assert not any(token in url for url in asked)
    other = person.browser.new_context().new_page()
    other.goto(link)
    expect(other.locator("body")).to_contain_text("used already")
    expect(other.get_by_label(re.compile("key", re.I)).first).to_be_visible()


def test_a_pasted_key_signs_in_and_sign_out_signs_out(person: Person) -> None:
    page = person.browser.new_context().new_page()
    page.goto(person.board.url + "/projects/" + person.board.project)
    page.get_by_label(re.compile("key", re.I)).first.fill(person.board.key)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(person.board.project))
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/sign-in"))
    page.goto(person.board.url + "/")
    page.wait_for_url(re.compile("/sign-in"))


def test_everything_reads_filters_and_pages_without_javascript(person: Person) -> None:
    send(person.board, *(job(number) for number in range(1, 121)), job(200, "failed"))
    page = person.open(f"/projects/{person.board.project}", java_script_enabled=False)
    expect(page.locator("#rows tr")).to_have_count(50)
    page.get_by_role("link", name="Older", exact=True).click()
    expect(page.locator("#rows tr").first).to_contain_text("document-71.pdf")
    page.get_by_role("link", name="Last", exact=True).click()
    expect(page.locator("#rows tr")).to_have_count(21)
    page.locator(".tab", has_text="Failed").click()
    expect(page.locator("#rows tr")).to_have_count(1)
    page.locator(".tab").first.click()
    page.get_by_role("searchbox").fill("folder/document-11")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#rows tr")).to_have_count(11)
    page.get_by_role("link", name=re.compile("Remove")).click()
    page.locator("#rows a").first.click()
    expect(page.locator("h1")).to_contain_text("document-200.pdf")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()


def test_later_pages_keep_their_rows_while_jobs_arrive(person: Person) -> None:
    send(person.board, *(job(number) for number in range(1, 121)))
    page = person.open(f"/projects/{person.board.project}", java_script_enabled=False)
    send(person.board, *(job(number) for number in range(200, 230)))
    page.get_by_role("link", name="Older", exact=True).click()
    expect(page.locator("#rows tr").first).to_contain_text("document-70.pdf")
    expect(page.locator("#news")).to_have_text("30 new")


@pytest.mark.parametrize("width", SIZES)
def test_hostile_text_is_text_and_nothing_scrolls_sideways(person: Person, width: int) -> None:
    jobs = [
        job(number, "failed", error_message=text + "\n" + "trace " * 1300) | {"source_doc_id": text}
        for number, text in enumerate(HOSTILE)
    ]
    send(person.board, *jobs, running(50, 3))
    page = person.open(
        f"/projects/{person.board.project}", viewport={"width": width, "height": 800}
    )
    page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    expect(page.locator("#rows tr")).to_have_count(len(HOSTILE) + 1)
    heights = page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert max(heights) - min(heights) <= 1, "the height depends on what a row says"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for number in range(len(HOSTILE)):
        page.goto(f"{person.board.url}/projects/{person.board.project}/jobs/job-{number:05}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(person.board.url + "/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_state_and_its_cause_are_in_view_at_once(person: Person, scheme: str) -> None:
    text = "LLM API timeout after 3 retries"
    send(person.board, *(job(number, "failed", error_message=text) for number in range(9)))
    for width, height in ((1440, 900), (360, 780)):
        page = person.open(
            f"/projects/{person.board.project}",
            viewport={"width": width, "height": height},
            color_scheme=scheme,
        )
        for words in ("Failing since", text, "Last one"):
            box = page.get_by_text(words).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height


def test_empty_pages_teach(person: Person) -> None:
    page = person.open(f"/projects/{person.board.project}")
    expect(page.get_by_role("link", name="Report your first job")).to_be_visible()
    send(person.board, job(1))
    page.goto(f"{person.board.url}/projects/{person.board.project}?q=nothing-like-it")
    page.get_by_role("link", name="Show every job").click()
    expect(page.locator("#rows tr")).to_have_count(1)
    page.goto(f"{person.board.url}/projects/{person.board.project}?page=9")
    page.get_by_role("link", name="Go to the last one").click()
    expect(page.locator("#rows tr")).to_have_count(1)


def test_unknown_pages_are_pages(person: Person) -> None:
    page = person.open("/projects/nowhere")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("body")).to_contain_text("nothing here")
