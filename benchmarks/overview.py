"""What the page of a class costs: to build, to open, and to filter by one more letter.

    python benchmarks/overview.py [--students 5000] [--seed 1] [--folder DIR]

The class is made up (made_up_class.py). Without a Chromium the last three lines are left out. What a letter costs is
the time from the event to the second frame after it, in which the page has been painted; its computing time is that of
the page's main thread alone, which says more on a busy machine.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from pathlib import Path

import browser
import made_up_class
from playwright.sync_api import CDPSession

from grader import classroom, course
from grader.entry import Entry
from grader.report import overview, pages, spreadsheet

TYPED = ("m", "mü", "mül", "müll", "", "2", "20", "202", "n", "no", "no-", "no-z", "", "x", "xyzzy", "")
_TYPE = """async (words) => {
  const box = document.getElementById("q"), times = [];
  for (const word of words) {
    const start = performance.now();
    box.value = word;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push(performance.now() - start);
  }
  return times;
}"""
_PAINT = """new Promise((done) => new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("first-contentful-paint")) done(entry.startTime);
}).observe({ type: "paint", buffered: true }))"""
_READY = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def main() -> None:
    """Measure and print, a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep the page and the table here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = arguments.folder or Path(elsewhere)
        entries = list(made_up_class.entries(course.load(), arguments.students, arguments.seed))
        gc.freeze()  # a real class comes from a database, one entry at a time, and is not in the way
        page = build(entries, folder)
        if browser.available():
            look(page)


def build(entries: list[Entry], folder: Path) -> Path:
    """Build page and table."""
    names = pages.Names()
    addresses = {entry.name: f"students/{names.of(entry.name)}" for entry in entries}
    print(f"{len(entries):,} students")
    started, computed = time.perf_counter(), time.process_time()
    page = overview.write(entries, folder, addresses)
    built, computing = time.perf_counter() - started, time.process_time() - computed
    print(
        f"page built in {built:.1f} s ({computing:.1f} s of computing), {page.stat().st_size / 1e6:.2f} MB", flush=True
    )
    exercises = classroom.survey(entries[:50]).exercise_ids
    started = time.perf_counter()
    table = spreadsheet.write(entries, folder, exercises)
    print(f"table built in {time.perf_counter() - started:.1f} s, {table.stat().st_size / 1e6:.2f} MB", flush=True)
    return page


def look(page: Path, runs: int = 3) -> None:
    """Open the page in a browser, and type."""
    paints, readies, letters, computing = [], [], [], []
    complaints: list[str] = []
    with browser.started() as chromium:
        for _ in range(runs):
            window = chromium.new_context(viewport={"width": 1280, "height": 900})
            opened = window.new_page()
            opened.on("console", lambda said: complaints.append(said.text))
            opened.on("pageerror", lambda error: complaints.append(str(error)))
            session = window.new_cdp_session(opened)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            opened.goto(page.resolve().as_uri())
            paints.append(opened.evaluate(_PAINT))
            readies.append(opened.evaluate(_READY))
            before = computed(session)
            letters += opened.evaluate(_TYPE, TYPED)
            computing.append(1000 * (computed(session) - before) / len(TYPED))
            window.close()
    if complaints:
        raise SystemExit(f"the page complains: {complaints}")
    show("first content", paints)
    show("ready to filter", readies)
    show("one more letter, to its picture", letters)
    show("one more letter, computing", computing)


def computed(session: CDPSession) -> float:
    """Seconds for which the page's main thread has computed."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def show(name: str, milliseconds: list[float]) -> None:
    """Print the median and the range of one series."""
    low, high = min(milliseconds), max(milliseconds)
    print(f"{name}: {statistics.median(milliseconds):.0f} ms ({low:.0f} to {high:.0f})", flush=True)


if __name__ == "__main__":
    main()
