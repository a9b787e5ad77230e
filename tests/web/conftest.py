"""One Chromium for these tests, pages written in both languages, and a way to open them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import browser
import pytest
from playwright.sync_api import Browser, BrowserContext

from web import pages
from web.watch import Watch

Look = Callable[..., Watch]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Where there is none, tests are skipped, unless the machine is known to have one."""
    if browser.available() is None:
        stop = pytest.fail if os.environ.get("GRADER_EXPECT_BROWSER") else pytest.skip
        stop("no Chromium here: Debian's package is called chromium")
    with browser.started() as opened:
        yield opened


@pytest.fixture(scope="package")
def address(tmp_path_factory: pytest.TempPathFactory) -> pages.Addresses:
    """Gives the address of a page by its name in `pages.KINDS` and its language; each is written once."""
    return pages.Addresses(tmp_path_factory.mktemp("pages"))


@pytest.fixture
def look(chromium: Browser) -> Iterator[Look]:
    """Opens an address in a window of its own, with what is asked of the window, and watches what comes of it."""
    windows: list[BrowserContext] = []

    def opened(address: str, width: int = 1280, height: int = 800, **window: Any) -> Watch:
        windows.append(chromium.new_context(viewport={"width": width, "height": height}, **window))
        return Watch(windows[-1].new_page(), address)

    yield opened
    for window in windows:
        window.close()
