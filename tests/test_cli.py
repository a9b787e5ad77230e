"""The command as users run it: output, exit codes, files written, and what is said when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from grader.cli import main
from grader.sandbox import host
from grader.sandbox.host import Zygote

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "submissions"
QUICK = ("--seed", "3", "--exercise", "Model_Dict")


@pytest.fixture
def grade(cache: Path, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Runs ``grade`` in an empty folder, with the session's cache."""

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "grader", *map(str, arguments)]
        environment = os.environ | {"XDG_CACHE_HOME": str(cache.parent), "COLUMNS": "100"}
        options: dict[str, object] = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True} | more
        return subprocess.run(command, **options)  # type: ignore[call-overload, no-any-return]

    return run


class Lent:
    """The session's sandbox for one command, which may close it: what fails does, so as not to wait for workers."""

    def __init__(self, zygote: Zygote) -> None:
        self.facts, self.open = zygote.facts, zygote.open

    def close(self) -> None:
        """It is somebody else's."""


@pytest.fixture
def inside(  # type: ignore[no-untyped-def]
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    cache: Path,
    tmp_path: Path,
):
    """Runs ``grade`` in this process and the session's sandbox, where neither a process nor walls are the point."""

    def sandbox(device: str, *_: object) -> AbstractContextManager[Lent]:
        assert device == "cpu"
        return nullcontext(Lent(request.getfixturevalue("zygote")))

    monkeypatch.setattr(host, "Zygote", sandbox)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, arguments)), prog_name="grade")
        code = ended.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run


