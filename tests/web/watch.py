"""A page in a browser, and all that it asks for, complains of, or shows in the way of a reader."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page

AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")  # WCAG 2.2, levels A and AA
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true })"
# Everything that Tab is to reach, as the page shows it now.
STOPS = """[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter(one => !one.disabled && one.checkVisibility({ visibilityProperty: true }))"""
SHOWN = "one => one.checkVisibility() && one.getBoundingClientRect().height > 0"
IN_SIGHT = """one => {
    const box = one.getBoundingClientRect();
    return box.height > 0 && one.checkVisibility() && box.top < innerHeight && box.bottom > 0;
}"""


class Watch:
    """One page that is open, and what has been seen of it since."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.goto(address)

    def disturbances(self) -> list[str]:
        """What a page that is closed to the network and in order never has: requests but for itself, complaints."""
        self.page.wait_for_timeout(100)  # not a promise of the page's: without JavaScript none is kept
        itself = self.address.partition("#")[0]
        return [url for url in self.requests if url.partition("#")[0] != itself] + self.complaints

    def violations(self, colours: bool = True) -> str:
        """What axe-core finds against WCAG 2.2 AA; looking at the contrast of colours takes most of its time."""
        options = {
            "runOnly": {"type": "tag", "values": AA},
            "rules": {"color-contrast": {"enabled": colours}},
            "resultTypes": ["violations"],
        }
        found = Axe().run(self.page, options=options)
        return found.generate_report() if found.violations_count else ""

    def overhang(self) -> int:
        """CSS pixels by which the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return width

    def tab_to(self, selector: str, most: int = 500) -> None:
        """Press Tab until something of that kind has the focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("what => document.activeElement.matches(what)", selector):
                return
        raise AssertionError(f"Tab does not reach {selector}")

    def again(self, mark: str = "") -> None:
        """Load the page anew, with a mark behind its address."""
        self.page.goto("about:blank")
        self.page.goto(self.address + mark)

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()
