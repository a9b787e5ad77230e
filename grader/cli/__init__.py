"""Arguments in, exit code out. Click rather than Typer: no dependencies of its own, where Typer brings pydantic.

Everything heavy is imported inside the commands, so that ``grade --help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from grader import __version__
from grader.cli import manual, speaking
from grader.cli.classes import batch, override, regrade
from grader.cli.completing import completion
from grader.cli.hinting import hint
from grader.cli.one import one
from grader.cli.running import never_fail_to_write
from grader.cli.upkeep import doctor, selftest
from grader.cli.watch import watch
from grader.cli.words import explain
from grader.language import N_, _, joined
from grader.text import alike

_HELP = N_("Grade PyTorch coursework against reference solutions, in a sandbox, with feedback that teaches.")
_EXAMPLES = {
    "grade submissions/alice/": N_("one submission, and its HTML report"),
    "grade watch submissions/alice/": N_("the same again at each save"),
    "grade batch submissions/": N_("a class, one folder for each student"),
    "grade regrade run/": N_("judge a class again, without running its code"),
    "grade alice/ --exercise RestNet18": N_("one exercise only"),
    "grade hint alice/": N_("what to think about next"),
    "grade explain forward": N_("what a check, a mistake or an exit code means"),
    "grade one --help": N_("all options of `grade PATH`"),
}


class GradeGroup(click.Group):
    """``grade PATH`` is short for ``grade one PATH``. Chooses the language before anything else."""

    context_class = manual.Context

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        asked = speaking.begin(arguments)
        return super().main(arguments, *rest, obj=asked, **extra)

    @property
    def help(self) -> str:
        examples = (f"{example:34}  {_(what)}" for example, what in _EXAMPLES.items())
        return "\n\n\b\n".join((_(_HELP), "\n".join(examples)))

    @help.setter
    def help(self, text: str | None) -> None:
        """It is made of several texts."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["one", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Options before the path belong to the command, too: grade --json alice
        count = speaking.leading(args)
        first, rest = args[:count], args[count:]
        if rest and rest[0] not in self.commands and rest[0] not in ("--help", "-h", "--version"):
            self._expect_folder(rest[0])
            rest = ["one", *rest]
        return super().parse_args(ctx, [*first, *rest])

    def _expect_folder(self, typed: str) -> None:
        """Raise `UsageError` where it is no folder, and spelt like a command: `grade bacth class/`."""
        like = alike(typed, self.commands)
        if like and not Path(typed).exists():
            said = _("{typed!r} is neither a folder nor a command. Like it: {names}")
            raise click.UsageError(said.format(typed=typed, names=joined(f"grade {name}" for name in like)))

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        never_fail_to_write()  # help is written while the context is made
        return super().make_context(*arguments, **extra)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options, and folders, since ``grade PATH`` needs no command."""
        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="dir")]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage("grade", "[OPTIONS] PATH")
        formatter.write_usage("grade watch", "[OPTIONS] PATH")
        formatter.write_usage("grade batch", "[OPTIONS] PATH")
        formatter.write_usage("grade regrade", "[OPTIONS] RUN")
        formatter.write_usage("grade override", "[OPTIONS] RUN NAME EXERCISE")
        formatter.write_usage("grade explain", "[ID]")
        formatter.write_usage("grade hint", "[OPTIONS] PATH [EXERCISE]")
        formatter.write_usage("grade completion", "[SHELL]")
        formatter.write_usage("grade doctor", "")
        formatter.write_usage("grade selftest", "[OPTIONS]")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        manual.write_codes(formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != "one"]


@click.group(cls=GradeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grade", cls=speaking.Option, help=N_("Show the version and exit."))
@speaking.speaks
def main() -> None:
    """The program `grade`; its help is in `GradeGroup`."""


for command in (one, watch, batch, regrade, override, explain, hint, completion, doctor, selftest):
    main.add_command(command)
