"""Other fonts than the one that we ship, the same on every machine."""

from playwright.sync_api import Page

FONTS = "**/*.woff2"
NARROW, WIDE, WIDEST = 75, 115, 120
"""Widths in percent of Inter's: Liberation Sans Narrow, more than DejaVu Sans or
Verdana, more than any monospaced one."""


def take_a_font(page: Page, width: int) -> None:
    """Another font, that comes late: so wide, and as tall as Noto Sans."""
    page.evaluate(
        """async (width) => {
            const { href } = document.querySelector("link[as=font]");
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(`@font-face { font-family: other; font-weight: 100 900;
                src: url(${href}); size-adjust: ${width}%;
                ascent-override: ${1.069 / width * 1e4}%;
                descent-override: ${.293 / width * 1e4}%; }
                body { font-family: other !important; }`);
            document.adoptedStyleSheets = [sheet];
            await document.fonts.load("1em other");
            await document.fonts.ready;
        }""",
        width,
    )
