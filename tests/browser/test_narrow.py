"""Nothing scrolls sideways, on a phone or at 200 % zoom, whatever text stands in a field."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from app.ledger.projects import change_project
from app.rules.legible import legible
from app.rules.ways import WAYS
from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

SCRIPT = "<script>window.ran = 1</script><img src=x onerror=window.ran=1>'\""
TEXTS = {
    "script": SCRIPT,
    "right to left": "s3://عقود/2026/إتفاقية-الخدمة-طويلة-جدا\u202eغير-مغلق.pdf",
    "no spaces": "秘密保持契約" * 40 + ".pdf",
    "emoji": "🧾👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 20,
    "long": "long/" + "x" * 1000,
    "template": "{{ 7 * 7 }} ${7 * 7} {% raw %}",
}
LONG_ID = "9" * 250
WINDOWS = {
    "a phone": {"viewport": {"width": 360, "height": 780}},
    # What 1440×900 becomes at 200 %.
    "zoom": {"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2},
    "a wide window": {"viewport": {"width": 1440, "height": 900}},
}


@pytest.fixture
def hostile(person: Person) -> Person:
    """A project with hostile text in every field: name, documents, errors, link templates."""
    board = person.board
    board.project = board.new_project(f"{board.project}-{'p' * 100}", name=f"{SCRIPT} {'W' * 100}")
    jobs = [
        ended(
            number,
            "failed",
            ago=600 - number,
            source_doc_id=text,
            # 8 KiB each, and each a cause of its own.
            error_message=f"{text}\n{'trace ' * 1300}",
            nodes_created=2**53 - 1,
            chunks_processed=2**53 - 1,
        )
        for number, text in enumerate(TEXTS.values())
    ]
    send(board, *jobs, running(50, 3), ended(51) | {"job_id": LONG_ID})
    template = f"https://x.example/{'y' * 700}?<script>window.ran=1</script>&q={{source_doc_id}}"
    with board.database():
        change_project(board.project, {"logs_link": template, "source_link": "{source_doc_id}"})
    return person


def addresses(person: Person) -> Iterator[str]:
    """The path of every kind of page of the hostile project."""
    project = f"/projects/{person.board.project}"
    yield from ("/", project, f"{project}/causes", f"{project}?chart=30d")
    yield from (f"/report?project_id={person.board.project}&way={way}" for way in WAYS)
    yield from (f"{project}/jobs/job-{number:05}" for number in range(len(TEXTS)))
    yield f"{project}/jobs/{LONG_ID}"
    for text in TEXTS.values():
        yield f"{project}/document?{urlencode({'id': text})}"
        yield f"{project}?{urlencode({'q': text, 'document': text})}"
    yield f"/?{urlencode({'q': SCRIPT, 'state': SCRIPT})}"
    yield f"/projects/{'n' * 250}"


@pytest.mark.parametrize("window", WINDOWS)
def test_no_page_scrolls_sideways_or_runs_what_it_shows(hostile: Person, window: str) -> None:
    page = hostile.open("/", **WINDOWS[window])
    page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    for path in addresses(hostile):
        page.goto(hostile.board.url + path)
        for details in page.locator("#live details:not([open]) summary").all():
            if details.is_visible():
                details.click()
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{path[:200]} is {width} px too wide"
        assert page.evaluate("window.ran") is None, f"it ran on {path[:200]}"


def test_hostile_text_is_shown_as_it_was_sent_but_for_what_nobody_sees(hostile: Person) -> None:
    page = hostile.open(f"/projects/{hostile.board.project}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{SCRIPT} {'W' * 100}")
    assert legible(TEXTS["right to left"]) != TEXTS["right to left"]
    for number, text in enumerate(legible(text) for text in TEXTS.values()):
        link = page.locator(f"#row-job-{number:05} .doc")
        expect(link).to_have_attribute("title", text)
        assert link.text_content() == text
    expect(page.locator("#row-job-00000 .c-what")).to_have_text(SCRIPT)
    page.locator("#row-job-00000 .open").click()
    assert (page.locator("#error").text_content() or "").startswith(SCRIPT + "\ntrace")


def test_open_menus_and_popovers_stay_inside_a_phone(hostile: Person) -> None:
    page = hostile.open(f"/projects/{hostile.board.project}", **WINDOWS["a phone"])
    for opener, opened in (("Settings", "#menu"), ("More", "#more")):
        page.get_by_role("button", name=opener, exact=True).click()
        box = page.locator(opened).bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
        assert box["y"] >= 0 and box["y"] + box["height"] <= 780
        page.keyboard.press("Escape")
        expect(page.locator(opened)).to_be_hidden()


def test_the_text_can_be_spaced_out_as_wcag_asks(demo: Person) -> None:
    """1.4.12: no text is lost when lines, letters and words are set wider."""
    page = demo.open("/projects/legal-contracts", viewport={"width": 1440, "height": 900})
    page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            const wide = "letter-spacing: .12em; word-spacing: .16em";
            sheet.replaceSync(
                `* { line-height: 1.5; ${wide} }`.replaceAll(/;| }/g, " !important$&"),
            );
            document.adoptedStyleSheets = [sheet];
        }"""
    )
    clips = """all => all.filter((one) => one.offsetParent
        && one.scrollHeight > one.clientHeight + 1
        && getComputedStyle(one).overflowY !== "visible").length"""
    for selector in (".head__sentence", ".tab span", ".button", ".c-status"):
        assert page.locator(selector).evaluate_all(clips) == 0, selector
    spaced = page.locator(".tab").first.evaluate("tab => getComputedStyle(tab).letterSpacing")
    assert spaced != "normal"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
