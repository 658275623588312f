"""Fill a board, serve it, and take a picture of every page: `python -m screenshots`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.sync_api import Browser, Page, sync_playwright

from app import create_app
from app.clock import now
from app.config import read
from app.store.database import db
from bench.access import session_headers
from bench.bars import bar
from bench.load import migrate
from bench.server import Server, serve
from screenshots import chromium
from screenshots.board import fill
from screenshots.walls import picture

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PICTURES = ROOT / "build" / "screenshots"  # which Git ignores
SIZES = {"": (1440, 900, 1), "-phone": (360, 780, 2)}  # the last: pixels of the picture per pixel
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to be pictured; `lost` while its server is away."""

    name: str
    path: str
    lost: bool = False


PROJECT = "/projects/legal-contracts"
SHOTS = (
    Shot("overview", "/"),
    Shot("project", PROJECT),
    Shot("month", f"{PROJECT}?chart=30d&status=failed"),
    Shot("causes", f"{PROJECT}/causes"),
    Shot("cause", f"{PROJECT}/causes"),
    Shot("document", ""),
    Shot("job", ""),
    Shot("empty", "/projects/sandbox"),
    Shot("report", "/report?project_id=sandbox&way=celery"),
    Shot("lost", PROJECT, lost=True),
)


@click.command()
@click.option("--only", default="", metavar="NAME,…", help="Only these pages, or `walls`.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=PICTURES,
    help="Where the pictures go.  [default: build/screenshots/, and docs/ gets those it has]",
)
def main(only: str, folder: Path) -> None:
    """Picture every page of a filled board, 1440 and 360 px wide, light and dark; and its walls."""
    wanted = [shot for shot in SHOTS if not only or shot.name in only.split(",")]
    walls = not only or "walls" in only.split(",")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, bar("Pictures") as progress:
        settings = {"INSTANCE": instance, "DATABASE_URL": ""}
        migrate(settings)
        with create_app(read(settings)).app_context():
            fill(now())
            db.engine.dispose()
        cookie = session_headers(settings, 1)[0]["Cookie"]
        with serve("wsgi:app", settings) as server, sync_playwright() as playwright:
            opened = chromium.launch(playwright)
            views = [(size, theme) for size in SIZES for theme in THEMES]
            for number, (size, theme) in enumerate(views):
                progress(f"{theme}{size}", number / len(views))
                with window(opened, server, cookie, size, theme) as page:
                    for shot in wanted:
                        show(page, server, shot)
                        page.screenshot(path=folder / f"{shot.name}-{theme}{size}.png")
            if walls:
                address = f"http://127.0.0.1:{server.port}"
                for done in picture(opened, address, cookie, folder):
                    progress(done, 1)
    if folder == PICTURES:
        renew_documents(folder)


def renew_documents(folder: Path) -> None:
    """Give docs/ the new ones of the pictures that it has: those that a document shows."""
    for known in DOCS.glob("*.png"):
        if (folder / known.name).exists():
            shutil.copyfile(folder / known.name, known)


@contextmanager
def window(opened: Browser, server: Server, cookie: str, size: str, theme: str) -> Iterator[Page]:
    """A window of somebody who is signed in."""
    width, height, scale = SIZES[size]
    context = opened.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]  # light or dark
        reduced_motion="reduce",
        timezone_id="Europe/Berlin",
        device_scale_factor=scale,
    )
    name, _, token = cookie.partition("=")
    url = f"http://127.0.0.1:{server.port}"
    context.add_cookies([{"name": name, "value": token, "url": url}])
    yield context.new_page()
    context.close()


def show(page: Page, server: Server, shot: Shot) -> None:
    """Open the page of a shot, as a person would see it."""
    page.unroute_all()
    address = f"http://127.0.0.1:{server.port}"
    page.goto(f"{address}{shot.path or PROJECT}", wait_until="networkidle")
    if shot.name in ("cause", "document", "job"):
        lead_to(page, shot.name)
    if shot.lost:
        page.route("**/*", lambda route: route.abort())
        page.wait_for_timeout(9000)  # two polls without an answer


def lead_to(page: Page, name: str) -> None:
    """Go to the first of the causes listed, or to a project's failed job, or on to its document."""
    page.locator(
        "a.cause__line" if name == "cause" else "#rows tr.tone--failed .open"
    ).first.click()
    page.wait_for_load_state("networkidle")
    if name == "document":
        page.get_by_role("link", name="All jobs of this document").click()
        page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
