"""The terminal shows what matters, in any encoding, and never obeys a student's text."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from grades import HOSTILE, check, exercise, grade, hostile_grade, sample_grade, whole_exercise
from rich.cells import cell_len
from rich.console import Console

from grader.model import Demonstration, ExerciseResult, Exhibits, Grade, SmallestCall, Status, Verdict
from grader.report import terminal
from grader.report.summary import OURS
from grader.report.terminal import Detail


def _shown(grade: Grade, width: int = 100, detail: Detail = Detail.USUAL) -> str:
    console = Console(file=io.StringIO(), width=width)
    terminal.show(grade, console, detail)
    return _written(console)


def _written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _encoded(grade: Grade, encoding: str) -> str:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding, write_through=True), width=100)
    for detail in Detail:
        terminal.show(grade, console, detail)
    terminal.show_summary([grade], console)
    return raw.getvalue().decode(encoding)


def _folded(text: str) -> str:
    return " ".join(text.split())


def test_a_failed_check_shows_everything_that_helps() -> None:
    """Title, points, reason, expected, got, call, place with its line, and hint should all be there."""
    shown = _folded(_shown(sample_grade()))
    for block in sample_grade().exercises:
        for each in block.checks:
            if each.verdict is Verdict.FAILED:
                found = each.finding
                for words in (each.title, found.rationale, found.expected, found.got, found.asked, found.hint):
                    assert _folded(words) in shown
    assert "residual_blocks.py:31 self.conv2 = nn.Conv2d(" in shown


def test_exercises_that_pass_share_a_line() -> None:
    """What already works should not bury what does not."""
    shown = _shown(grade(whole_exercise("a.b", 10), failing("a.c"), whole_exercise("a.d", 10)))
    assert [re.sub(" {2,}", "  ", line) for line in shown.splitlines() if line.startswith("  ✓")] == [
        "  ✓ b, d  20 / 20"
    ]


def failing(ident: str, points: float = 4.0) -> ExerciseResult:
    """An exercise with a check that passed and one that did not."""
    bad = check("forward", Verdict.FAILED, points, f"{ident} has the right values", rationale=f"{ident} differs.")
    return exercise(ident, check("defined", Verdict.PASSED, 1), bad)


def test_the_first_two_things_are_shown_in_full() -> None:
    """Of four exercises that fail the two with the most to win come with all that helps, the others with one line."""
    made = grade(failing("a.one", 1), failing("a.two", 9), failing("a.three", 3), failing("a.four", 2))
    lines = _shown(made).splitlines()
    reasons = [line.split()[-2] for line in lines if line.strip().startswith("why")]
    assert reasons == ["a.two", "a.three"]
    assert sum("a.one differs." in line for line in lines) == 1
    assert "2 more to fix: grade alice -v shows them." in lines
    everything = _shown(made, detail=Detail.FULL)
    assert everything.count("why ") == 4


def test_everything_is_everything() -> None:
    """-v should show checks that passed, all that was expected and got, and every name with its hint."""
    long = "\n".join(f"line {number}" for number in range(100))
    bad = check("forward", Verdict.FAILED, 3, expected=long, got=long)
    shown = _shown(grade(exercise("a.b", check("defined", Verdict.PASSED, 1, "It is there"), bad)), detail=Detail.FULL)
    assert shown.count("line 99\n") == 2
    assert "✓ It is there" in shown
    assert "more lines ..." not in shown
    named = sample_grade().exercises[5].misconceptions[0]
    assert _folded(named.hint) in _folded(_shown(sample_grade(), detail=Detail.FULL))


def test_brief_is_one_line_for_each_open_exercise() -> None:
    """Failures first, by what they are worth, each led by its place; the score last; nothing of what passes."""
    lines = _shown(sample_grade(), detail=Detail.BRIEF).splitlines()
    starts = [
        "✗ residual_blocks.py:31: RestNetDownBlock: The second convolution takes the stride of the first (10.5 / 35)",
        "✗ residual_blocks.py:88: RestNet18: The loss stops being a number at step 12.",
        "· FunctionalDropout: Not attempted yet.",
    ]
    assert [line.startswith(start) for line, start in zip(lines, starts, strict=False)] == [True] * 3
    assert lines[-1] == "80.5 / 145"
    assert "linear_module" not in " ".join(lines)


def test_commands_to_go_on_with_take_the_path_as_typed() -> None:
    """They should be there to be copied, with what a shell would read quoted."""
    console = Console(file=io.StringIO(), width=100)
    terminal.show(sample_grade(), console, path="my work/alice")
    assert "grade hint 'my work/alice' RestNetDownBlock" in _written(console)
    assert "grade explain stride-on-second-conv" in _written(console)


def test_misconceptions_skips_notes_and_sandbox_are_shown() -> None:
    """Everything else that the grade knows should be said once."""
    shown = _shown(sample_grade())
    for words in (
        "Looks like: The second convolution takes the stride of the first",
        "first  stride-on-second-conv",
        "because   Needs: shapes",
        "Sandbox: full",
        "prints at import",
    ):
        assert shown.count(words) == 1


def test_the_score_is_the_last_line() -> None:
    """The most important line should be where the eye is, after sandbox and notes."""
    assert _shown(sample_grade()).splitlines()[-1] == "80.5 / 145"


def test_a_nearly_full_score_is_not_shown_as_full() -> None:
    """99.996 of 100 should not look like 100."""
    assert _shown(replace(sample_grade(), score=99.996, max_score=100.0)).splitlines()[-1] == "99.99 / 100"


@pytest.mark.parametrize("status", [Status.NOT_SUBMITTED, Status.NOT_ATTEMPTED, Status.ERROR])
def test_a_status_other_than_graded_says_so(status: Status) -> None:
    """An exercise that was not graded should say why instead of a tally."""
    words = {
        Status.NOT_SUBMITTED: ("· ", "Not submitted: the file is not there."),
        Status.NOT_ATTEMPTED: ("· ", "Not attempted yet."),
        Status.ERROR: ("! ", OURS),
    }
    mark, sentence = words[status]
    made = grade(exercise("a.b", status=status))
    assert f"{mark}b  {sentence}" in (_shown(made))
    assert f"{mark}{sentence}" in _shown(made, detail=Detail.FULL)


def test_a_fault_of_ours_is_never_shown_as_the_students() -> None:
    """An error should carry its own mark and sentence, not the mark of failure."""
    shown = _shown(grade(exercise("a.b", check("device", Verdict.ERROR, 2, "No device is hard-coded"))))
    assert "! b  No device is hard-coded" in shown
    assert OURS in _folded(shown.replace("  0 / 2", ""))
    assert "✗" not in shown


@pytest.mark.parametrize(("encoding", "marks"), [("utf-8", "✓✗·!"), ("gbk", "√×·!"), ("ascii", "+x-!")])
def test_marks_fit_the_encoding(encoding: str, marks: str) -> None:
    """Every console should get marks that it can write, and no error."""
    starts = {line.strip()[:2] for line in _encoded(sample_grade(), encoding).splitlines()}
    assert {f"{mark} " for mark in marks} <= starts


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "ascii"])
def test_hostile_text_can_be_written_everywhere(encoding: str) -> None:
    """No character of a submission should stop the report on any console."""
    assert "\\u202e" in _encoded(hostile_grade(), encoding)


def test_text_of_a_submission_is_never_interpreted() -> None:
    """Rich markup and emoji codes should appear as they were written."""
    assert HOSTILE[3] in _shown(hostile_grade(), width=400)


def test_no_control_character_reaches_the_terminal() -> None:
    """After removing our own colours nothing but printable text and line breaks should be left."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=100)
    for detail in Detail:
        terminal.show(hostile_grade(), console, detail)
    terminal.show_summary([hostile_grade()], console)
    coloured = _written(console)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert plain != coloured
    assert plain.replace("\n", "").isprintable()


