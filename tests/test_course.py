"""The course holds together and keeps its contract; one that does not refuses to load, and says where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader import checks, coursewide
from grader import course as courses
from grader.checks.method import RULES
from grader.course import CHECK_IDS, Course, load
from grader.course import RULES as RULE_NAMES
from grader.coursewide import copies, default_root
from grader.errors import CourseError, UsageError

# What students were promised: every assignment is worth 100 points.
CONTRACT = {
    "layers": {
        "linear_module": 15,
        "linear_functional": 15,
        "FunctionalLinear": 20,
        "FunctionalDropout": 20,
        "conv_relu_pool": 15,
        "training_step": 15,
    },
    "build_methods": {
        "Model_Seq": 16,
        "build_sequential_args": 12,
        "build_sequential_add_module": 12,
        "build_sequential_ordered_dict": 12,
        "Model_Lay": 16,
        "Model_Lst": 16,
        "Model_Dict": 16,
    },
    "residual_blocks": {"RestNetBasicBlock": 25, "RestNetDownBlock": 35, "RestNet18": 40},
    "training": {
        "make_loaders": 10,
        "make_criterion": 10,
        "make_optimizer": 10,
        "train_one_epoch": 25,
        "evaluate": 20,
        "fit": 15,
        "plot_history": 10,
    },
}
CHANCE = 0.1  # ten digits, and as many classes
GOOD = """
title = "Small"
module = "small"

[[exercise]]
name = "Small"
title = "A small network"
form = "class"
method = { rule = "module-list", names = ["a"] }
points = { defined = 1, method = 2, forward = 0.5, training = 3 }
cases = [{ args = [3, [2, 1]], inputs = [[4, 3], [1, 3]] }]
training = { args = [3], steps = 4, batch = 5, rate = 0.1, side = 8, channels = 1, output = "logits", test = 20, seconds = 1 }
"""  # noqa: E501  a table on one line is TOML's rule
POINTS = "points = { defined = 1, method = 2, forward = 0.5, training = 3 }"
BANDS = '{"bands": {"Small": {"lowest": 0.5, "mean": 0.8, "deviation": 0.1, "runs": 3}}}'


def made(root: Path, toml: str = GOOD, bands: str | None = BANDS, solution: bool = True) -> Path:
    """Write a course of one assignment below `root`, and give that root."""
    folder = root / "reference" / "small"
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(toml, encoding="utf-8")
    if bands is not None:
        (folder / "bands.json").write_text(bands)
    if solution:
        (folder / "solution.py").write_bytes(b"# the solution\n")
    return root


def test_the_course_keeps_its_contract(course: Course) -> None:
    """Every assignment should hold the exercises promised, in that order, for the points promised."""
    assert {"build_methods", "residual_blocks"} <= {assignment.id for assignment in course.assignments}
    for assignment in course.assignments:
        worth = [(exercise.name, exercise.max_score) for exercise in assignment.exercises]
        assert worth == list(CONTRACT[assignment.id].items())
        assert assignment.max_score == 100
        assert assignment.module == assignment.id


def test_the_course_asks_only_for_checks_there_are(course: Course) -> None:
    """Every check of a rubric should exist and be worth something, and every rule of building, too."""
    for assignment in course.assignments:
        for exercise in assignment.exercises:
            assert set(exercise.points) <= set(checks.BY_ID)
            assert min(exercise.points.values()) > 0
            assert "defined" in exercise.points
            assert exercise.points.keys() & {"forward", "behaviour"}
            assert ("method" in exercise.points) == (exercise.method is not None)
            assert exercise.method is None or exercise.method.rule in RULES


def test_the_order_of_checks_is_that_of_judging(course: Course) -> None:
    """A rubric should list checks in the order in which they are judged, so that reports read from first to last."""
    order = list(checks.BY_ID)
    for assignment in course.assignments:
        for exercise in assignment.exercises:
            assert list(exercise.points) == sorted(exercise.points, key=order.index)


def test_every_training_has_a_band_above_chance(course: Course) -> None:
    """Where there is a training run there should be a band, its lowest between chance and what correct ones reach."""
    trained = [e for assignment in course.assignments for e in assignment.exercises if e.training]
    assert trained
    for exercise in trained:
        assert exercise.band is not None
        assert CHANCE < exercise.band.lowest < exercise.band.mean < 1
        assert exercise.band.runs >= 10


def test_training_and_its_check_come_together(course: Course) -> None:
    """A rubric should give points for training where there is a training run, and nowhere else."""
    for assignment in course.assignments:
        for exercise in assignment.exercises:
            assert ("training" in exercise.points) == (exercise.training is not None)


def test_ids_are_unique(course: Course) -> None:
    """No two exercises should share an id or a bare name, since both are accepted on the command line."""
    exercises = [exercise for assignment in course.assignments for exercise in assignment.exercises]
    assert len({e.id for e in exercises}) == len({e.name for e in exercises}) == len(exercises)


def test_every_case_can_be_run_in_train_mode(course: Course) -> None:
    """The first input of a case is used in train mode, so it should hold at least two samples."""
    for assignment in course.assignments:
        for exercise in assignment.exercises:
            assert all(case.inputs[0][0] >= 2 for case in exercise.cases)
            assert exercise.cases or "behaviour" in exercise.points


def test_the_digits_are_those_of_the_data_set(course: Course) -> None:
    """There should be 1 797 images of 8×8 with values 0..16, and each of ten classes about as often."""
    digits = course.digits
    assert (digits.images.shape, digits.labels.shape) == ((1797, 8, 8), (1797,))
    assert (digits.images.min(), digits.images.max()) == (0, 16)
    counts = np.bincount(digits.labels)
    assert len(counts) == 10
    assert counts.min() > 170


def test_the_course_is_found_without_being_named(course: Course) -> None:
    """Loading without a folder should give the course that comes with the program."""
    assert load().assignments == course.assignments
    assert default_root() == course.root


def test_every_copy_of_the_course_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another installation left among the packages should be named, too: workers see the packages."""
    (tmp_path / "grader/_course").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    assert set(copies()) >= {default_root(), tmp_path / "grader/_course"}


