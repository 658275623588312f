"""Pictures of the wall: the filled board's own, and made up ones of any number of projects."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from app import create_app
from app.clock import now
from app.config import read
from app.queries.wall import Wall
from screenshots.made_walls import made_lines, show

TELEVISION = (1920, 1080)
UPRIGHT = (1080, 1920)
NAMES = (
    "legal-contracts",
    "Support mail",
    "Scanned archive 1994–2008",
    "HR handbook",
    "取締役会議事録",
    "Research papers",
    "ملاحظات الاجتماعات",
    "Patents",
    "Field reports, North and East, including the annexes of 2019",
    "Product wiki",
    "Договоры аренды",
)
MADE = {
    "wall-9": (9, 3, TELEVISION),
    "wall-16": (16, 12, TELEVISION),
    "wall-130": (130, 2, TELEVISION),
    "wall-1000": (1000, 60, TELEVISION),
    "wall-calm": (31, 0, TELEVISION),
    "wall-upright": (31, 6, UPRIGHT),
}
SEEN = {"wall": "/wall", "wall-one": "/wall?project=legal-contracts"}


def picture(browser: Browser, address: str, cookie: str, folder: Path) -> Iterator[str]:
    """Picture every wall; names each that is done. `cookie` is that of who is signed in."""
    width, height = TELEVISION
    context = browser.new_context(
        viewport={"width": width, "height": height}, timezone_id="Europe/Berlin"
    )
    page = context.new_page()
    with tempfile.TemporaryDirectory() as instance:
        app = create_app(read({"INSTANCE": instance, "DATABASE_URL": ""}))
        for name, (projects, troubles, size) in MADE.items():
            page.set_viewport_size({"width": size[0], "height": size[1]})
            at = now()
            show(page, app, Wall(made_lines(projects, troubles, at, NAMES)), at)
            yield _take(page, folder, name)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/wall")
    page.locator(".pair__code").wait_for()
    yield _take(page, folder, "wall-code")
    name, _, token = cookie.partition("=")
    context.add_cookies([{"name": name, "value": token, "url": address}])
    for name, path in SEEN.items():
        page.goto(address + path)
        yield _take(page, folder, name)
    page.goto(f"{address}/wall")
    page.route("**/*", lambda route: route.abort())
    page.locator(".head__lost").wait_for()
    yield _take(page, folder, "wall-lost")
    context.close()


def _take(page: Page, folder: Path, name: str) -> str:
    page.wait_for_timeout(1000)  # the first poll is answered, the rows are fitted
    page.screenshot(path=folder / f"{name}.png")
    return name
