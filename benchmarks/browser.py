"""The system's Chromium, driven by Playwright: for the tests of the pages, the pictures for documents, a measurement.

Nothing is downloaded: `available` says whether there is a Chromium here.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def available() -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextlib.contextmanager
def started() -> Iterator[Browser]:
    """Start a Chromium with a profile of its own, and end it afterwards; its own sandbox is off, for root's sake."""
    program = available()
    if program is None:
        raise RuntimeError("no Chromium here: Debian's package is called chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()