def test_an_assignment_is_found_by_its_id(course: Course) -> None:
    """An id should give its assignment; another should list those there are, as wrong usage."""
    assert course.assignment("build_methods").id == "build_methods"
    with pytest.raises(UsageError, match="no assignment 'build_method'") as refused:
        course.assignment("build_method")
    assert all(assignment.id in str(refused.value) for assignment in course.assignments)


@pytest.mark.parametrize("name", ["RestNet18", "residual_blocks.RestNet18"])
def test_an_exercise_is_found_by_id_and_by_name(course: Course, name: str) -> None:
    """An exercise should be found with and without its assignment's name."""
    assert course.exercise(name).id == "residual_blocks.RestNet18"


def test_an_unknown_exercise_lists_those_there_are(course: Course) -> None:
    """A name that is like no exercise should list all of them, as wrong usage; else those that it is like."""
    with pytest.raises(UsageError, match=r"no exercise 'Resnet18'\. Like it: RestNet18$"):
        course.exercise("Resnet18")
    with pytest.raises(UsageError, match="no exercise 'zzz'") as refused:
        course.exercise("zzz")
    for assignment in course.assignments:
        assert all(exercise.id in str(refused.value) for exercise in assignment.exercises)


def test_a_course_is_read_from_its_files(tmp_path: Path) -> None:
    """What the files say should be what is loaded, to the letter."""
    (assignment,) = load(made(tmp_path)).assignments
    (exercise,) = assignment.exercises
    assert (assignment.id, assignment.title, assignment.module) == ("small", "Small", "small")
    assert assignment.solution == b"# the solution\n"
    assert exercise.id == "small.Small"
    assert exercise.points == {"defined": 1.0, "method": 2.0, "forward": 0.5, "training": 3.0}
    assert exercise.cases[0].args == (3, [2, 1])
    assert exercise.cases[0].inputs == ((4, 3), (1, 3))
    assert exercise.method is not None
    assert exercise.method.names == ("a",)
    assert exercise.training is not None
    assert exercise.training.steps == 4
    assert exercise.band is not None
    assert exercise.band.lowest == 0.5


TITLES = '{ en = "Small", zh = "小型" }'