def test_endless_text_is_cut_and_says_so() -> None:
    """A line of ten thousand characters should not fill the terminal."""
    assert "x" * 1_000 not in _shown(hostile_grade()).replace("\n", "").replace(" ", "")
    assert "more characters ...]" in _folded(_shown(hostile_grade()))


@pytest.mark.parametrize("width", [40, 80])
def test_the_smallest_call_can_be_copied(width: int) -> None:
    """Its code should stand there line by line as it is, however narrow the terminal: a fold or a margin breaks it."""
    code = f"import torch\n\nfor number in [1]:\n    number = {'1 + ' * 40}1\n\nprint(number)"
    call = SmallestCall(code, "41", "42")
    made = grade(exercise("a.b", exhibits=Exhibits(demonstration=Demonstration(call=call))))
    shown = _shown(made, width, Detail.FULL)
    assert f"\n{code}\n" in shown


@pytest.mark.parametrize("width", [40, 80])
def test_lines_fit_a_narrow_terminal(width: int) -> None:
    """No line should be wider than the terminal, but for code to be copied, and none should end in blanks."""
    calls = [each.exhibits.demonstration.call for each in sample_grade().exercises]
    code = {line for call in calls if call for line in call.code.splitlines()}
    for detail in (Detail.USUAL, Detail.FULL):
        for line in _shown(sample_grade(), width, detail).splitlines():
            if line in code:
                continue
            assert cell_len(line) <= width
            assert line == line.rstrip()


def test_the_summary_has_one_line_for_each_submission() -> None:
    """Name, score, score of each assignment and number of our errors should stand in one line."""
    bob = grade(whole_exercise("layers.linear_module"), submission="bob")
    console = Console(file=io.StringIO(), width=120)
    terminal.show_summary([sample_grade(), bob], console)
    rows = [line.split("  ") for line in _written(console).splitlines() if " / " in line]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells == [
        ["alice", "80.5 / 145", "35 / 55", "45.5 / 80", "0 / 10", "2"],
        ["bob", "20 / 20", "20 / 20", "-", "-", "0"],
    ]


def test_the_summary_has_no_column_for_errors_that_are_not_there() -> None:
    """Four assignments should fit into 80 columns, a line for each submission."""
    bob = grade(whole_exercise("layers.linear_module"), submission="bob")
    console = Console(file=io.StringIO(), width=80)
    terminal.show_summary([bob], console)
    assert "our errors" not in _written(console)
    assert [line.split() for line in _written(console).splitlines() if "bob" in line] == [
        ["bob", "20", "/", "20", "20", "/", "20"]
    ]


def test_importing_the_terminal_report_loads_neither_torch_nor_jinja() -> None:
    """The command line should stay fast where no page is wanted."""
    code = "import sys, grader.report.terminal; print(sorted({'torch', 'jinja2'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
