"""``constructs``: the exercise can be called with every set of constructor arguments, and gives an nn.Module."""

from __future__ import annotations

from grader.checks import words
from grader.checks.question import Question
from grader.model import Finding
from grader.wire.records import Built


def judge(question: Question) -> Finding:
    """Passed when every case is built and is a module."""
    exercise = question.exercise
    for number, case in enumerate(exercise.cases):
        asked = words.call(exercise, case)
        trouble = question.student.trouble(f"build.{number}")
        if trouble:
            return words.trouble(trouble[1], f"`{asked}`", asked, "an nn.Module", limits=question.limits)
        built = question.student.get(f"build.{number}", Built)
        if built is None:
            return words.failed(f"`{asked}` was not reached, since an earlier call did not end.", asked=asked)
        if not built.is_module:
            got = f"an object of type {built.type}"
            hint = "A function that ends without return gives None." if built.type == "NoneType" else ""
            return words.failed(
                "The call does not give a module.", expected="an nn.Module", got=got, asked=asked, hint=hint
            )
    return words.passed(asked=words.call(exercise, exercise.cases[0]))
