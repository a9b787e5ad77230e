"""Seconds per submission of what a course would use instead, and of `grade batch`, for the same work in one run.

    python benchmarks/peers.py --venv DIR [-n 3] [--students 100] [--no-training] [--only check50,pytest] [--json FILE]

The work is in peers_work.py: parameters, output shapes and gradients of three small networks, two residual blocks and
ResNet18; with training also the rubric's short runs. Each tool grades `-n` right submissions, one after the other:

    floor       one warm process that asks the questions, without any isolation
    pytest      a process for each submission
    check50     with its own processes, without its container
    otter       `otter run` on a notebook, without its container
    nbgrader    `nbgrader autograde` on notebooks, all in one command

`grade batch` grades a class of `--students` with all that it always does, its start and its pages included: **renamed**
copies, which are one program, **apart**, no two of which are (see copies.py), and those with `--no-reuse`. Without
training also with `--jobs 1` on one core, as the floor does. Every tool must give full marks.

DIR is a virtual environment of the tools; what it lacks is installed, from the index that pip is set up for.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import batches
import copies
import nbformat
from nbformat import v4

from grader import course as courses
from grader.course import Course, Exercise

HERE = Path(__file__).resolve().parent
TOOLS = {  # the packages that each needs, beside torch and numpy
    "floor": (),
    "pytest": ("pytest",),
    "check50": ("check50",),
    "otter": ("otter-grader", "ipykernel", "nbformat"),
    "nbgrader": ("nbgrader", "ipykernel", "nbformat"),
}
WORK, MODULE = "work.json", "peers_work.py"  # what a tool needs beside its own files
ASK = "import types, peers_work\npeers_work.expect_all(types.SimpleNamespace(**globals()))"


@dataclass(frozen=True)
class Peers:
    """What all tools have in common: their environment, an empty folder, the copies to grade, how many answers each
    gives."""

    venv: Path
    box: Path
    students: tuple[Path, ...]
    verdicts: int

    def run(self, *command: str | Path, folder: Path | None = None) -> tuple[float, str]:
        """Run a command of the environment; its wall seconds and output. Raises `SystemExit` where it fails."""
        program, *rest = command
        started = time.perf_counter()
        done = subprocess.run(
            [str(self.venv / "bin" / program), *map(str, rest)],
            cwd=folder or self.box,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(f"{program} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return seconds, done.stdout

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "PYTHONPATH": str(self.box),
            "PEERS_WORK": str(self.box / WORK),
            "OMP_NUM_THREADS": "1",  # as in our workers
            "PATH": f"{self.venv / 'bin'}:{os.environ['PATH']}",
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, required=True, metavar="DIR", help="environment of the tools")
    parser.add_argument("-n", dest="copies", type=int, default=3, help="submissions that each tool grades")
    parser.add_argument("--students", type=int, default=100, help="submissions that `grade batch` grades")
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--only", default=",".join(TOOLS), help="these tools beside `grade batch`")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the seconds here, too")
    options = parser.parse_args()
    tools = [name for name in options.only.split(",") if name]
    if unknown := set(tools) - set(TOOLS):
        parser.error(f"--only: no {sorted(unknown)[0]}. There are: {', '.join(TOOLS)}")
    if options.copies < 1 or options.students < 1:
        parser.error("-n and --students are at least 1")
    course, training = courses.load(), not options.no_training
    ready(options.venv.resolve(), tools)
    rows = {name: told(name, tool(name, options.venv.resolve(), course, options.copies, training)) for name in tools}
    rows |= {name: told(name, seconds) for name, seconds in ours(course, options.students, training)}
    print("\n".join(table(rows)))
    if options.json:
        said = {"copies": options.copies, "students": options.students, "training": training, "seconds": rows}
        options.json.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def told(name: str, seconds: float) -> float:
    """Say on standard error how far it has come."""
    print(f"… {name}: {seconds:.3f} s", file=sys.stderr, flush=True)
    return seconds


def table(rows: dict[str, float]) -> list[str]:
    """A line for each row: seconds, and how often as long as the fastest tool and as the floor it takes."""
    tools = [rows[name] for name in TOOLS if name in rows and name != "floor"]
    lines = [f"{'':36}{'seconds':>10}{'to fastest tool':>18}{'to floor':>12}"]
    for name, seconds in rows.items():
        to_tool = f"{seconds / min(tools):.3f}" if tools else "–"
        to_floor = f"{seconds / rows['floor']:.2f}" if "floor" in rows else "–"
        lines.append(f"{name:36}{seconds:10.3f}{to_tool:>18}{to_floor:>12}")
    return lines


# The environment, and the work.


def ready(venv: Path, tools: Sequence[str]) -> None:
    """Make the environment where it is not there, and install what it lacks, with our own version of torch."""
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    torch = version("torch").partition("+")[0]
    lacking = [name for name in dict.fromkeys(["numpy", *(p for t in tools for p in TOOLS[t])]) if not has(venv, name)]
    if has(venv, "torch").partition("+")[0] != torch:
        lacking.append(f"torch=={torch}")
    if lacking:
        print(f"… installing {', '.join(lacking)}", file=sys.stderr, flush=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *lacking], check=True)


def has(venv: Path, package: str) -> str:
    """The version of a package in an environment; empty where it is not there."""
    code = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    done = subprocess.run([venv / "bin" / "python", "-c", code, package], capture_output=True, text=True)
    return done.stdout.strip()


def question(exercise: Exercise, training: bool) -> dict[str, Any]:
    """What is asked about an exercise: its first case, and its training run as the rubric has it."""
    case, run = exercise.cases[0], None
    if training and exercise.training is not None and exercise.band is not None:
        run = asdict(exercise.training) | {"lowest": exercise.band.lowest}
    return {"name": exercise.name, "args": case.args, "input": case.inputs[0], "training": run}


def tool(name: str, venv: Path, course: Course, count: int, training: bool) -> float:
    """Seconds per submission of one tool, in a folder of its own."""
    questions = [question(course.exercise(each), training) for each in copies.EXERCISES]
    verdicts = sum(4 if asked["training"] else 3 for asked in questions)
    work = {
        "digits": str(course.root / "reference" / "data" / "digits.npz"),
        "questions": questions,
        "verdicts": verdicts,
    }
    right = copies.right(course)
    with tempfile.TemporaryDirectory() as elsewhere:
        box = Path(elsewhere)
        shutil.copy(HERE / MODULE, box)
        students = tuple(box / f"student_{number}.py" for number in range(count))
        for number, file in enumerate(students):
            file.write_text("\n\n".join(copies.renamed(right, number).values()), encoding="utf-8")
        peers = Peers(venv, box, students, verdicts)
        (box / WORK).write_text(json.dumps(work), encoding="utf-8")
        (box / "solution.py").write_text("\n\n".join(right.values()), encoding="utf-8")
        known = json.loads(peers.run("python", MODULE, "answers", "solution.py")[1])
        for asked in questions:
            asked |= known[asked["name"]]
        (box / WORK).write_text(json.dumps(work), encoding="utf-8")
        return DRIVERS[name](peers) / count


# The tools: each grades all copies, and gives the seconds that this took.


def floor(peers: Peers) -> float:
    """One warm process."""
    return sum(map(float, json.loads(peers.run("python", MODULE, "floor", *peers.students)[1])))


def pytest(peers: Peers) -> float:
    """A process for each submission, which it imports."""
    test = "import peers_work\nimport student\n\n\ndef test_work():\n    peers_work.expect_all(student)\n"
    (peers.box / "test_work.py").write_text(test, encoding="utf-8")
    total = 0.0
    for file in peers.students:
        shutil.copy(file, peers.box / "student.py")
        seconds, said = peers.run("pytest", "-q", "-p", "no:cacheprovider", "test_work.py")
        expect("1 passed" in said, said)
        total += seconds
    return total


CHECKS = '''
import check50


@check50.check()
def exists():
    """student.py exists"""
    check50.exists("student.py")


@check50.check(exists)
def works():
    """it does the work"""
    import peers_work

    try:
        peers_work.expect_all(peers_work.from_file("student.py"))
    except AssertionError as error:
        raise check50.Failure(str(error))
'''
FILES_WANTED = """check50:
  files:
    - !exclude "*"
    - !require student.py