def test_titles_are_in_the_language_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a table the text of that language; a plain text is for all."""
    root = made(tmp_path, GOOD.replace('"Small"', TITLES, 1))
    for spoken, wanted in (("en", "Small"), ("zh", "小型")):
        monkeypatch.setattr(coursewide, "spoken", lambda spoken=spoken: spoken)
        (assignment,) = load(root).assignments
        assert (assignment.title, assignment.exercises[0].title) == (wanted, "A small network")


@pytest.mark.parametrize("titles", ['{ en = "Small" }', '{ en = "Small", zh = "" }', "3"])
def test_a_title_in_some_languages_only_is_refused(tmp_path: Path, titles: str) -> None:
    """The file and the key should be named."""
    with pytest.raises(CourseError, match=r"assignment\.toml: title needs a text, .* each of en, zh"):
        load(made(tmp_path, GOOD.replace('"Small"', titles, 1)))


def test_a_folder_without_a_course_is_refused(tmp_path: Path) -> None:
    """A folder given for a course that holds none should be named, as wrong usage, with what was expected."""
    for root in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UsageError, match=r"holds no course: expected .*assignment\.toml"):
            load(root)


def test_a_course_without_assignments_is_refused(tmp_path: Path) -> None:
    """A course with no assignment in it should be refused: there is nothing to grade by."""
    (tmp_path / "reference" / "data").mkdir(parents=True)
    with pytest.raises(CourseError, match=r"holds no course: expected .*assignment\.toml"):
        load(tmp_path)


KEYS = ["title", "module", "name", "form", "points", "inputs", "rule"]


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    """A key that is not there should be named with its file."""
    root = made(tmp_path, GOOD.replace(f"{key} = ", f"{key}_ = "))
    with pytest.raises(CourseError, match=rf"small/assignment\.toml: the key '{key}' is missing"):
        load(root)


@pytest.mark.parametrize("key", ["steps", "batch", "output", "seconds"])
def test_a_missing_key_of_the_training_is_named(tmp_path: Path, key: str) -> None:
    """A key of the training run that is missing or misspelt should be named with its file."""
    root = made(tmp_path, GOOD.replace(f" {key} = ", f" {key}_ = "))
    with pytest.raises(CourseError, match=rf"small/assignment\.toml: .*'{key}"):
        load(root)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "Small"', 'title = "Small', "line 2"),
        (POINTS, "points = { }", "exercise Small needs points"),
        ("cases = [{ args = [3, [2, 1]], inputs = [[4, 3], [1, 3]] }]", "cases = []", "exercise Small needs points"),
        ("cases = [", "kases = [", "exercise Small needs points, cases"),
        ('form = "class"', 'form = "klass"', "a form among"),
        (POINTS, "points = 5", "exercise Small: points must be a table, not 5"),
        ("defined = 1", 'defined = "many"', "points.defined must be a number, zero or more, not 'many'"),
        ("defined = 1", "defined = true", "points.defined must be a number"),
        ("forward = 0.5", "forward = -0.5", "points.forward must be a number, zero or more, not -0.5"),
        ("forward = 0.5", "forward = nan", "points.forward must be a number"),
        ("forward = 0.5", "forward = inf", "points.forward must be a number"),
        ("defined = 1", "definde = 1", "points.definde is no check. There are: defined, "),
        ('rule = "module-list"', 'rule = "modul-list"', "method.rule 'modul-list' is unknown. There are: direct-"),
        ('{ rule = "module-list", names = ["a"] }', '"module-list"', "method must be a table"),
        ("inputs = [[4, 3], [1, 3]]", "inputs = []", "cases.inputs is empty"),
        ("cases = [{ args", "cases = [5, { args", "cases must be a table, not 5"),
        ("args = [3, [2, 1]]", "tensors = 5", "cases.tensors must be a table"),
        ("training = {", "unused = {", "training is missing, but points.training is there"),
        ("training = 3", "device = 3", "points.training is missing, but training is there"),
        ("method = {", "unused = {", "method is missing, but points.method is there"),
        ("method = 2", "device = 2", "points.method is missing, but method is there"),
        ("defined = 1", "behaviour = 1", "scene is missing, but points.behaviour is there"),
        ("[[exercise]]", "[exercise]", "exercise must be a list of tables"),
        ("inputs = [[4, 3], [1, 3]]", "inputs = [4, 3]", "not iterable"),
        ("[[exercise]]", "[[exercises]]", "the key 'exercise' is missing"),
    ],
)
def test_a_file_that_does_not_hold_together_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Broken TOML, an exercise without points or cases, and values of another type should be named with the file."""
    assert old in GOOD
    with pytest.raises(CourseError, match=r"small/assignment\.toml: ") as refused:
        load(made(tmp_path, GOOD.replace(old, new, 1)))
    assert words in str(refused.value)


def test_a_missing_solution_is_named(tmp_path: Path) -> None:
    """An assignment without a solution should be refused by the file that is missing."""
    with pytest.raises(CourseError, match=r"solution\.py"):
        load(made(tmp_path, solution=False))


@pytest.mark.parametrize(
    "bands",
    [
        "{",
        "[]",
        "{}",
        '{"bands": []}',
        '{"bands": {"Small": 5}}',
        '{"bands": {"Small": {"lowest": 0.5}}}',
        BANDS.replace("0.5", "NaN"),
        BANDS.replace("0.5", '"half"'),
    ],
)
def test_bands_that_cannot_be_read_are_refused(tmp_path: Path, bands: str) -> None:
    """Bands that are broken or incomplete should be refused: without them no training can be judged."""
    with pytest.raises(CourseError, match=r"small/assignment\.toml: bands\.json: "):
        load(made(tmp_path, bands=bands))


def test_an_assignment_without_exercises_is_refused(tmp_path: Path) -> None:
    """A rubric that asks for nothing should be refused."""
    with pytest.raises(CourseError, match=r"small/assignment\.toml: it holds no exercises"):
        load(made(tmp_path, 'title = "Small"\nmodule = "small"\nexercise = []\n'))


def test_the_names_that_a_rubric_may_use_are_those_there_are() -> None:
    """The course should know the checks and rules that are implemented, in order, and no others."""
    assert tuple(checks.BY_ID) == CHECK_IDS
    assert tuple(RULES) == RULE_NAMES


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"not an archive"])
def test_missing_data_are_a_course_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Where the data set is missing or damaged, the course should say so in its own words."""
    root = made(tmp_path)
    monkeypatch.setattr(courses, "default_root", lambda: root)  # else the data of that course are used
    if content is not None:
        (root / "reference" / "data").mkdir()
        (root / "reference" / "data" / "digits.npz").write_bytes(content)
    with pytest.raises(CourseError, match=r"digits\.npz: the digits of the training runs cannot be read"):
        load(root).digits  # noqa: B018  reading it is what is tested
