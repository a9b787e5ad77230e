"""What is kept in English, and said again in the language of the run that shows it.

Answers, the words for how a worker ended, and what was noted when a submission was taken in are kept in run folders,
and decide what counts as the same: they must not depend on the language of the run that made them.
"""

from __future__ import annotations

import re
import string

from grader.language import _

_WITHIN = ("what", "reason")  # values of these names are said again, too; all others are names and numbers


class Sayings:
    """Texts with places for values, as `N_` marks them, that may be met with their values filled in."""

    def __init__(self, *texts: str) -> None:
        self._known = [(text, _pattern(text)) for text in texts]

    def again(self, text: str) -> str:
        """That text in the language of this run; as it is where it is none of these."""
        for known, pattern in self._known:
            if found := pattern.fullmatch(text):
                values = found.groupdict()
                values |= {name: self.again(values[name]) for name in _WITHIN if name in values}
                return _(known).format(**values)
        return text


def _pattern(text: str) -> re.Pattern[str]:
    pieces = (
        re.escape(literal) + (f"(?P<{name}>.+?)" if name is not None else "")
        for literal, name, _form, _conversion in string.Formatter().parse(text)
    )
    return re.compile("".join(pieces), re.DOTALL)
