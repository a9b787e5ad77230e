"""``constructs``: the exercise can be called with every set of constructor arguments, and gives an nn.Module."""

from __future__ import annotations

from grader.checks import words
from grader.checks.question import Question
from grader.language import _, pgettext
from grader.model import Finding
from grader.wire.records import Built


def judge(question: Question) -> Finding:
    """Passed when every case is built and is a module."""
    exercise = question.exercise
    for number, case in enumerate(exercise.cases):
        asked = words.call(exercise, case)
        trouble = question.student.trouble(f"build.{number}")
        if trouble:
            calling = pgettext("doing", "`{call}`").format(call=asked)
            return words.trouble(trouble[1], calling, asked, _("an nn.Module"), limits=question.limits)
        built = question.student.get(f"build.{number}", Built)
        if built is None:
            return words.failed(
                _("`{call}` was not reached, since an earlier call did not end.").format(call=asked), asked=asked
            )
        if not built.is_module:
            return words.failed(
                _("The call does not give a module."),
                expected=_("an nn.Module"),
                got=_("an object of type {type}").format(type=built.type),
                asked=asked,
                hint=_("A function that ends without return gives None.") if built.type == "NoneType" else "",
            )
    return words.passed(asked=words.call(exercise, exercise.cases[0]))
