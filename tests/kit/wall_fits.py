"""Whether a wall fits a screen: what `wall_fits.js` finds wrong with it there."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SIZES = ((1280, 720), (1920, 1080), (3840, 2160), (1080, 1920), (1920, 1200))
SHAPES = ((1920, 1200), (1920, 1080), (1080, 1920))  # one of each shape; begins with the last
CHECKS = Path(__file__).with_name("wall_fits.js").read_text().strip().removesuffix(";")


def resized(page: Page, size: tuple[int, int]) -> tuple[list[str], dict[str, int]]:
    """Take another size; what is wrong there, and how many projects it tells of."""
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    found: dict[str, Any] = page.evaluate(
        "async () => {"
        " await document.fonts.ready;"
        " await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));"
        f" const checks = {CHECKS};"
        " return { faults: checks.faults(), tally: checks.tally() }; }"
    )
    return found["faults"], found["tally"]
