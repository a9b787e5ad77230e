"""The texts of Click that the command line shows, for the catalogue: Click asks gettext for them by these very words.

Nothing here is ever called. What Click says of prompts, editors, colours and files that it opens is never shown.
"""

from __future__ import annotations

from grader.language import N_, ngettext

# Of help.
N_("Usage:")
N_("Options")
N_("Commands")
N_("Show this message and exit.")
N_("default: {default}")
# Of what is typed wrongly.
N_("Try '{command} {option}' for help.")
N_("Error: {message}")
N_("Invalid value: {message}")
N_("Invalid value for {param_hint}: {message}")
N_("Missing argument")
N_("Missing option")
N_("Missing parameter")
N_("Missing {param_type}")
N_("Missing command.")
N_("No such option {name!r}.")
N_("No such command {name!r}.")
N_("Option {name!r} does not take a value.")
N_("{value!r} is not a valid {number_type}.")
N_("{value} is not in the range {range}.")
N_("Choose from:\n\t{choices}")
N_("Aborted!")


def _in_forms() -> None:
    ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1)
    ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1)
    ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1)
    ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1)
