"""The screenshots of the documents, taken of real results in the system's Chromium.

    python scripts/pictures.py [--folder docs/pictures]

Grades Bob twice, in English and in Chinese, with one seed, and takes his page in both themes and both languages, and
what the terminal says. The class is made up (benchmarks/made_up_class.py). Chinese letters need a font: Debian's
package is called fonts-noto-cjk.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import browser
import made_up_class
from PIL import Image
from playwright.sync_api import Browser, Page
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from grader import course
from grader.report import overview

ROOT = Path(__file__).resolve().parent.parent
STUDENTS = 300  # enough for somebody to need a person
COLUMNS = 84  # of the terminal
LINES = 46  # of what it says; Bob's report goes on for long
COLOURS = 64  # of a picture: the pages have few, and files stay small
LARGEST = 150_000  # bytes
_TERMINAL = """<!DOCTYPE html><meta charset="utf-8"><style>
body { margin: 0; padding: 1.25rem; background: {background}; color: {foreground}; width: max-content; }
pre { margin: 0; font: 14px/1.35 "DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono CJK SC", monospace; }
</style><pre>{code}</pre>"""


def main() -> None:
    """Grade, take every picture, and say where it is and how large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "pictures")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = Path(elsewhere)
        said = graded("en", folder / "bob.html")
        graded("zh", folder / "bob-zh.html")
        entries = list(made_up_class.entries(course.load(), STUDENTS))
        overview.write(entries, folder, {one.name: "" for one in entries})
        (folder / "terminal.html").write_text(terminal(said), encoding="utf-8")
        with browser.started() as chromium:
            take(chromium, folder, arguments.folder)


def graded(language: str, report: Path) -> str:
    """Grade Bob in a language: writes his page to `report`, and gives what the terminal showed, with its colours.

    Raises `SystemExit` where the grader ends with anything but "graded, and something did not pass".
    """
    environment = {**os.environ, "GRADE_LANG": language, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm"}
    command = [sys.executable, "-m", "grader", "submissions/bob/", "--seed", "1", "--report", str(report)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    if ended.returncode != 1:
        raise SystemExit(f"grading Bob ended with {ended.returncode} instead of 1")
    return ended.stdout


def terminal(said: str) -> str:
    """A page that shows the beginning of what the terminal showed."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("\n".join(["$ grade submissions/bob/", *said.splitlines()[:LINES], "…"])))
    style = _TERMINAL.replace("{code}", "\0").replace("{", "{{").replace("}", "}}").replace("\0", "{code}")
    for name in ("background", "foreground"):
        style = style.replace(f"{{{{{name}}}}}", f"{{{name}}}")
    return console.export_html(theme=MONOKAI, inline_styles=True, code_format=style)


def take(chromium: Browser, pages: Path, folder: Path) -> None:
    """Take every picture: a page, a theme, a width, and a height, or all of the page without one."""
    for name, page, scheme, width, height in (
        ("student-light", "bob.html", "light", 960, 1200),
        ("student-dark", "bob.html", "dark", 960, 1200),
        ("student-chinese", "bob-zh.html", "light", 960, 1200),
        ("student-phone", "bob.html", "light", 390, 844),
        ("class-light", "index.html", "light", 1280, 1200),
        ("class-dark", "index.html", "dark", 1280, 1200),
        ("terminal", "terminal.html", "light", 800, 0),
    ):
        with opened(chromium, pages / page, scheme, width, height) as shown:
            picture = shown.locator("body").screenshot() if height == 0 else shown.screenshot()
        keep(picture, folder / f"{name}.png")


@contextmanager
def opened(chromium: Browser, page: Path, scheme: str, width: int, height: int) -> Iterator[Page]:
    """Open a page in a window of that size."""
    window = chromium.new_context(viewport={"width": width, "height": height or 800}, color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
    try:
        shown = window.new_page()
        shown.goto(page.as_uri())
        yield shown
    finally:
        window.close()


def keep(picture: bytes, file: Path) -> None:
    """Write a picture in few colours. Raises `SystemExit` where it is too large for the documents."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}: {size / 1000:.0f} kB")
    if size > LARGEST:
        raise SystemExit(f"{file.name} is larger than {LARGEST / 1000:.0f} kB: take less of the page")


if __name__ == "__main__":
    main()
