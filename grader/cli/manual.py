"""Help as a manual page has it: examples first, then options, exit codes, environment and files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from grader.explanations import EXITS
from grader.language import N_, _
from grader.report.wrapping import has_chinese, wrapped

Rows = tuple[tuple[str, str], ...]

_COLOURS: Rows = (
    ("NO_COLOR", N_("not empty: no colours")),
    ("FORCE_COLOR", N_("not empty: colours, also where standard output is no terminal")),
    ("TERM", N_("dumb: no colours")),
    ("COLUMNS", N_("how wide the lines are; else as the terminal, or 80")),
)
_LANGUAGE: Rows = (("GRADE_LANG", N_("language, en or zh; before LC_ALL, LC_MESSAGES and LANG")),)
_CACHE: Rows = (("XDG_CACHE_HOME", N_("where the cache is kept; else ~/.cache")),)
_CACHE_FILES: Rows = (
    ("~/.cache/grader", N_("answers of the reference, known mistakes, the machine's seed; may be deleted")),
)
_RUN_FILES: Rows = (
    ("run/gradebook.sqlite", N_("all that was answered and decided; the rest is made from it")),
    ("run/index.html", N_("the class, for teachers")),
    ("run/grades.csv", N_("a table for spreadsheets")),
    ("run/results.jsonl", N_("the results, one line of JSON each")),
    ("run/reports/NAME.html", N_("a page for each student")),
)

_LEAST = 10  # columns of a text beside an option, as with Click


@dataclass(frozen=True)
class Page:
    """What stands in a command's help beside its options. `exits` are the exit codes that it can end with; what grades
    nothing ends with 0 when it is done."""

    examples: Rows
    grades: bool = True
    exits: str = "0 1 2 3 4 130"
    environment: Rows = _LANGUAGE
    files: Rows = ()


PAGES = {
    "one": Page(
        (
            ("grade alice/", N_("grade the folder alice, and write reports/alice.html")),
            ("grade alice/ --exercise RestNet18", N_("one exercise only")),
            ("grade alice/ --brief", N_("one line for each thing that is open")),
            ("grade alice/ --no-training", N_("a quick look, without training runs")),
            ("grade alice/ --plain | grep failed", N_("records for other programs; --json has more")),
        ),
        environment=(*_COLOURS, *_LANGUAGE, *_CACHE),
        files=(("reports/NAME.html", N_("the page, in the current folder")), *_CACHE_FILES),
    ),
    "watch": Page(
        (
            ("grade watch alice/", N_("grade again at each save")),
            ("grade watch alice/ --exercise RestNet18", N_("one exercise only")),
        ),
        environment=(*_COLOURS, *_LANGUAGE, *_CACHE),
        files=_CACHE_FILES,
    ),
    "batch": Page(
        (
            ("grade batch submissions/", N_("a class: one folder for each student, into the folder run")),
            ("grade batch submissions/ --out hw3/", N_("into another folder; the same again goes on")),
            ("grade batch submissions/ --only alice", N_("one of them only")),
        ),
        environment=(*_COLOURS, *_LANGUAGE, *_CACHE),
        files=(*_RUN_FILES, *_CACHE_FILES),
    ),
    "regrade": Page(
        (
            ("grade regrade run/", N_("after a change of rubric, tolerance or hint")),
            ("grade regrade run/ --only alice", N_("one of them only")),
        ),
        environment=(*_COLOURS, *_LANGUAGE, *_CACHE),
        files=_RUN_FILES,
    ),
    "override": Page(
        (
            ('grade override run/ alice RestNet18 --points 30 --comment "explained it"', N_("decide")),
            ("grade override run/ alice RestNet18 --remove", N_("let the checks decide again")),
        ),
        grades=False,
        exits="0 2 3 4 130",
        files=_RUN_FILES,
    ),
    "explain": Page(
        (
            ("grade explain python-list-of-layers", N_("a known mistake")),
            ("grade explain forward", N_("a check")),
            ("grade explain RestNet18.forward", N_("a check of one exercise")),
            ("grade explain", N_("all that can be explained")),
        ),
        grades=False,
        exits="0 2 4 130",
        environment=(*_COLOURS, *_LANGUAGE),
    ),
    "hint": Page(
        (
            ("grade hint alice/", N_("about the first thing to do")),
            ("grade hint alice/ RestNet18", N_("about one exercise, which takes less time")),
            ("grade hint alice/ RestNet18 --more", N_("one hint more")),
        ),
        environment=(*_COLOURS, *_LANGUAGE, *_CACHE),
        files=_CACHE_FILES,
    ),
    "completion": Page(
        (
            ('eval "$(grade completion bash)"', N_("in ~/.bashrc")),
            ('eval "$(grade completion zsh)"', N_("in ~/.zshrc, after compinit")),
            ("grade completion fish | source", N_("in ~/.config/fish/config.fish")),
        ),
        grades=False,
        exits="0 2 130",
        environment=(("SHELL", N_("the shell that you use")), *_LANGUAGE),
    ),
    "doctor": Page((("grade doctor", N_("before the first class is graded")),), grades=False, exits="0 2 4 130"),
    "selftest": Page(
        (
            ("grade selftest", N_("all that the course knows, and 100 automatic mistakes")),
            ("grade selftest --exercise RestNet18 --mutants all", N_("one exercise, thoroughly")),
        ),
        exits="0 1 2 4 130",
        environment=(*_COLOURS, *_LANGUAGE, *_CACHE),
        files=_CACHE_FILES,
    ),
}


class Formatter(click.HelpFormatter):
    """Click's, with the signs of the language: headings end as it ends them, and Chinese is broken where it may be.

    Click counts characters, of which a Chinese one takes two columns, and looks for spaces, of which Chinese has none.
    """

    def write_heading(self, heading: str) -> None:
        said = _("{heading}:").format(heading=heading)
        self.write(f"{'':>{self.current_indent}}{said}\n")

    def write_text(self, text: str) -> None:
        if not has_chinese(text):
            super().write_text(text)
            return
        margin = " " * self.current_indent
        self.write("".join(f"{margin}{line}".rstrip() + "\n" for line in _lines(text, self.width - len(margin))))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        if not has_chinese("".join(second for _first, second in rows)):
            super().write_dl(rows, col_max, col_spacing)
            return
        column = min(max(len(first) for first, _second in rows), col_max) + col_spacing
        margin = " " * (column + self.current_indent)
        for first, second in rows:
            gap = column - len(first)
            begin = first + (" " * gap if gap >= col_spacing else f"\n{margin}")
            lines = _lines(second, max(self.width - len(margin), _LEAST))
            self.write(" " * self.current_indent + f"\n{margin}".join([begin + lines[0], *lines[1:]]).rstrip() + "\n")


class Context(click.Context):
    """Click's, with a formatter of ours."""

    formatter_class = Formatter


