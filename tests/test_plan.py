"""The same questions for the same settings, others for another seed, and never an answer among them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import made_up
import numpy as np
import pytest

from grader import plan
from grader.course import TRAIN_SAMPLES, Course, Exercise
from grader.evidence import RECORDS
from grader.plan import Job, Probe, Settings, jobs, stream, training_order
from grader.sandbox.limits import DEFAULT, Limits

SETTINGS = Settings(seed=7)


def probes(exercise: Exercise, course: Course, settings: Settings = SETTINGS) -> list[Probe]:
    """All questions about an exercise, in the order of asking, worker after worker."""
    return [probe for job in jobs(exercise, course.digits, settings) for probe in job.probes]


def fixed(job: Job) -> list[Any]:
    """Everything in a job that a worker or the store can see, as plain comparable data."""
    return [
        (
            probe.id,
            probe.op,
            json.dumps(probe.params, sort_keys=True),
            [(name, a.dtype.str, a.shape, a.tobytes()) for name, a in sorted(probe.arrays.items())],
            probe.needs,
            probe.limits,
        )
        for probe in job.probes
    ]


def exercises(course: Course) -> list[Exercise]:
    """Every exercise of the course."""
    return [exercise for assignment in course.assignments for exercise in assignment.exercises]


def trained(course: Course) -> list[Exercise]:
    """Every exercise of the course that is trained."""
    return [exercise for exercise in exercises(course) if exercise.training]


def test_equal_settings_give_equal_plans(course: Course) -> None:
    """Two plans with the same settings should agree byte for byte."""
    for exercise in exercises(course):
        first, second = (jobs(exercise, course.digits, Settings(7)) for _ in range(2))
        assert [fixed(job) for job in first] == [fixed(job) for job in second]


def test_another_seed_gives_other_inputs(course: Course) -> None:
    """Every input should depend on the seed, and stay the same in shape and dtype."""
    for exercise in exercises(course):
        ours, theirs = probes(exercise, course), probes(exercise, course, Settings(8))
        assert [probe.id for probe in ours] == [probe.id for probe in theirs]
        for one, other in zip(ours, theirs, strict=True):
            if "x" in one.arrays:
                assert one.arrays["x"].shape == other.arrays["x"].shape
                assert not np.array_equal(one.arrays["x"], other.arrays["x"])


def test_another_seed_gives_another_order_and_other_classes(course: Course) -> None:
    """The order of samples and the names of classes should depend on the seed."""
    for exercise in trained(course):
        assert exercise.training
        (order, classes), (other_order, other_classes) = (
            training_order(exercise, exercise.training, Settings(seed)) for seed in (7, 8)
        )
        assert order.tolist() != other_order.tolist()
        assert classes.tolist() != other_classes.tolist()
        assert sorted(classes) == sorted(other_classes) == list(range(10))


def test_exercises_do_not_share_their_random_numbers(course: Course) -> None:
    """Exercises of one shape should get inputs and classes of their own."""
    one, other, *_ = [exercise for exercise in exercises(course) if exercise.form == "function"]
    ours, theirs = ({p.id: p for p in probes(exercise, course)} for exercise in (one, other))
    assert ours["train.0.0"].arrays["x"].shape == theirs["train.0.0"].arrays["x"].shape
    assert not np.array_equal(ours["train.0.0"].arrays["x"], theirs["train.0.0"].arrays["x"])
    assert not np.array_equal(ours["begin"].arrays["images"], theirs["begin"].arrays["images"])


def test_test_labels_never_leave_the_grader(course: Course) -> None:
    """A training question should hold the labels of its training samples, images of both splits, and nothing else."""
    for exercise in trained(course):
        training = exercise.training
        assert training
        (probe,) = [probe for probe in probes(exercise, course) if probe.op == "begin"]
        order, classes = training_order(exercise, training, SETTINGS)
        assert set(probe.arrays) == {"images", "labels", "test"}
        assert probe.arrays["labels"].shape == (training.steps * training.batch,)
        assert order.max() < TRAIN_SAMPLES
        np.testing.assert_array_equal(probe.arrays["labels"], classes[course.digits.labels[order]])
        np.testing.assert_array_equal(probe.arrays["images"], course.digits.images[order])
        held_out = course.digits.images[TRAIN_SAMPLES : TRAIN_SAMPLES + training.test]
        np.testing.assert_array_equal(probe.arrays["test"], held_out)


def test_no_other_question_holds_labels_or_images(course: Course) -> None:
    """Questions other than the training run should carry one float input or nothing."""
    for exercise in exercises(course):
        for probe in probes(exercise, course):
            if probe.op != "begin":
                assert set(probe.arrays) <= {"x"}
                assert all(array.dtype == np.float32 for array in probe.arrays.values())


def test_no_parameter_of_a_question_is_an_answer(course: Course) -> None:
    """Parameters should be the few that workers understand: no band, points, tolerance or expected shape."""
    known = {"name", "args", "tensors", "scene", "seed", "subject", "mode", "backward", "repeat", "device"}
    run = {"first", "batch", "rate", "side", "channels", "output", "peak", "mean", "deviation"}
    for exercise in exercises(course):
        for probe in probes(exercise, course):
            assert set(probe.params) <= (known | run if probe.op == "begin" else known)


def test_labels_of_the_test_split_are_renamed_alike(course: Course) -> None:
    """The labels that the grader keeps should be named by the same permutation as those that it sends."""
    for exercise in trained(course):
        training = exercise.training
        assert training
        labels = plan.test_labels(exercise, training, course.digits, SETTINGS)
        _, classes = training_order(exercise, training, SETTINGS)
        true = course.digits.labels[TRAIN_SAMPLES : TRAIN_SAMPLES + training.test]
        assert labels.shape == (training.test,)
        np.testing.assert_array_equal(np.argsort(classes)[labels], true)


def test_classes_are_renamed_in_some_run(course: Course) -> None:
    """A network that knows digits already should gain nothing by it."""
    exercise = trained(course)[0]
    assert exercise.training
    names = [training_order(exercise, exercise.training, Settings(seed))[1].tolist() for seed in range(5)]
    assert list(range(10)) not in names
    assert len({tuple(each) for each in names}) == 5


def test_every_sample_is_used_before_any_comes_again(course: Course) -> None:
    """A run longer than the training split should go through it in rounds, each in a new order."""
    exercise = made_up.exercise(training=replace(made_up.TRAINING, steps=100, batch=32))
    assert exercise.training
    order, _ = training_order(exercise, exercise.training, SETTINGS)
    first, second = order[:TRAIN_SAMPLES], order[TRAIN_SAMPLES : 2 * TRAIN_SAMPLES]
    assert len(order) == 3200
    assert sorted(first) == sorted(second) == list(range(TRAIN_SAMPLES))
    assert first.tolist() != second.tolist()


def test_inputs_are_signed_and_of_the_case_s_shapes(course: Course) -> None:
    """Inputs should have values on both sides of zero, be finite, and have the shapes of the rubric."""
    for exercise in exercises(course):
        by_id = {probe.id: probe for probe in probes(exercise, course)}
        for number, case in enumerate(exercise.cases):
            for index, shape in enumerate(case.inputs):
                x = by_id[f"eval.{number}.{index}"].arrays["x"]
                assert x.shape == shape
                assert x.min() < 0 < x.max()
                assert np.isfinite(x).all()


def test_one_input_is_the_same_in_every_question(course: Course) -> None:
    """Train mode, eval mode, the trace and the dry run of a case should look at the same input."""
    for exercise in exercises(course):
        by_id = {probe.id: probe.arrays.get("x") for probe in probes(exercise, course)}
        for name in ("train.0.0", "trace.0", "dry") if exercise.cases else ():
            np.testing.assert_array_equal(by_id[name], by_id["eval.0.0"])


def test_ids_are_unique_and_needs_come_earlier(course: Course) -> None:
    """No two questions should share an id, and whatever one needs should be asked before, by the same worker."""
    for exercise in exercises(course):
        ids = [probe.id for probe in probes(exercise, course)]
        assert len(set(ids)) == len(ids)
        for job in jobs(exercise, course.digits, SETTINGS):
            asked: set[str] = set()
            for probe in job.probes:
                assert set(probe.needs) <= asked
                assert probe.id != "load"  # the load comes first by itself
                asked.add(probe.id)


def test_every_operation_has_a_record(course: Course) -> None:
    """No question should be asked whose answer could not be read."""
    asked = {probe.op for exercise in exercises(course) for probe in probes(exercise, course)}
    assert asked <= set(RECORDS)


def test_questions_are_plain_data(course: Course) -> None:
    """Parameters should survive the way through JSON as they are, apart from tuples."""
    for exercise in exercises(course):
        for probe in probes(exercise, course):
            assert json.loads(json.dumps(probe.params, allow_nan=False)) == dict(probe.params)


def test_only_train_mode_runs_backward_and_only_eval_repeats(course: Course) -> None:
    """Every case should be differentiated once in train mode, and repeated once in eval mode."""
    for exercise in exercises(course):
        runs = [probe for probe in probes(exercise, course) if probe.op == "run"]
        for probe in runs:
            assert probe.params["backward"] == (probe.params["mode"] == "train")
            assert probe.params["repeat"] == (probe.id in {f"eval.{n}.0" for n in range(len(exercise.cases))})
        assert sum(probe.params["backward"] for probe in runs) == len(exercise.cases)


@pytest.mark.parametrize(("seconds", "workers"), [(0.01, 1), (60.0, 2)])
def test_only_long_training_has_a_worker_of_its_own(course: Course, seconds: float, workers: int) -> None:
    """A training run worth a worker should have one, a short one share that of the examination; it is asked once."""
    exercise = made_up.exercise(training=replace(made_up.TRAINING, seconds=seconds))
    made = jobs(exercise, course.digits, SETTINGS)
    assert len(made) == workers
    assert [probe.op for job in made for probe in job.probes if probe.op in ("begin", "train")] == ["begin", "train"]
    assert sum(job.seconds for job in made) > seconds
    assert [probe.id for probe in plan.training_job(exercise, course.digits, SETTINGS).probes] == ["begin", "train"]


def test_an_exercise_without_training_has_one_worker(course: Course) -> None:
    """Where nothing is trained there should be one worker and no training question, and none to be had."""
    exercise = made_up.exercise(training=None)
    (job,) = jobs(exercise, course.digits, SETTINGS)
    assert "train" not in {probe.op for probe in job.probes}
    with pytest.raises(ValueError, match="has no training run"):
        plan.training_job(exercise, course.digits, SETTINGS)


def test_limits_and_device_come_from_the_settings(course: Course) -> None:
    """Limits and the device of a run should be those set, with more time for training."""
    settings = Settings(7, "cuda", Limits(cpu_seconds=5.0, answer_bytes=99))
    for probe in probes(made_up.exercise(), course, settings):
        assert probe.limits.answer_bytes == 99
        assert probe.limits.cpu_seconds == (15.0 if probe.op in ("begin", "train") else 5.0)
        assert probe.params.get("device", "cuda") == "cuda"
        assert ("device" in probe.params) == (probe.op in ("run", "begin"))


def test_longer_limits_are_longer_in_time_alone() -> None:
    """More time should not be more memory."""
    assert DEFAULT.longer(2) == replace(DEFAULT, cpu_seconds=40.0, wall_seconds=120.0)


@pytest.mark.parametrize("names", [("a", 1), ("a", 2), ("b", 1), ("a",), ("a1",)])
def test_every_purpose_has_a_stream_of_its_own(names: tuple[object, ...]) -> None:
    """Streams should repeat for the same names and differ for all others."""
    all_names = [("a", 1), ("a", 2), ("b", 1), ("a",), ("a1",)]
    mine = stream(SETTINGS, *names).random(4).tolist()
    same = [other for other in all_names if stream(SETTINGS, *other).random(4).tolist() == mine]
    assert same == [names]
