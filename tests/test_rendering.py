"""Pages rendered beside the program: the same pages, in order, whatever becomes of a helper."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest
from grades import hostile_grade, sample_grade

from grader import language
from grader.attempts import History
from grader.model import Grade
from grader.report import html, rendering
from grader.report.rendering import Renderer


@pytest.fixture
def grades(monkeypatch: pytest.MonkeyPatch) -> list[Grade]:
    """Give a few grades, all but the first for helpers."""
    monkeypatch.setattr(rendering, "ALONE", 1)
    return [replace(hostile_grade() if n % 2 else sample_grade(), submission=f"student {n}") for n in range(6)]


def rendered(grades: list[Grade], helpers: int) -> list[str]:
    """Render grades one after the other."""
    taken: list[str] = []
    with Renderer(helpers) as renderer:
        for grade in grades:
            renderer.put(grade, History(), taken.append)
    return taken


def test_helpers_make_the_same_pages_in_order(grades: list[Grade]) -> None:
    """Helpers should change nothing about a page, not in another language either, and be gone at the end."""
    assert rendered(grades, 2) == rendered(grades, 0) == [html.render(grade) for grade in grades]
    language.speak("zh")
    try:
        assert rendered(grades[:3], 2) == [html.render(grade) for grade in grades[:3]]
    finally:
        language.speak("en")


def test_a_helper_that_is_killed_costs_no_page(grades: list[Grade]) -> None:
    """What a helper was about should be rendered here, and nothing be left of the helpers."""
    taken: list[str] = []
    with Renderer(2) as renderer:
        for grade in grades:
            renderer.put(grade, History(), taken.append)
            if renderer._busy:
                os.kill(renderer._busy[-1].process.pid, signal.SIGKILL)  # type: ignore[arg-type]
        helpers = [helper.process for helper in renderer._busy]
    assert taken == [html.render(grade) for grade in grades]
    assert not any(helper.is_alive() for helper in helpers)


def test_a_page_that_cannot_be_written_leaves_no_helper(grades: list[Grade]) -> None:
    """What fails with one page, as on a full disk, should be heard, and end the helpers all the same."""

    def full(page: str) -> None:
        raise OSError("no room")

    renderer = Renderer(2)
    renderer.put(grades[0], History(), lambda page: None)
    for grade in grades[1:3]:
        renderer.put(grade, History(), full)
    helpers = [helper.process for helper in renderer._busy]
    with pytest.raises(OSError, match="no room"):
        renderer.__exit__(None, None, None)
    assert len(helpers) == 2
    assert not any(helper.is_alive() for helper in helpers)


def test_an_interrupt_leaves_no_helper(grades: list[Grade]) -> None:
    """What is interrupted should end at once, with its helpers."""
    renderer = Renderer(2)
    for grade in grades[:3]:
        renderer.put(grade, History(), lambda page: None)
    helpers = [helper.process for helper in renderer._busy]
    assert len(helpers) == 2
    renderer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not any(helper.is_alive() for helper in helpers)
