"""Verdicts become points: nothing proven, nothing earned, and sums that read as people add them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from made_up import exercise

from grader import rubric
from grader.checks import BY_ID
from grader.course import Assignment
from grader.model import Finding, Grade, Misconception, Place, Protection, Status, Verdict

POINTS = {"defined": 1.0, "forward": 2.5, "gradients": 0.5}
PASSED = dict.fromkeys(POINTS, Finding(Verdict.PASSED))
ASKED = exercise(points=POINTS)
# The published form. More keys may be added; these keep their meaning.
KEYS = {
    "grade": {"schema", "submission", "device", "score", "max_score", "assignments", "fingerprint"},
    "assignment": {"id", "score", "max_score", "exercises"},
    "exercise": {"id", "status", "score", "max_score", "checks", "misconceptions"},
    "check": {"id", "title", "verdict", "score", "max_score", "rationale", "expected", "got"},
    "misconception": {"id", "hint", "where"},
    "where": {"file", "line"},
}


def whole() -> Grade:
    """Give a grade with a misconception in it."""
    result = rubric.exercise_result(
        ASKED, Status.GRADED, PASSED | {"forward": Finding(Verdict.FAILED, "why", "a", "b")}
    )
    found = Misconception("stride-on-second-conv", "Which one?", Place("a.py", 31, "x"))
    result = replace(result, misconceptions=(found, replace(found, where=None)))
    made = Assignment("made_up", "Made up", "made_up", (ASKED,), b"")
    walls = Protection(0, "none", "Sandbox: none")
    parts = [rubric.assignment_result(made, [result])]
    return rubric.grade("alice", "cpu", walls, parts, ["a note"], 1.23456, "f1")


@pytest.mark.parametrize(
    ("verdict", "score"), [(Verdict.PASSED, 4.0), (Verdict.FAILED, 1.5), (Verdict.SKIPPED, 1.5), (Verdict.ERROR, 1.5)]
)
def test_only_what_passed_earns_its_points(verdict: Verdict, score: float) -> None:
    """A check that failed, was skipped, or broke should earn nothing, and be worth what it was worth."""
    result = rubric.exercise_result(ASKED, Status.GRADED, PASSED | {"forward": Finding(verdict)})
    assert (result.score, result.max_score) == (score, 4.0)
    assert [(check.score, check.max_score) for check in result.checks][1] == (score - 1.5, 2.5)


@pytest.mark.parametrize("status", [Status.NOT_SUBMITTED, Status.NOT_ATTEMPTED])
def test_what_was_not_handed_in_earns_nothing(status: Status) -> None:
    """Even with findings that passed, an exercise that was not attempted should be worth its points and earn none."""
    result = rubric.exercise_result(ASKED, status, PASSED, "a note")
    assert (result.score, result.max_score, result.status, result.note) == (0.0, 4.0, status, "a note")


def test_an_error_of_ours_keeps_what_was_earned() -> None:
    """Where one check broke, the others should keep their points."""
    findings = PASSED | {"gradients": Finding(Verdict.ERROR)}
    assert rubric.exercise_result(ASKED, Status.ERROR, findings).score == 3.5


def test_checks_come_in_the_order_of_the_rubric_with_their_titles() -> None:
    """Checks should be listed as the rubric lists them, titled for the student with the exercise's name."""
    result = rubric.exercise_result(ASKED, Status.GRADED, dict(reversed(PASSED.items())))
    assert [check.id for check in result.checks] == list(POINTS)
    assert [check.title for check in result.checks] == [
        "Small is there",
        BY_ID["forward"].title,
        BY_ID["gradients"].title,
    ]


def test_a_check_without_a_finding_is_no_pass() -> None:
    """A finding that is missing should be noticed, not counted as anything."""
    with pytest.raises(KeyError, match="gradients"):
        rubric.exercise_result(ASKED, Status.GRADED, {k: v for k, v in PASSED.items() if k != "gradients"})


def test_all_skipped_is_a_finding_for_every_check() -> None:
    """Where there is nothing to judge, every check should be skipped for that reason."""
    assert rubric.all_skipped(ASKED, "because") == dict.fromkeys(POINTS, Finding(Verdict.SKIPPED, "because"))


def test_earned_points_add_up_as_people_add_them() -> None:
    """A tenth and two tenths should be three tenths, at every level."""
    asked = exercise(points={"defined": 0.1, "forward": 0.2, "gradients": 0.7})
    findings = PASSED | {"gradients": Finding(Verdict.FAILED)}
    result = rubric.exercise_result(asked, Status.GRADED, findings)
    made = Assignment("made_up", "Made up", "made_up", (asked,), b"")
    assignment = rubric.assignment_result(made, [result] * 3)
    whole = rubric.grade("alice", "cpu", "", [assignment] * 7, [], 0.0)
    assert (result.score, assignment.score, whole.score) == (0.3, 0.9, 6.3)
    assert (assignment.max_score, whole.max_score) == (3.0, 21.0)


def test_points_to_be_had_add_up_as_people_add_them() -> None:
    """What an exercise is worth should read like what it earned when all of it passed."""
    asked = exercise(points={"defined": 0.1, "forward": 0.2})
    result = rubric.exercise_result(asked, Status.GRADED, PASSED)
    assert result.score == result.max_score == 0.3


def test_an_assignment_is_worth_what_was_looked_at() -> None:
    """Exercises that were not asked for should neither earn nor be worth anything."""
    made = Assignment("made_up", "Made up", "made_up", (ASKED, ASKED), b"")
    result = rubric.assignment_result(made, [rubric.exercise_result(ASKED, Status.GRADED, PASSED)])
    assert (result.score, result.max_score, len(result.exercises)) == (4.0, 4.0, 1)


def test_the_published_form_has_its_keys() -> None:
    """The JSON of a grade should hold every key that readers were promised, at every level."""
    data = whole().as_json()
    assignment = data["assignments"][0]
    result = assignment["exercises"][0]
    levels = {
        "grade": data,
        "assignment": assignment,
        "exercise": result,
        "check": result["checks"][0],
        "misconception": result["misconceptions"][0],
        "where": result["misconceptions"][0]["where"],
    }
    assert {name: KEYS[name] - set(level) for name, level in levels.items()} == {name: set() for name in KEYS}
    assert (data["schema"], data["submission"], data["device"]) == ("grader/1", "alice", "cpu")


def test_the_published_form_says_what_happened() -> None:
    """Scores, verdicts, words and places should be those of the grade, in plain JSON."""
    data = json.loads(json.dumps(whole().as_json(), allow_nan=False))
    result = data["assignments"][0]["exercises"][0]
    assert (data["score"], data["max_score"], data["seconds"], data["notes"]) == (1.5, 4.0, 1.235, ["a note"])
    assert (result["id"], result["status"], result["score"]) == ("made_up.Small", "graded", 1.5)
    assert [check["verdict"] for check in result["checks"]] == ["passed", "failed", "passed"]
    assert [result["checks"][1][key] for key in ("rationale", "expected", "got", "score")] == ["why", "a", "b", 0.0]
    assert [found["where"] for found in result["misconceptions"]] == [{"file": "a.py", "line": 31}, None]


def test_verdicts_and_statuses_are_the_published_words() -> None:
    """The words of verdicts and statuses should stay, since others read them."""
    assert {str(verdict) for verdict in Verdict} == {"passed", "failed", "skipped", "error"}
    assert {str(status) for status in Status} == {"graded", "not-submitted", "not-attempted", "error"}