class Documented(click.Command):
    """A command whose help has the sections of its page."""

    context_class = Context

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        if page := PAGES.get(self.name or ""):
            _examples(formatter, page.examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if page := PAGES.get(self.name or ""):
            said = EXITS if page.grades else EXITS | {"0": N_("done")}
            _section(formatter, _("Exit codes"), [(code, said[code]) for code in page.exits.split()])
            _section(formatter, _("Environment"), page.environment)
            _section(formatter, _("Files"), page.files)


def _lines(text: str, width: int) -> list[str]:
    """All lines of a text of paragraphs; one that begins with ``\b`` stays as it is, which is Click's own sign."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        kept = paragraph.removeprefix("\b\n")
        lines += ["", *(kept.splitlines() if kept != paragraph else wrapped(" ".join(paragraph.split("\n")), width))]
    return lines[1:]


def write_codes(formatter: click.HelpFormatter) -> None:
    """The sections that all commands share."""
    _section(formatter, _("Exit codes"), tuple(EXITS.items()))
    _section(formatter, _("Environment"), (*_COLOURS, *_LANGUAGE, *_CACHE))


def _examples(formatter: click.HelpFormatter, rows: Rows) -> None:
    """Commands to be copied: each unbroken, on a line of its own, below what it does."""
    with formatter.section(_("Examples")):
        for command, does in rows:
            formatter.write(f"{'':{formatter.current_indent}}{command}\n")
            with formatter.indentation():
                formatter.write_text(_(does))


def _section(formatter: click.HelpFormatter, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(heading):
            formatter.write_dl([(name, _(text)) for name, text in rows])
