"""What a reader sees first: the sentence, the next steps, the facts."""

from __future__ import annotations

import pytest
from grades import check, down_block, exercise, grade, resnet, sample_grade, whole_exercise

from grader.model import ExerciseResult, Finding, Misconception, Place, Status, Verdict
from grader.report import summary


def _failing(ident: str, points: float, waiting: int = 0) -> ExerciseResult:
    skipped = [check(f"later{number}", Verdict.SKIPPED, 1) for number in range(waiting)]
    return exercise(ident, check("defined", Verdict.PASSED, 1), check("forward", Verdict.FAILED, points), *skipped)


def test_headline_counts_checks_things_and_faults_of_ours() -> None:
    """The sentence should name what passes, what is to fix, what is absent and what the grader broke."""
    assert summary.headline(sample_grade()) == (
        "17 of 22 checks pass; 2 things to fix; 1 exercise not attempted; 1 exercise not submitted; "
        "the grader itself failed in 2 places"
    )


def test_headline_of_a_whole_submission() -> None:
    """A submission without open work should say only that all checks pass."""
    assert summary.headline(grade(whole_exercise("layers.a"), whole_exercise("layers.b"))) == "All 8 checks pass"


def test_headline_without_checks() -> None:
    """An empty submission should not be said to pass all of no checks."""
    absent = exercise("layers.a", status=Status.NOT_SUBMITTED)
    assert summary.headline(grade(absent)) == "No check was run; 1 exercise not submitted"


def test_headline_of_one_check_is_grammatical() -> None:
    """One check should be spoken of in the singular."""
    passes = grade(exercise("a.b", check("defined", Verdict.PASSED, 1)))
    fails = grade(exercise("a.b", check("defined", Verdict.FAILED, 1)))
    assert summary.headline(passes) == "The one check passes"
    assert summary.headline(fails) == "0 of 1 check passes; 1 thing to fix"


def test_next_steps_put_blockers_first_and_then_points() -> None:
    """A check that others wait for should come before a dearer one that blocks nothing."""
    small, big, blocker = _failing("a.small", 2), _failing("a.big", 20), _failing("a.blocker", 1, waiting=2)
    steps = summary.next_steps(grade(small, big, blocker))
    assert [step.exercise.name for step in steps] == ["blocker", "big", "small"]


def test_next_steps_are_at_most_three() -> None:
    """More than three things at once help nobody; the rest should be counted."""
    many = grade(*(_failing(f"a.e{number}", number) for number in range(1, 6)))
    assert [step.exercise.name for step in summary.next_steps(many)] == ["e5", "e4", "e3"]
    assert summary.more_to_fix(many, 3) == "2 more things to fix below, in the exercises."
    assert summary.more_to_fix(many, 5) == ""


def test_a_step_is_the_first_failed_check_and_counts_what_hangs_on_it() -> None:
    """The first failure of an exercise should be the step; later ones and skipped ones should be counted."""
    checks = [check(name, Verdict.FAILED, 2) for name in ("parameters", "forward")]
    waiting = check("training", Verdict.SKIPPED, 7.5)
    (step,) = summary.next_steps(grade(exercise("a.b", *checks, waiting)))
    assert (step.check.id, step.points) == ("parameters", 9.5)
    assert step.stake == (
        "Worth 2 points. 1 check waits for it, worth 7.5 points more. 1 other check in this exercise fails too."
    )


def test_errors_and_skips_alone_are_nothing_to_fix() -> None:
    """What the grader broke should never become the student's task."""
    broken = exercise("a.b", check("device", Verdict.ERROR, 2), check("training", Verdict.SKIPPED, 2))
    assert summary.next_steps(grade(broken)) == ()


def test_a_step_borrows_its_place_from_the_likeliest_misconception() -> None:
    """Where the check knows no line, the step should point at the misconception's."""
    place = Place("a.py", 7)
    likely = (Misconception("unknown-line", ""), Misconception("known-line", "", place))
    (step,) = summary.next_steps(grade(exercise("a.b", check("c", Verdict.FAILED, 1), misconceptions=likely)))
    assert step.where == place


