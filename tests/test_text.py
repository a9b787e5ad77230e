"""Other people's text is safe to show: nothing in it is hidden, moves the cursor, or looks like another line."""

from __future__ import annotations

import pytest
from grades import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from grader.text import clipped, clipped_lines, first_few, is_visible, one_line, printable, settled


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202eabc", "\\u202eabc"),
        ("\u2066", "\\u2066"),
        ("\x00", "\\x00"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\u2028", "\\u2028"),
        ("a\rb", "a\\x0db"),
    ],
)
def test_printable_escapes_what_nobody_can_see(text: str, shown: str) -> None:
    """Control, bidi, invisible and surrogate characters should be written out."""
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["plain", "line\nbreak\tand tab", "全角　空格", "x·wᵀ + b", "café 10\u00a0%"])
def test_printable_keeps_ordinary_text(text: str) -> None:
    """Letters of any language, line breaks, tabs and spaces of any width should stay as they are."""
    assert printable(text) == text


def test_printable_reads_windows_line_ends() -> None:
    """A line end of two characters should be one line break, not an escaped carriage return."""
    assert printable("a\r\nb\x07") == "a\nb\\x07"


@pytest.mark.parametrize("text", HOSTILE)
def test_printable_text_can_always_be_written(text: str) -> None:
    """Any text should be encodable after it was made printable."""
    assert printable(text).encode("utf-8").decode("utf-8").replace("\n", "").isprintable()


@pytest.mark.parametrize("code", [0x115F, 0x2800, 0x3164, 0xFE00, 0xFFA0, 0xE0100, 0x034F, 0x180B, 0xFEFF, 0xAD])
def test_what_is_drawn_as_nothing_is_written_out(code: int) -> None:
    """Fillers, selectors and other characters without a shape should be seen, even those Python calls printable."""
    assert printable(f"a{chr(code)}b").endswith(f"{code:x}b")


def test_emoji_keep_their_shape() -> None:
    """The selector between text and emoji should stay, or a heart turns into a heart and a number."""
    assert printable("❤️ ok") == "❤️ ok"


@pytest.mark.parametrize("text", ["Nguyễn Thị", "e\u0323\u0302\u0301", "שָׁלוֹם", "ก็ที่", "हिन्दी"])
def test_letters_with_marks_stay(text: str) -> None:
    """Names in scripts that put marks on letters should be shown as they are."""
    assert printable(text) == text


def test_a_pile_of_marks_is_written_out() -> None:
    """Marks piled on a letter, which cover the lines around it, should be bounded."""
    shown = printable("Z" + "\u0334" * 50)
    assert shown == "Z" + "\u0334" * 5 + "\\u0334" * 45


@given(st.text())
def test_no_text_keeps_anything_that_cannot_be_seen(text: str) -> None:
    """Whatever the text, what is left should be visible, encodable, and on one line where that is asked for."""
    shown = printable(text)
    assert all(is_visible(char) for char in shown)
    assert shown.encode().decode() == shown
    assert not set("\n\r\t") & set(one_line(text))


def test_one_line_shows_breaks_as_what_they_are() -> None:
    """Names should stay on one line whatever a folder was called, and not look like another name."""
    assert one_line("alice\n\t  bob\r") == "alice\\n\\t  bob\\x0d"


def test_clipped_keeps_both_ends_and_says_how_much_is_missing() -> None:
    """A cut text should keep head and tail and name the number of characters left out; a short one stays whole."""
    assert clipped("a" * 5_000 + "b" * 5_000, 400) == f"{'a' * 300} [... 9,600 more characters ...] {'b' * 100}"
    assert clipped("short", 400) == "short"
    assert clipped("x" * 440, 400) == "x" * 440  # a cut that saves nothing is none
    assert clipped("a" + "x" * 100, 3) == "axx [... 98 more characters ...] "


def test_clipped_lines_keeps_both_ends_and_says_how_much_is_missing() -> None:
    """The same for lines."""
    text = "\n".join(map(str, range(100)))
    assert clipped_lines(text, 8) == "0\n1\n2\n3\n4\n5\n[... 92 more lines ...]\n98\n99"
    assert clipped_lines(text, 99) == text


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        ("\r  0%|   |\r 50%|█  |\r100%|██ |\ndone\n", "100%|██ |\ndone\n"),
        ("epoch 1\r\nepoch 2\r\n", "epoch 1\nepoch 2\n"),
        ("a\rb\r\r", "b"),
        ("\r\r", ""),
        ("no bar\nat all", "no bar\nat all"),
    ],
)
def test_progress_bars_show_their_last_state(printed: str, left: str) -> None:
    """Of each line, what would be seen in the end should be left, and ordinary output should stay."""
    assert settled(printed) == left


def test_the_first_few_notes_say_how_many_more_there_are() -> None:
    """A list that is too long should be cut, and one that is not should stay."""
    assert first_few(["a", "b", "c", "d"], 2) == ["a", "b", "and 2 more"]
    assert first_few(["a", "b"], 2) == ["a", "b"]