def test_help_names_the_commands_and_imports_nothing_heavy(grade) -> None:  # type: ignore[no-untyped-def]
    """--help answers without numpy, rich or torch."""
    done = grade("--help")
    assert done.returncode == 0
    assert "batch" in done.stdout
    code = "import sys, grader.cli; print([m for m in ('torch', 'numpy', 'rich', 'jinja2') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_passing_exercise_exits_0_and_writes_its_report(grade, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The score comes last but for the path of the report, which is there and opens, and how to see the rest."""
    done = grade(SAMPLES / "alice", *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.strip().splitlines()
    assert lines[-3:-1] == ["16 / 16", "Report: reports/alice.html"]
    assert lines[-1].startswith("Only Model_Dict here, on the page too. Everything: grade ")
    assert "namespaces" in done.stdout
    assert (tmp_path / "reports/alice.html").read_text().startswith("<!DOCTYPE html>")


def test_something_that_does_not_pass_exits_1(inside, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """What failed is shown with why, expected and got; the report goes where it is told."""
    done = inside(SAMPLES / "bob", "--seed", 3, "--exercise", "make_loaders", "--report", tmp_path / "deep/er/b.html")
    assert done.returncode == 1
    assert "The training samples come in the same order in every epoch." in " ".join(done.stdout.split())
    assert (tmp_path / "deep/er/b.html").exists()


def test_what_ran_without_walls_is_stamped(grade, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """--unsafe-no-sandbox is said before, in the terminal's end, in the page, and in the JSON."""
    done = grade(SAMPLES / "alice", *QUICK, "--unsafe-no-sandbox")
    assert done.returncode == 0
    assert "UNSANDBOXED" in done.stderr
    assert "UNSANDBOXED" in done.stdout
    assert "UNSANDBOXED" in (tmp_path / "reports/alice.html").read_text()


def test_a_tier_can_be_insisted_on(grade) -> None:  # type: ignore[no-untyped-def]
    """--tier takes that tier and no other, and the JSON names it."""
    done = grade(SAMPLES / "alice", *QUICK, "--tier", "2", "--json")
    sandbox = json.loads(done.stdout)["sandbox"]
    assert (sandbox["tier"], sandbox["name"]) == (2, "standard")
    assert "no namespaces" in done.stderr


def test_json_is_all_there_is_on_standard_output(grade, inside, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """One object with the agreed keys, no report unless asked for, and the same bytes again apart from times."""
    runs = [run(SAMPLES / "carol", "--json", *QUICK) for run in (grade, inside)]
    grades = [json.loads(run.stdout) for run in runs]
    for result in grades:
        assert result.pop("seconds") > 0
        assert result["schema"] == "grader/1"
        assert {"submission", "device", "score", "max_score", "assignments"} <= set(result)
    assert json.dumps(grades[0]) == json.dumps(grades[1])
    assert not (tmp_path / "reports").exists()
    assert runs[0].returncode == 1


def test_options_may_come_before_the_path(inside) -> None:  # type: ignore[no-untyped-def]
    """grade --json PATH is grade PATH --json."""
    done = inside("--json", *QUICK, SAMPLES / "alice")
    assert json.loads(done.stdout)["score"] == 16


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere"], 3, "does not exist"),
        (["empty"], 3, "holds no file"),
        (["other"], 3, "Expected: build_methods.py, layers.py, residual_blocks.py, training.py. There: notes.txt"),
        (["file.py"], 3, "is a file"),
        (["twice"], 3, "keep the one"),
        (["both"], 3, "keep the one"),
        (["twice"], 3, "Where each folder is a student's, use `grade batch`"),
        (["other", "--exercise", "Modell"], 2, "no exercise 'Modell'."),
        (["other", "--exercise", "Resnet18"], 2, "no exercise 'Resnet18'. Like it: RestNet18"),
        (["other", "--exercise", "zzz"], 2, "no exercise 'zzz'. There are:"),
        (["bacth", "other"], 2, "'bacth' is neither a folder nor a command. Like it: grade batch"),
        (["other", "--tier", "3", "--unsafe-no-sandbox"], 2, "exclude each other"),
        (["other", "--assignment", "maths"], 2, "no assignment 'maths'"),
        (["other", "--assignment", "build_methods", "--exercise", "RestNet18"], 2, "nothing to grade"),
        (["other", "--bogus"], 2, "No such option"),
        (["other", "--course", "nowhere"], 2, "holds no course"),
        (["other", "--device", "tpu"], 2, "'tpu' is not one of"),
        (["batch", "nowhere"], 3, "does not exist"),
        (["batch", "empty"], 3, "holds no submission"),
    ],
)
def test_bad_input_gets_one_clear_line(inside, tmp_path: Path, arguments: list[str], code: int, says: str) -> None:  # type: ignore[no-untyped-def]
    """The exit code tells whose doing it is, the message what to do; nobody sees a traceback."""
    (tmp_path / "empty").mkdir()
    for name in ("other/notes.txt", "file.py", "twice/a/build_methods.py", "twice/b/build_methods.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    for name in ("both/build_methods.py", "both/build_methods.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    done = inside(*arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_a_gpu_cuda_stops_with_2(grade, inside) -> None:  # type: ignore[no-untyped-def]
    """--device cuda says that there is none; auto grades on the CPU."""
    if list(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("there is a GPU here")
    done = grade(SAMPLES / "alice", *QUICK, "--device", "cuda")
    assert done.returncode == 2
    assert "no GPU" in done.stderr
    assert json.loads(inside(SAMPLES / "alice", *QUICK, "--device", "auto", "--json").stdout)["device"] == "cpu"


def test_an_unwritable_report_is_named(inside) -> None:  # type: ignore[no-untyped-def]
    """A report that cannot be written is said, not lost in a traceback."""
    done = inside(SAMPLES / "alice", *QUICK, "--report", "/proc/no/such/place.html")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_a_batch_grades_everybody_in_order(inside, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """One object a line, sorted by name; one that cannot be graded does not stop the others."""
    for name in ("zoe", "ann"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "build_methods.py").write_bytes((SAMPLES / "alice/build_methods.py").read_bytes())
    (tmp_path / "class/max").mkdir()
    done = inside("batch", "class", *QUICK, "--json")
    assert [json.loads(line)["submission"] for line in done.stdout.splitlines()] == ["ann", "zoe"]
    assert "max: " in done.stderr
    assert done.returncode == 3
    assert sorted(path.name for path in (tmp_path / "run/reports").iterdir()) == ["ann.html", "zoe.html"]
    assert (tmp_path / "run/results.jsonl").read_text() == done.stdout


def test_a_class_is_graded_regraded_and_overruled(inside, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The class is a table; a person's decision is in it, on the page, in the JSON, and stays when it is regraded."""
    (tmp_path / "class/ann").mkdir(parents=True)
    (tmp_path / "class/ann/build_methods.py").write_bytes((SAMPLES / "alice/build_methods.py").read_bytes())
    done = inside("batch", "class", *QUICK, "--out", "out")
    assert done.returncode == 0, done.stderr
    assert "16 / 16" in done.stdout
    assert "1/1 graded=1" in done.stderr
    assert (tmp_path / "out/reports/ann.html").exists()
    said = inside(
        "override", "out", "ann", "Model_Dict", "--points", "9.5", "--comment", "copied <b>", "--author", "me"
    )
    assert said.returncode == 0, said.stderr
    assert "9.5 / 16" in said.stdout
    again = inside("regrade", "out", "--json")
    (exercise,) = [e for a in json.loads(again.stdout)["assignments"] for e in a["exercises"]]
    assert exercise["score"] == 9.5
    assert (exercise["override"]["comment"], exercise["override"]["author"]) == ("copied <b>", "me")
    assert "copied &lt;b&gt;" in (tmp_path / "out/reports/ann.html").read_text()
    assert again.returncode == 0
    assert "16 / 16" in inside("override", "out", "ann", "Model_Dict", "--remove").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["regrade", "nowhere"], 3, "holds no gradebook"),
        (["override", "nowhere", "a", "b", "--points", "1", "--comment", "c"], 3, "holds no gradebook"),
        (["override", "nowhere", "a", "b"], 2, "give --points N, or --remove"),
        (["override", "nowhere", "a", "b", "--points", "1"], 2, "--comment TEXT is needed"),
        (["regrade", "nowhere", "--since", "noon"], 2, "is no time"),
    ],
)
def test_a_run_folder_that_is_none_gets_one_clear_line(  # type: ignore[no-untyped-def]
    inside, arguments: list[str], code: int, says: str
) -> None:
    """Wrong usage and a missing folder are told apart, and nothing is made."""
    done = inside(*arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def listens() -> None:
    """Take SIGINT as at a terminal. Tests that run in the background have it ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_ends_at_once_with_130(cache: Path, tmp_path: Path) -> None:
    """Ctrl-C does not wait for a submission that never ends."""
    source = "import time\nprint('started', flush=True)\ntime.sleep(3600)\n"
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow/build_methods.py").write_text(source)
    command = [sys.executable, "-m", "grader", "slow", *QUICK]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache.parent)}
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listens,
    )
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "interrupted" in errors


def test_hostile_names_reach_no_terminal(inside, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Escape codes in a folder's name or in an exception are shown, not obeyed."""
    folder = tmp_path / "evil\x1b[2Jname"
    folder.mkdir()
    (folder / "build_methods.py").write_text("raise ValueError('\\x1b]0;owned\\x07 \\u202e')\n")
    done = inside(folder, *QUICK, "--report", "r.html")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\x1b" not in (tmp_path / "r.html").read_text()