"""


def check50(peers: Peers) -> float:
    """Its own processes, one for each check."""
    checks, handed_in = peers.box / "checks", peers.box / "submission"
    checks.mkdir()
    handed_in.mkdir()
    (checks / "__init__.py").write_text(CHECKS, encoding="utf-8")
    (checks / ".cs50.yaml").write_text(FILES_WANTED, encoding="utf-8")
    total = 0.0
    for file in peers.students:
        shutil.copy(file, handed_in / "student.py")
        seconds, said = peers.run("check50", "--dev", checks, "--output", "json", folder=handed_in)
        expect([result["passed"] for result in json.loads(said)["results"]] == [True, True], said)
        total += seconds
    return total


def otter(peers: Peers) -> float:
    """An autograder is made once, as a course does; each notebook is then run by it."""
    case = {"code": ">>> " + ASK.replace("\n", "\n>>> "), "hidden": False, "locked": False}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    test = {"name": "work", "points": peers.verdicts, "suites": [suite]}
    (peers.box / "tests").mkdir()
    (peers.box / "tests" / "work.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n", encoding="utf-8")
    without = ("--no-config", "--no-requirements", "--no-environment")
    peers.run("otter", "generate", "--tests-dir", "tests", *without, MODULE)
    (peers.box / "out").mkdir()
    total = 0.0
    for file in peers.students:
        notebook = file.with_suffix(".ipynb")
        nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(file.read_text(encoding="utf-8"))]), notebook)
        seconds, _ = peers.run("otter", "run", "-a", "autograder.zip", "--no-logo", "-o", "out", notebook)
        results = json.loads((peers.box / "out" / "results.json").read_text(encoding="utf-8"))
        score = sum(each["score"] for each in results["tests"] if each.get("max_score"))
        expect(score == peers.verdicts, results)
        total += seconds
    return total


NBGRADER = """c = get_config()
c.CourseDirectory.course_id = "course"
c.ExecutePreprocessor.timeout = 600
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
"""


def nbgrader(peers: Peers) -> float:
    """All notebooks in one command, into its database; a second one reads the scores."""
    (peers.box / "nbgrader_config.py").write_text(NBGRADER, encoding="utf-8")
    (peers.box / "source" / "work").mkdir(parents=True)
    solution = peers.students[0].read_text(encoding="utf-8")
    solution = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
    nbformat.write(nbgrader_notebook(solution, peers.verdicts), peers.box / "source" / "work" / "work.ipynb")
    peers.run("nbgrader", "generate_assignment", "work")
    for file in peers.students:
        own = peers.box / "submitted" / file.stem / "work"
        own.mkdir(parents=True)
        notebook = nbgrader_notebook(file.read_text(encoding="utf-8"), peers.verdicts)
        nbformat.write(notebook, own / "work.ipynb")
    seconds, _ = peers.run("nbgrader", "autograde", "work")
    peers.run("nbgrader", "export", "--to", "grades.csv")
    _, *lines = (peers.box / "grades.csv").read_text(encoding="utf-8").splitlines()
    expect([float(line.split(",")[-2]) for line in lines] == [peers.verdicts] * len(peers.students), lines)
    return seconds


def nbgrader_notebook(code: str, points: int) -> Any:
    """A cell that students write, and one that marks it."""
    usual = {"schema_version": 3, "grade": False, "locked": False, "solution": False, "task": False}
    written, marked = v4.new_code_cell(code), v4.new_code_cell(ASK)
    written.metadata.nbgrader = usual | {"grade_id": "code", "solution": True}
    marked.metadata.nbgrader = usual | {"grade_id": "work", "grade": True, "locked": True, "points": points}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=[written, marked], metadata={"kernelspec": kernel})


def expect(right: bool, said: object) -> None:
    """Raise `SystemExit` where a tool has not given full marks: what fails is not the work that is timed."""
    if not right:
        raise SystemExit(f"not full marks: {str(said)[-4000:]}")


DRIVERS: dict[str, Callable[[Peers], float]] = {
    "floor": floor,
    "pytest": pytest,
    "check50": check50,
    "otter": otter,
    "nbgrader": nbgrader,
}


# Ours.


def ours(course: Course, students: int, training: bool) -> Iterator[tuple[str, float]]:
    """Seconds per submission of `grade batch`, for each kind of class, each into a gradebook of its own."""
    right, options = copies.right(course), batches.chosen(copies.EXERCISES, training)
    kinds = [("renamed", []), ("apart", []), ("apart", ["--no-reuse"])]
    with tempfile.TemporaryDirectory() as elsewhere:
        work = Path(elsewhere)

        def graded(kind: str, name: str, options: list[str], one_core: bool = False) -> float:
            ran = batches.grade(work / kind, work / name, options, work / "cache", [0], one_core)
            batches.expect_full_marks(ran.results())
            return ran.seconds / students

        copies.hand_in(work / "first", [right])
        copies.hand_in(work / "renamed", (copies.renamed(right, number) for number in range(students)))
        copies.hand_in(work / "apart", (copies.apart(right, number) for number in range(students)))
        graded("first", "run", options)  # the reference's evidence is there from here on
        for kind, more in kinds:
            name = ", ".join(["grade", kind, *more])
            yield name, graded(kind, name, options + more)
        for kind, more in [] if training else kinds:
            name = ", ".join(["grade", kind, *more, "one core"])
            yield name, graded(kind, name, [*options, *more, "--jobs", "1"], one_core=True)


if __name__ == "__main__":
    main()
