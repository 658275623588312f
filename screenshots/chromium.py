"""Where Chromium is, and how it keeps quiet: for the pictures and for the tests."""

import shutil

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """The path of the browser, where Debian or Ubuntu puts it; None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")
