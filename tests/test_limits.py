"""Limits come from the rubric and from options, reach the walls, and are named with their figures when they are met."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import made_up
import pytest
import test_hostile
from click.testing import CliRunner
from test_course import GOOD, made
from test_hostile import VICTIM, exercise, graded, in_forward

from grader import plan
from grader.cli import main
from grader.course import Course, load
from grader.errors import CourseError
from grader.grading import Grader, Selection
from grader.model import Verdict
from grader.plan import Settings
from grader.sandbox.channel import Channel
from grader.sandbox.fake import FakeLine, FakeSandbox
from grader.sandbox.host import Zygote
from grader.sandbox.limits import (
    CPU_LIMIT,
    DEFAULT,
    MEMORY_LIMIT,
    MIB,
    Allowance,
    Limits,
    allowance,
    memory_size,
    size_text,
    typed_seconds,
)
from grader.store import Store
from grader.submission import Submission

GIB = 1024 * MIB


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GiB", 2 * GIB), ("2 GiB", 2 * GIB), (" 1.5gib ", 1536 * MIB), ("512MiB", 512 * MIB), ("1024 GiB", 1024 * GIB)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    """A size should be a number and its unit, with or without a space."""
    assert memory_size(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "2", "2GB", "2 G", "GiB", "-2GiB", "1e3MiB", "0GiB", "64MiB", "1025GiB", "9" * 400 + "GiB", "٢GiB", 2, None],
)
def test_other_sizes_are_refused(text: object) -> None:
    """What has no unit, or is far too small or large, should be refused in a sentence: zero would mean no limit."""
    with pytest.raises(ValueError, match="memory must"):
        memory_size(text)


@pytest.mark.parametrize("text", ["", "x", "0", "4.9", "-20", "nan", "inf", "1e9"])
def test_other_seconds_are_refused(text: str) -> None:
    """Seconds should be a number in which a worker can start, and which ends."""
    with pytest.raises(ValueError, match="seconds must be a number from 5 to 86400"):
        typed_seconds(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(2 * GIB, "2 GiB"), (512 * MIB, "512 MiB"), (40e9, "37.3 GiB"), (1, "1 KiB"), (0, "1 KiB"), (5 << 40, "5 TiB")],
)
def test_sizes_are_told(size: float, text: str) -> None:
    """Bytes should be told in the largest unit, with three digits."""
    assert size_text(size) == text


def test_what_is_not_set_stays() -> None:
    """An allowance should change what it sets and nothing else; who names seconds alone gets three times as many."""
    assert allowance({}).over(DEFAULT) == DEFAULT
    assert allowance({"memory": "1GiB"}).over(DEFAULT) == replace(DEFAULT, memory_bytes=GIB)
    assert allowance({"seconds": 50}).over(DEFAULT) == replace(DEFAULT, cpu_seconds=50.0, wall_seconds=150.0)
    assert allowance({"seconds": 5, "wall_seconds": 9}) == Allowance(None, 5.0, 9.0)


# What is put before the exercises, what into the exercise, and what the exercise's limits are then.
RUBRICS = [
    ("", "", DEFAULT),
    ('limits = { memory = "1 GiB" }', "", replace(DEFAULT, memory_bytes=GIB)),
    ('limits = { memory = "1 GiB" }', 'limits = { memory = "3 GiB" }', replace(DEFAULT, memory_bytes=3 * GIB)),
    ("limits = { seconds = 10 }", 'limits = { memory = "3 GiB" }', Limits(10.0, 30.0, memory_bytes=3 * GIB)),
    (
        "limits = { wall_seconds = 500 }",
        "limits = { seconds = 10 }",
        replace(DEFAULT, cpu_seconds=10.0, wall_seconds=30.0),
    ),
]


def rubric(whole: str, own: str) -> str:
    """The rubric of a small course with limits for the assignment and for its exercise."""
    return whole + GOOD.replace("form = ", own + "\nform = ")


@pytest.mark.parametrize(("whole", "own", "limits"), RUBRICS)
def test_an_exercise_comes_before_its_assignment(tmp_path: Path, whole: str, own: str, limits: Limits) -> None:
    """What the exercise sets should hold, then what its assignment sets, then the usual."""
    course = load(made(tmp_path, rubric(whole, own)))
    assert Settings(1).limits_of(course.exercise("Small")) == limits


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ('limits = "2GiB"', "limits must be a table"),
        ("limits = { memory = 2 }", "limits.memory must be written like 512MiB or 2GiB, not 2"),
        ('limits = { memory = "2GB" }', "limits.memory must be written"),
        ('limits = { memory = "1 MiB" }', "limits.memory must lie between 128 MiB and 1 TiB"),
        ("limits = { seconds = true }", "limits.seconds must be a number from 5"),
        ('limits = { seconds = "20" }', "limits.seconds must be a number"),
        ("limits = { seconds = inf }", "limits.seconds must be a number"),
        ("limits = { wall_seconds = 0 }", "limits.wall_seconds must be a number"),
        ("limits = { seconds = 30, wall_seconds = 20 }", r"limits.wall_seconds \(20\) is less than limits.seconds"),
        ("limits = { second = 20 }", "limits.second is unknown. There are: memory, seconds, wall_seconds"),
    ],
)
@pytest.mark.parametrize("place", ["whole", "own"])
def test_a_rubric_with_other_limits_is_refused(tmp_path: Path, place: str, limits: str, says: str) -> None:
    """Limits that are not understood should stop the course from loading, with file and key."""
    toml = rubric(limits, "") if place == "whole" else rubric("", limits)
    with pytest.raises(CourseError, match=f"assignment.toml: {'exercise Small: ' if place == 'own' else ''}{says}"):
        load(made(tmp_path, toml))


def test_an_option_comes_before_the_rubric() -> None:
    """What an option sets should hold whatever the rubric says; what it leaves open is the rubric's."""
    own = made_up.exercise(limits=Allowance(memory_bytes=GIB, cpu_seconds=40.0))
    settings = Settings(1, limits=replace(DEFAULT, output_bytes=5), allowance=Allowance(memory_bytes=3 * GIB))
    assert settings.limits_of(own) == Limits(40.0, 60.0, memory_bytes=3 * GIB, output_bytes=5)


