"""Arguments in, exit code out. Click rather than Typer: no dependencies of its own, where Typer brings pydantic.

Everything heavy is imported inside the commands, so that ``grade --help`` answers at once.
"""

from __future__ import annotations

import click

from grader import __version__
from grader.cli.classes import batch, override, regrade
from grader.cli.one import one
from grader.cli.upkeep import doctor, selftest
from grader.cli.watch import watch


class GradeGroup(click.Group):
    """``grade PATH`` is short for ``grade one PATH``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["one", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Options before the path belong to the command, too: grade --json alice
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h", "--version"):
            args = ["one", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage("grade", "[OPTIONS] PATH")
        formatter.write_usage("grade watch", "[OPTIONS] PATH")
        formatter.write_usage("grade batch", "[OPTIONS] PATH")
        formatter.write_usage("grade regrade", "[OPTIONS] RUN")
        formatter.write_usage("grade override", "[OPTIONS] RUN NAME EXERCISE")
        formatter.write_usage("grade doctor", "")
        formatter.write_usage("grade selftest", "[OPTIONS]")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != "one"]


@click.group(cls=GradeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grade")
def main() -> None:
    """Grade PyTorch coursework against reference solutions, in a sandbox, with feedback that teaches.

    \b
    grade submissions/alice/            one submission, and its HTML report
    grade watch submissions/alice/      the same again at each save
    grade batch submissions/            a class, one folder for each student
    grade regrade run/                  judge a class again, without running its code
    grade alice/ --exercise RestNet18   one exercise only
    grade one --help                    all options of `grade PATH`
    """


for command in (one, watch, batch, regrade, override, doctor, selftest):
    main.add_command(command)
