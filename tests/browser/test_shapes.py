"""Every state's shape is told from every other at 16 px, in grey and in forced colours."""

import base64
from itertools import combinations

import pytest
from playwright.sync_api import Page

from app.rules.job_states import JOB_STATES
from app.rules.verdicts import STATES
from tests.kit.databases import sqlite_only
from tests.kit.person import Person

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

SHAPES = sorted({state.shape for state in (*STATES, *JOB_STATES)})
DRAW = """(names) => {
    const row = document.createElement("div");
    row.id = "row-of-shapes";
    row.setAttribute("popover", "manual");
    for (const name of names) {
        const [icon, use] = ["svg", "use"].map((tag) =>
            document.createElementNS("http://www.w3.org/2000/svg", tag));
        icon.setAttribute("class", "icon");
        use.setAttribute("href", `#i-${name}`);
        icon.append(use);
        row.append(icon);
    }
    document.body.append(row);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`#row-of-shapes { position: fixed; inset: 0 auto auto 0; margin: 0;
        padding: 0; border: 0; line-height: 0; white-space: nowrap }
        #row-of-shapes .icon { width: 16px; height: 16px; margin: 0; vertical-align: top;
            display: inline-block }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    row.showPopover();
}"""
GREY = """async ([picture, count]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    return Array.from({ length: count }, (_, n) => {
        const { data } = canvas.getImageData(n * 16, 0, 16, 16);
        return Array.from({ length: 256 }, (_, pixel) => {
            const [red, green, blue] = data.slice(pixel * 4, pixel * 4 + 3);
            return Math.round(0.2126 * red + 0.7152 * green + 0.0722 * blue);
        });
    });
}"""
LEAST = 25.0  # pixels, from black to white, that are not the same


def greys(page: Page) -> dict[str, list[int]]:
    """How bright each pixel of each shape is."""
    page.evaluate(DRAW, SHAPES)
    clip = {"x": 0, "y": 0, "width": 16 * len(SHAPES), "height": 16}
    picture = base64.b64encode(page.screenshot(clip=clip)).decode()
    plain = page.context.new_page()
    pixels = plain.evaluate(GREY, [picture, len(SHAPES)])
    return dict(zip(SHAPES, pixels, strict=True))


@pytest.mark.parametrize("forced", ["none", "active"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_two_states_have_shapes_that_look_alike(demo: Person, scheme: str, forced: str) -> None:
    drawn = greys(demo.open("/", forced_colors=forced, color_scheme=scheme))
    contrast = {name: max(pixels) - min(pixels) for name, pixels in drawn.items()}
    assert min(contrast.values()) > 90, contrast
    apart = {
        (one, other): sum(abs(a - b) for a, b in zip(drawn[one], drawn[other], strict=True))
        / max(contrast[one], contrast[other])
        for one, other in combinations(SHAPES, 2)
    }
    assert min(apart.values()) > LEAST, min(apart, key=lambda pair: apart[pair])
