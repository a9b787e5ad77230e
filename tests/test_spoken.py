"""A class that is graded in one language and judged again in another: other words, the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_up
import numpy as np
import pytest
from made_up import GOOD, POINTS, changed, exercise, script

from grader import batch, demonstration, language, publishing
from grader.batch import Batch
from grader.course import Course
from grader.evidence import Answered, Evidence
from grader.gradebook import Gradebook
from grader.grading import Grader
from grader.language import _
from grader.model import Demonstration, ExerciseResult, SmallestCall
from grader.plan import Settings
from grader.sandbox.fake import FakeSandbox
from grader.standing import Standing
from grader.store import Store
from grader.wire.records import Source

EXAMINED = exercise(training=None, band=None, points={k: v for k, v in POINTS.items() if k != "training"})
ANSWERS = Evidence({**GOOD.outcomes, "source": Answered(Source((), (), ()))})
WRONG = changed(ANSWERS, "eval.0.0", {"output": np.zeros((4, 2))})
ENGLISH, CHINESE = (
    {"title": "Outputs are zero", "principle": "What is lost?", "technique": "Give it back."},
    {"title": "输出为零", "principle": "丢了什么？", "technique": "返回它。"},
)
MISTAKE = "\n".join(
    [
        *(f'{name} = {{ en = "{ENGLISH[name]}", zh = "{CHINESE[name]}" }}' for name in ENGLISH),
        '[[variation]]\nexercise = "Small"\nedits = [["the reference", "a mistake"]]',
    ]
)
CALL = SmallestCall("print(1)", "1", "2")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Speak English again afterwards."""
    yield
    language.speak("en")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Give a course of one exercise, with one known mistake."""
    file = tmp_path / "reference/made_up/mistakes/zeros.toml"
    file.parent.mkdir(parents=True)
    file.write_text(MISTAKE, encoding="utf-8")
    return made_up.course(tmp_path, EXAMINED)


def graded(folder: Path, course: Course) -> tuple[Standing, int, ExerciseResult]:
    """Grade a class of two; give how it went, how many workers were asked, and what became of the one mistake."""
    for name in ("ann", "bob"):
        (folder / "class" / name).mkdir(parents=True, exist_ok=True)
        (folder / "class" / name / "made_up.py").write_text(f"class Small: 'mine, {name}'\n")
    sandbox = FakeSandbox(script(ANSWERS), {b"mine, bob": script(WRONG), b"a mistake": script(WRONG)})
    more: dict[str, Any] = {"workers": 2, "reuses": False, "names": True, "shows": True}
    with Gradebook(folder / "run") as gradebook, Grader(
        course, sandbox, Settings(3), Store(folder / "store"), **more
    ) as grader:  # fmt: skip
        work = batch.submissions(folder / "class")
        standing = Batch(grader, gradebook).run(work, len(work))
        grades = {entry.name: entry.grade for entry in publishing.entries(gradebook)}
    assert grades["bob"] is not None
    return standing, len(sandbox.lines), grades["bob"].exercises[0]


def test_another_language_is_judged_anew_and_asks_nobody(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known mistakes and the smallest call should be put in it, from what was answered before; then it is known."""
    shown: list[object] = []
    monkeypatch.setattr(
        demonstration, "demonstrated", lambda *asked: (shown.append(asked), Demonstration(call=CALL))[1]
    )
    for spoken, texts in (("en", ENGLISH), ("zh", CHINESE)):
        language.speak(spoken)
        standing, asked, result = graded(tmp_path, course)
        assert (standing.graded, standing.known) == (2, 0)
        assert bool(asked) == (spoken == "en")
        (named,) = result.misconceptions
        assert (named.title, named.hint, named.technique) == tuple(texts.values())
        call = result.exhibits.demonstration.call
        assert call is not None
        assert call.code == f"print(1)   # {_('yours: {got}   expected: {expected}').format(got='1', expected='2')}"
        assert graded(tmp_path, course)[0].known == 2
    assert len(shown) == 1
