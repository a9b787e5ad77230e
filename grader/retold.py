"""What is kept in English, and said again in the language of the run that shows it.

What was noted when a submission was taken in, how a worker ended and which walls it had is kept in run folders, and a
part of what counts as the same: it must not depend on the language of the run that made it.
"""

from __future__ import annotations

import re
import string

from grader.language import N_, _, everywhere

LOOK = N_("A person should look at it.")  # ends a note about a submission that asks for one

_NAMES = ("path", "place", "char")  # values that are never said again: a file may be called like one of our texts


class Sayings:
    """Texts with places for values, as `N_` marks them, that may be met with their values filled in."""

    def __init__(self, *texts: str) -> None:
        self._known = [(text, _pattern(text)) for text in texts]

    def again(self, text: str) -> str:
        """That text in the language of this run; as it is where it is none of these."""
        for known, pattern in self._known:
            if found := pattern.fullmatch(text):
                values = found.groupdict()
                again = {name: self.again(value) for name, value in values.items() if name not in _NAMES}
                return _(known).format(**(values | again))
        return text


def looked_at(note: str) -> str:
    """A note that asks for a person, in the language of this run; `note` is in it already."""
    return _("{note} {look}").format(note=note, look=_(LOOK))


def asking(note: str) -> str | None:
    """What a note says that asks for a person, whichever language it was written in; None where it does not ask."""
    found = (note.removesuffix(look).rstrip() for look in everywhere(LOOK) if note.endswith(look))
    return next(found, None)


def _pattern(text: str) -> re.Pattern[str]:
    pieces = (
        re.escape(literal) + (f"(?P<{name}>.+?)" if name is not None else "")
        for literal, name, _form, _conversion in string.Formatter().parse(text)
    )
    return re.compile("".join(pieces), re.DOTALL)
