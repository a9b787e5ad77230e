"""``defined``: the name exists, and is what it should be."""

from __future__ import annotations

from grader.checks import words
from grader.checks.phrases import filled, retold
from grader.checks.question import Question
from grader.language import _
from grader.model import Finding, Place
from grader.wire.records import Found, Loaded

_MODULE = "torch.nn.modules.module.Module"


def judge(question: Question) -> Finding:
    """Passed when the file imports and the name is a class (of modules) or a function, as asked."""
    exercise = question.exercise
    trouble = question.student.trouble("load") or question.student.trouble("find")
    if trouble:
        importing = _("Importing {file}").format(file=f"{exercise.assignment}.py")
        return words.trouble(trouble[1], importing, limits=question.limits)
    found = question.student.get("find", Found)
    if found is None:
        return words.failed(_("The file could not be looked at."))
    if found.kind == "absent":
        return _absent(question, found)
    where = Place(found.file, found.line) if found.file and found.line else None
    ok = found.kind == "function" or (found.kind == "class" and (exercise.form == "function" or _MODULE in found.bases))
    if ok:  # a function that gives the asked-for module is as good as a class; the method check may differ
        return words.passed(where=where)
    object_of = _("an object of type {type}").format(type=found.type)
    got = _("a class that does not") if found.kind == "class" else object_of
    if exercise.form == "class":
        wrong = _("`{name}` is not a class that derives from nn.Module.")
        expected = _("a class that derives from nn.Module")
    else:
        wrong, expected = _("`{name}` is not a function."), _("a function")
    return words.failed(wrong.format(name=exercise.name), expected=expected, got=got, where=where)


def _absent(question: Question, found: Found) -> Finding:
    name = question.exercise.name
    loaded = question.student.get("load", Loaded)
    if loaded is not None and loaded.stumbles:
        stumble = loaded.stumbles[0]
        running = filled(_("Running {place}"), place=retold(stumble.place))
        found_instead = words.trouble(stumble.problem, running, limits=question.limits)
        return words.failed(
            _("`{name}` is not defined in the file. {reason}").format(name=name, reason=found_instead.rationale),
            expected=name,
            got=found_instead.got,
            hint=found_instead.hint,
            where=found_instead.where,
        )
    there_is = _("There is {names}: compare the spelling, letter by letter.")
    return words.failed(
        _("`{name}` is not defined in the file.").format(name=name),
        expected=name,
        got=_("no such name"),
        hint=there_is.format(names=words.listed(found.similar)) if found.similar else "",
    )
