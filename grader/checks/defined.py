"""``defined``: the name exists, and is what it should be."""

from __future__ import annotations

from grader.checks import words
from grader.checks.question import Question
from grader.model import Finding, Place
from grader.wire.records import Found, Loaded

_MODULE = "torch.nn.modules.module.Module"


def judge(question: Question) -> Finding:
    """Passed when the file imports and the name is a class (of modules) or a function, as asked."""
    exercise = question.exercise
    trouble = question.student.trouble("load") or question.student.trouble("find")
    if trouble:
        return words.trouble(trouble[1], f"Importing {exercise.assignment}.py", limits=question.limits)
    found = question.student.get("find", Found)
    if found is None:
        return words.failed("The file could not be looked at.")
    if found.kind == "absent":
        return _absent(question, found)
    where = Place(found.file, found.line) if found.file and found.line else None
    ok = found.kind == "function" or (found.kind == "class" and (exercise.form == "function" or _MODULE in found.bases))
    if ok:  # a function that gives the asked-for module is as good as a class; the method check may differ
        return words.passed(where=where)
    expected = "a class that derives from nn.Module" if exercise.form == "class" else "a function"
    got = "a class that does not" if found.kind == "class" else f"an object of type {found.type}"
    return words.failed(f"`{exercise.name}` is not {expected}.", expected=expected, got=got, where=where)


def _absent(question: Question, found: Found) -> Finding:
    name = question.exercise.name
    loaded = question.student.get("load", Loaded)
    if loaded is not None and loaded.stumbles:
        stumble = loaded.stumbles[0]
        found_instead = words.trouble(stumble.problem, f"Running {stumble.place}", limits=question.limits)
        return words.failed(
            f"`{name}` is not defined in the file. {found_instead.rationale}",
            expected=name,
            got=found_instead.got,
            hint=found_instead.hint,
            where=found_instead.where,
        )
    hint = f"There is {words.listed(found.similar)}: compare the spelling, letter by letter." if found.similar else ""
    return words.failed(f"`{name}` is not defined in the file.", expected=name, got="no such name", hint=hint)
