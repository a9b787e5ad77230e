"""`grade explain`, `grade hint` and `grade completion`: everything has an explanation, and nothing is graded for it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner
from grades import check, exercise, grade, sample_grade, whole_exercise
from rich.console import Console

from grader import checks
from grader.catalogue import Catalogue
from grader.cli import main
from grader.course import CHECK_IDS, RULES
from grader.coursewide import default_root
from grader.errors import UsageError
from grader.explanations import CHECKS, METHODS, OUTCOMES
from grader.model import Grade, Status, Verdict
from grader.report import explained, hinted
from grader.report.screen import Screen


def screen(width: int = 100) -> Screen:
    """A screen that keeps what is written."""
    return Screen(Console(file=io.StringIO(), width=width))


def written(on: Screen) -> str:
    """What was written on it."""
    assert isinstance(on.console.file, io.StringIO)
    return on.console.file.getvalue()


def folded(on: Screen) -> str:
    """What was written on it, on one line."""
    return " ".join(written(on).split())


def test_every_id_has_an_explanation() -> None:
    """All mistakes, checks, exercises, outcomes and exit codes: a title, and of a mistake the technique last."""
    known = Catalogue(default_root())
    on = screen()
    for id in known.ids():
        topic = known.topic(id)
        assert topic.title
        assert all(text.strip() for _, text in topic.parts), id
        explained.show(topic, on)
    assert len(known.mistakes) > 500
    for id in known.mistakes:
        headings = [heading for heading, _ in known.topic(id).parts]
        assert headings[0] == "To think about"
        assert headings[-1] == "What to do about it"


def test_the_explanations_are_of_what_there_is() -> None:
    """Checks with their titles, build methods, verdicts and statuses: none missing, none too many."""
    assert {id: about.title for id, about in CHECKS.items()} == {each.id: each.title for each in checks.CHECKS}
    assert set(CHECKS) == set(CHECK_IDS)
    assert set(METHODS) == set(RULES)
    assert set(OUTCOMES) == {*map(str, Verdict), *map(str, Status)}


def test_an_exercise_tells_a_check_more() -> None:
    """Named with its exercise, a check says what is asked for there; in a loop it looks at something else."""
    known = Catalogue(default_root())
    assert "nn.ModuleList" in str(known.topic("Model_Lst.method").parts)
    assert known.topic("residual_blocks.RestNet18.training") == known.topic("RestNet18.training")
    assert ("What is looked at", CHECKS["modes"].acting) in known.topic("evaluate.modes").parts


def test_what_is_unknown_gets_what_is_like_it() -> None:
    """A slip of the keyboard should be answered with what may have been meant."""
    known = Catalogue(default_root())
    with pytest.raises(UsageError, match=r"Like it: .*python-list-of-layers"):
        known.topic("python-list-of-layer")
    with pytest.raises(UsageError, match="holds no course"):
        Catalogue(Path("/nowhere"))


def test_explaining_loads_nothing_heavy_and_writes_any_encoding() -> None:
    """It answers at once: neither numpy nor torch is imported; and characters that are lacking stop nothing."""
    code = (
        "import sys; from grader.cli import main\n"
        "main(['explain'], standalone_mode=False)\n"
        "print(sorted({'torch', 'numpy', 'jinja2'} & set(sys.modules)))"
    )
    for encoding in ("gbk", "ascii"):
        environment = os.environ | {"PYTHONIOENCODING": encoding, "GRADE_LANG": "en"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
        assert done.stdout.decode(encoding).splitlines()[-1] == "[]"


def test_hints_come_one_at_a_time() -> None:
    """First the principle and how to get more; the technique only when asked for."""
    named = sample_grade().exercises[5].misconceptions[0]
    first, second = screen(), screen()
    hinted.show(sample_grade(), first, "my alice")
    hinted.show(sample_grade(), second, "my alice", more=True)
    assert named.hint in folded(first)
    assert named.technique not in folded(first)
    assert "grade hint 'my alice' RestNetDownBlock --more" in written(first)
    assert named.technique in folded(second)
    assert "grade explain stride-on-second-conv" in written(second)


def test_without_a_name_the_check_hints() -> None:
    """A failure that has no name should still lead somewhere; and where nothing fails, that is said."""
    on = screen()
    hinted.show(grade(exercise("a.b", check("forward", Verdict.FAILED, 3, hint="Look at the shapes."))), on, "x")
    assert "Look at the shapes." in written(on)
    assert "grade explain b.forward" in written(on)
    done = screen()
    hinted.show(grade(whole_exercise("a.b")), done, "x")
    assert written(done) == "All 4 checks pass.\n"


def test_a_stub_is_pointed_at_what_is_asked() -> None:
    """Nothing is wrong with what was not begun: there is no hint to it, but there is something to read."""
    on = screen()
    hinted.show(grade(exercise("a.b", status=Status.NOT_ATTEMPTED)), on, "x")
    assert "what is looked at: grade explain b" in written(on)


class Made:
    """A grader that gives a made-up grade."""

    def grade(self, _path: Path) -> Grade:
        return sample_grade()


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """Runs commands that grade nothing, in an empty folder."""

    @contextlib.contextmanager
    def grading(*_: object, **__: object) -> Iterator[Made]:
        yield Made()

    for name in ("one", "hinting"):
        monkeypatch.setattr(sys.modules[f"grader.cli.{name}"], "grading", grading)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADE_LANG", "en")
    return CliRunner()


@pytest.mark.parametrize(
    ("arguments", "code", "first", "last"),
    [
        (["one", "x"], 4, "alice  cpu", "Report: reports/alice.html"),
        (["x", "--brief"], 4, "✗ residual_blocks.py:31: RestNetDownBlock: ", "Report: reports/alice.html"),
        (["x", "-v", "--color"], 4, "\x1b[1malice\x1b[0m  \x1b[2mcpu\x1b[0m", "Report: reports/alice.html"),
        (["x", "--plain"], 4, "check\talice\tlayers.linear_module.defined\tpassed\t5\t5\t\t", "submission\talice\t"),
        (["hint", "x"], 4, "RestNetDownBlock  Residual block", "    again     grade x --exercise RestNetDownBlock"),
        (["x", "--plain", "--brief"], 2, "", ""),
    ],
)
def test_one_grade_has_many_forms(
    made_up: CliRunner, tmp_path: Path, arguments: list[str], code: int, first: str, last: str
) -> None:
    """Each option gives its form and the same exit code; --plain writes no page, two forms are refused."""
    done = made_up.invoke(main, arguments)
    assert done.exit_code == code, done.output
    lines = done.stdout.splitlines() or [""]
    assert lines[0].startswith(first)
    assert lines[-1].startswith(last)
    assert (tmp_path / "reports").exists() == ("Report" in last)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    """The script should be the shell's own, and ask the program."""
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert f"_GRADE_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "typed", "offered"),
    [
        (["explain"], "python-list-of", {"python-list-of-layers", "python-list-of-parameters"}),
        (["explain"], "fit.", {"fit.defined", "fit.behaviour"}),
        (["hint", "alice"], "RestNet1", {"RestNet18"}),
        (["alice", "--exercise"], "Model_L", {"Model_Lay", "Model_Lst"}),
        (["batch", "class", "--assignment"], "l", {"layers"}),
        (["explain", "--course", "/nowhere"], "f", set()),
        (["alice"], "--bri", {"--brief"}),
    ],
)
def test_names_are_completed(words: list[str], typed: str, offered: set[str]) -> None:
    """Ids, exercises, assignments and options should be offered where they belong."""
    found = BashComplete(main, {}, "grade", "_GRADE_COMPLETE").get_completions(words, typed)
    assert {item.value for item in found} == offered


def test_a_path_and_a_command_are_completed_alike() -> None:
    """The first word may be either."""
    found = BashComplete(main, {}, "grade", "_GRADE_COMPLETE").get_completions([], "ex")
    assert [(item.type, item.value) for item in found] == [("plain", "explain"), ("dir", "ex")]
