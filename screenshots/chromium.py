"""Where Chromium is, and how it keeps quiet: for the pictures and for the tests."""

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

NAMES = (
    "chromium-headless-shell",  # has no windows, which take most of the time that a page is opened
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
MAC = ("Chromium", "Google Chrome", "Microsoft Edge")
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
    """The path of a Chromium, Chrome or Edge of this machine; None if it has none."""
    for found in map(shutil.which, NAMES):
        if found:
            return found
    programs = (Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in MAC)
    return next((str(path) for path in programs if path.exists()), None)


def launch(playwright: Playwright) -> Browser:
    """The browser of this machine, or else the one that Playwright installed (`tests/setup.py`)."""
    return playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
