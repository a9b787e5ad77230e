"""Pixels as PNG: what was sent is shown, and nothing else ever."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from grades import sample_grade

from grader.model import Grade
from grader.picture import LARGEST, png
from grader.report import html


def test_a_picture_comes_back_pixel_for_pixel() -> None:
    """Another decoder reads what we encode."""
    from matplotlib.image import imread

    pixels = np.random.default_rng(3).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    assert np.array_equal(np.round(imread(io.BytesIO(png(pixels)))[:, :, :3] * 255), pixels)


@pytest.mark.parametrize(
    "pixels",
    [
        None,
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((LARGEST + 1, 1, 3), np.uint8),
    ],
)
def test_what_is_no_picture_gives_none(pixels: np.ndarray | None) -> None:
    """Wrong shapes, dtypes and sizes are left out."""
    assert png(pixels) == b""


def test_the_page_shows_it_inline() -> None:
    """As a data URL that the page's policy allows, with words for those who do not see it."""
    grade = sample_grade()
    first = grade.assignments[0].exercises[0]
    exercise = replace(first, exhibits=replace(first.exhibits, picture=png(np.zeros((2, 2, 3), np.uint8))))
    assignment = replace(grade.assignments[0], exercises=(exercise, *grade.assignments[0].exercises[1:]))
    shown: Grade = replace(grade, assignments=(assignment, *grade.assignments[1:]))
    page = html.render(shown)
    assert 'src="data:image/png;base64,iVBORw0KGgo' in page
    assert f'alt="The figure that {exercise.name} returned"' in page
