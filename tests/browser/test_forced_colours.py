"""In forced colours (Windows' high contrast) shapes are told apart as in ours."""

import pytest
from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

STROKE = """(cross) => {
    const probe = document.createElement("canvas").getContext("2d");
    const plain = (colour) => { probe.fillStyle = colour; return probe.fillStyle; };
    return plain(getComputedStyle(cross).stroke) === plain("Canvas");
}"""
COLOUR = """(shape) => {
    const probe = document.createElement("canvas").getContext("2d");
    const plain = (colour) => { probe.fillStyle = colour; return probe.fillStyle; };
    return plain(getComputedStyle(shape).color) === plain("CanvasText");
}"""


def look(page: Page, shape: str, cross: str) -> None:
    expect(page.locator(shape).first).to_be_visible()
    assert page.locator(shape).first.evaluate(COLOUR)
    assert page.locator(cross).first.evaluate(STROKE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_cross_of_what_failed_stands_out_from_its_octagon(demo: Person, scheme: str) -> None:
    forced = {"forced_colors": "active", "color_scheme": scheme}
    look(demo.open("/", **forced), ".c-state .icon", "#i-failed .on")
    look(
        demo.open("/projects/legal-contracts?status=failed", **forced),
        ".row .icon",
        "#i-failed .on",
    )
    look(demo.open("/wall", **forced), ".trouble .shape", ".trouble .on")
    one = demo.open("/wall?project=legal-contracts", **forced)
    look(one, ".head--one .shape", ".head--one .on")