def test_works_names_whole_exercises_then_the_weightiest_checks() -> None:
    """Facts should be specific, at most three, and the best first."""
    assert summary.works(sample_grade()) == (
        "linear_module, linear_functional and RestNetBasicBlock pass every check.",
        "RestNet18: The model has 11 186 442 parameters in the right shapes.",
        "RestNetDownBlock: The parameters have the right number and shapes.",
    )


def test_works_says_nothing_where_nothing_works() -> None:
    """There should be no praise to fill the gap."""
    assert summary.works(grade(exercise("a.b", check("defined", Verdict.FAILED, 1)))) == ()


def test_works_shortens_a_long_list_of_exercises() -> None:
    """A good submission should not make the first fact unreadable."""
    (fact,) = summary.works(grade(*(whole_exercise(f"a.e{number}") for number in range(6))))
    assert fact == "e0, e1, e2 and 3 more pass every check."


def test_still_to_do_names_what_was_not_begun() -> None:
    """Exercises without an attempt and without a file should be told apart."""
    assert summary.still_to_do(sample_grade()) == ("Not attempted yet: FunctionalDropout.", "Not submitted: fit.")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.NOT_SUBMITTED, "Not submitted: the file is not there. See the README."),
        (Status.NOT_ATTEMPTED, "Not attempted yet. See the README."),
        (Status.ERROR, "The grader failed here. A person must look; this is not your fault. See the README."),
        (Status.GRADED, "No check was run. See the README."),
    ],
)
def test_every_status_has_its_sentence(status: Status, sentence: str) -> None:
    """A status should be said in words, followed by its note."""
    assert summary.exercise_sentence(exercise("a.b", status=status, note="See the README.")) == sentence


def test_a_skipped_check_says_what_it_waits_for() -> None:
    """The reason should be the check's own words, else the first failed check."""
    block = down_block()
    reasons = [summary.skip_reason(block, each) for each in summary.arranged(block).skipped]
    assert reasons == ["Needs: shapes", "Waits for: The output is half as high and half as wide"]


def test_arranging_loses_no_check() -> None:
    """Every check should be in exactly one group."""
    block = down_block()
    groups = summary.arranged(block)
    together = [*groups.failed, *groups.errors, *groups.skipped, *groups.passed]
    assert sorted(each.id for each in together) == sorted(each.id for each in block.checks)


def test_points_held_back_by_the_grader_are_counted_once() -> None:
    """An exercise that broke should hold back all its points, a broken check its own."""
    whole = exercise("a.b", check("x", Verdict.ERROR, 4), status=Status.ERROR)
    part = exercise("a.c", check("x", Verdict.ERROR, 3), check("y", Verdict.PASSED, 5))
    both = grade(whole, part)
    assert summary.faults_of_ours(both) == 2
    assert summary.waiting_for_person(both).startswith("7 points not decided yet")
    assert summary.waiting_for_person(grade(resnet())) == ""


def test_the_command_to_check_again_can_be_pasted() -> None:
    """Names with spaces or shell characters should be quoted."""
    assert summary.again_command(grade(resnet())) == "grade alice --exercise residual_blocks.RestNet18"
    assert summary.again_command(grade(whole_exercise("a.b"), submission="a b;rm")) == "grade 'a b;rm'"


def test_anchors_hold_no_odd_characters() -> None:
    """An anchor should be usable in an id and in a link whatever the ids are."""
    odd = exercise('a."><x y', check("c d", Verdict.PASSED, 1))
    assert summary.anchor(odd, odd.checks[0]) == "a.-x-y--c-d"


def test_a_finding_without_words_still_makes_a_step() -> None:
    """A check that carries nothing but its verdict should not break the summary."""
    bare = exercise("a.b", check("c", Verdict.FAILED, 1))
    assert bare.checks[0].finding == Finding(Verdict.FAILED)
    assert summary.next_steps(grade(bare))[0].stake == "Worth 1 point."