def test_every_question_and_the_worker_have_these_limits(course: Course) -> None:
    """Limits of an exercise should reach all of its questions, with three times the seconds for training."""
    own = made_up.exercise(limits=Allowance(memory_bytes=GIB, cpu_seconds=30.0, wall_seconds=90.0))
    for job in plan.jobs(own, course.digits, Settings(1)):
        for probe in job.probes:
            assert probe.limits.memory_bytes == GIB
            assert probe.limits.cpu_seconds == (90.0 if probe.op in ("begin", "train") else 30.0)


class NotingSandbox(FakeSandbox):
    """A scripted sandbox that notes the memory of each worker."""

    def open(self, limits: Limits, cpu_seconds: float, imports: tuple[str, ...] = ()) -> FakeLine:
        """Note, and open."""
        self.noted = [*getattr(self, "noted", ()), limits.memory_bytes]
        return super().open(limits, cpu_seconds, imports)


def test_a_tight_option_does_not_starve_the_reference(course: Course, tmp_path: Path) -> None:
    """The reference should have no less than the usual, whatever students get."""
    sandbox = NotingSandbox(made_up.script(made_up.GOOD))
    settings = Settings(3, allowance=Allowance(memory_bytes=128 * MIB))
    small = made_up.exercise(training=None, points={"defined": 1.0})
    with Grader(made_up.course(course.root, small), sandbox, settings, Store(tmp_path), workers=1) as grader:
        grader.grade_collected(Submission("ann", {"made_up.py": b""}))
    assert sandbox.noted == [DEFAULT.memory_bytes, 128 * MIB]


@pytest.fixture(scope="module")
def bounded(course: Course, zygote: Zygote, cache: Path) -> Callable[[str, Allowance], str]:
    """Grades a line in the forward pass of one exercise, with an allowance; gives what failed first, in words."""
    bare, selection = course.without_training(), Selection(exercises=frozenset([VICTIM]))

    def told(line: str, allowed: Allowance) -> str:
        usual = replace(test_hostile.LIMITS, cpu_seconds=10.0, wall_seconds=30.0)
        settings = Settings(11, limits=usual, allowance=allowed)
        with Grader(bare, zygote, settings, Store(cache), selection) as grader:
            result = exercise(graded(grader, in_forward(line)), VICTIM)
        found = next(check.finding for check in result.checks if check.verdict is Verdict.FAILED)
        return " ".join((found.rationale, found.got, found.hint))

    return told


