"""Sentences of several parts, in the language of this run: how parts come together, and how a sentence that sandbox or
worker made, in English, is taken apart and said again."""

from __future__ import annotations

import re
from string import Formatter

from grader.language import N_
from grader.retold import Sayings

_LONGEST = 400  # characters of what is looked up
_HAN, _LATIN = "[\u4e00-\u9fff]", "[A-Za-z0-9`]"
_SEAM = re.compile(f"{_HAN}{_LATIN}|{_LATIN}{_HAN}")
# What sandbox and worker say; the first that fits is taken. They speak English, since what they say is kept and may be
# read in another language later.
_MADE_ELSEWHERE = (
    # How a worker ended.
    N_("an answer of more than the {size} that are taken in"),
    N_("the worker's answer was not one: {error}"),
    N_("the worker's answer was too large: {error}"),
    N_("the process crashed: {signal} (signal {number})"),
    N_("the code ended the whole process (exit status {status})"),
    N_("the kernel ended it, as it does when the machine has no memory left, after {spent}"),
    N_("the kernel ended it, after {spent}"),
    N_("{seconds} s of computing time and {size} of memory"),
    N_("more than {seconds} s of computing time at the top level of the file"),
    N_("more than {seconds} s of computing time"),
    N_("no answer within {seconds} s"),
    N_("more than {size} printed"),
    N_("more than {size} of files written"),
    N_("more than {count} files written"),
    N_("files written that cannot be looked at ({reason})"),
    # Where top-level code stopped.
    N_("cell {number}"),
    N_("line {number}"),
    # What is wrong with a result, or with an exception.
    N_("the module was not imported"),
    N_("the training run was not begun"),
    N_("the call returned {type}, not an nn.Module"),
    N_("expected one row of scores per image ({samples}, …), got {shape}"),
    N_("expected two loaders, got {type}"),
    N_("expected an optimizer, got {type}"),
    N_("expected a dict, got {type}"),
    N_("expected a Figure, got {type}"),
    N_("(the message cannot be printed)"),
)
_SAYINGS = Sayings(*_MADE_ELSEWHERE)


def filled(pattern: str, **values: object) -> str:
    """`pattern.format(**values)`, with a space where Chinese and Latin letters come to stand side by side.

    For values that may be either: whoever translates a pattern cannot know whether a space belongs there. Backticks
    belong to the values, not to the pattern: what a student calls something stays as it is.
    """
    said = ""
    for text, name, form, _conversion in Formatter().parse(pattern):
        for part in (text, format(values[name], form or "") if name else ""):
            said += f" {part}" if _SEAM.fullmatch(said[-1:] + part[:1]) else part
    return said


def retold(text: str) -> str:
    """What sandbox or worker said, in the language of this run; as it is where they did not say it."""
    return _SAYINGS.again(text) if len(text) <= _LONGEST else text