# Lines that reach a limit, the allowance they run in, and what must be said.
REACHED = {
    "one request that is too large": (
        "torch.zeros(1 << 31)",
        Allowance(memory_bytes=300 * MIB),
        ["more memory than the limit of 300 MiB: 8 GiB were asked for at once", "which of its dimensions"],
    ),
    "an array that is too large": (
        "import numpy; numpy.ones(10 ** 10)",
        Allowance(memory_bytes=300 * MIB),
        ["the limit of 300 MiB: 74.5 GiB were asked for at once"],
    ),
    "bytes that are too many": (
        "bytearray(8 << 30)",
        Allowance(memory_bytes=300 * MIB),
        ["limit of 300 MiB", "dimensions"],
    ),
    "a mapping that is too large": (
        "import mmap; mmap.mmap(-1, 8 << 30)",
        Allowance(memory_bytes=GIB),
        ["limit of 1 GiB"],
    ),
    "graphs that are kept alive": (
        "torch.set_grad_enabled(True)\n"  # some of the passes are without
        "        w, kept = torch.ones(1 << 22, requires_grad=True), []\n"
        "        while True: kept.append((w * 2).exp().sum())",
        Allowance(memory_bytes=200 * MIB),
        [
            "the limit of 200 MiB: 16 MiB were asked for at once",
            "MiB were in use",
            "keeps the graph of every step alive",
        ],
    ),
    "small objects that are many": (
        "kept = []\n        while True: kept.append(bytearray(40_000))",
        Allowance(memory_bytes=150 * MIB),
        ["more memory than the limit of 150 MiB", "grow from step to step"],
    ),
    "computing time": ("while True: pass", Allowance(cpu_seconds=1.0), ["more than 1 s of computing time"]),
    "waiting": ("time.sleep(600)", Allowance(wall_seconds=2.0), ["no answer within 2 s", "a sleep"]),
    "printing over one line": (
        "while True: sys.stdout.write('\\r' + 'x' * 1000)",
        Allowance(),
        ["more than 2 MiB printed"],
    ),
    "an answer": (
        "return x.new_ones(1).expand(1 << 24)",
        Allowance(),
        ["more than the 32 MiB that are taken in", "shape"],
    ),
}


@pytest.mark.parametrize("name", REACHED)
def test_a_limit_that_was_reached_is_named_with_its_figure(bounded: Callable[..., str], name: str) -> None:
    """What was reached should be said with the limit's figure, and with what usually causes it."""
    line, allowed, says = REACHED[name]
    told = bounded(line, allowed)
    for words in says:
        assert words in told


@pytest.mark.parametrize(
    ("number", "seconds", "kind"),
    [(signal.SIGKILL, 3.2, MEMORY_LIMIT), (signal.SIGKILL, 40.3, CPU_LIMIT), (signal.SIGXCPU, 3.2, CPU_LIMIT)],
)
def test_an_end_by_the_kernel_has_its_figures(number: int, seconds: float, kind: str) -> None:
    """Who had computing time left was ended for the machine's memory; either way what was used should be said."""
    line = object.__new__(Channel)
    line._granted = 40.0
    death = line._killed(number, seconds, 3 * GIB // 2)
    assert death.kind == kind
    assert f"{seconds} s of computing time and 1.5 GiB of memory" in death.detail


@pytest.mark.parametrize("command", [[], ["batch"]])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--memory", "2"], "memory must be written like 512MiB or 2GiB, not '2'"),
        (["--memory", "1MiB"], "memory must lie between 128 MiB and 1 TiB"),
        (["--seconds", "soon"], "seconds must be a number from 5 to 86400, not 'soon'"),
        (["--seconds", "-1"], "seconds must be a number"),
        (["--no-training", "--data", "mnist"], "which --no-training leaves out"),
    ],
)
def test_options_that_make_no_sense_end_with_2(command: list[str], arguments: list[str], says: str) -> None:
    """A limit that is none is wrong usage, said in one sentence, before anything is started."""
    done = CliRunner().invoke(main, [*command, ".", *arguments])
    assert done.exit_code == 2
    assert says in " ".join(done.output.replace("│", " ").split())


def test_training_that_is_left_out_is_said(course: Course) -> None:
    """A course without its training runs should know what they are worth, and ask for the rest alone."""
    bare = course.without_training()
    assert bare.left_out["residual_blocks.RestNet18"] == course.exercise("RestNet18").points["training"] == 6
    assert bare.exercise("RestNet18").max_score == 34
    assert course.left_out == {}
    assert bare.without_training().left_out == bare.left_out


def test_a_grade_without_training_says_what_it_lacks(course: Course, zygote: Zygote, cache: Path) -> None:
    """The check should be absent, the maximum what could be earned, and a note should say both."""
    bare, code = course.without_training(), test_hostile.PREAMBLE + in_forward("pass")
    selection = Selection(exercises=frozenset([VICTIM]))
    with Grader(bare, zygote, Settings(11), Store(cache), selection) as grader:
        grade = grader.grade_collected(Submission("quick", {"build_methods.py": code.encode()}))
    assert (grade.score, grade.max_score) == (11, 11)
    assert "training" not in {check.id for check in exercise(grade, VICTIM).checks}
    assert grade.notes == ("Left out: 1 training run, worth 1 point, which no score and no maximum here includes.",)
