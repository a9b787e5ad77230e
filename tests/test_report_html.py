"""The page is whole, closed to the network, readable by everyone, and never obeys a student's text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from grades import HOSTILE, check, down_block, exercise, grade, hostile_grade, resnet, sample_grade, whole_exercise

from grader import attempts, language
from grader.attempts import History
from grader.model import (
    ExerciseResult,
    Exhibits,
    Grade,
    GradientRow,
    LayerRow,
    Place,
    Status,
    Tools,
    TrainingCurve,
    Verdict,
)
from grader.report import html, summary
from grader.report.plain import one_line, printable

VOID = {"br", "meta"}
COMMON = {"class", "id"}
PLAIN = """
    head title style body main header footer article h1 h2 h3 h4 p ul ol li strong code pre desc
    summary bdi figure figcaption table caption thead tbody tfoot tr td br
"""
ALLOWED = {
    **dict.fromkeys(PLAIN.split(), COMMON),
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "content", "name"},
    "script": set(),
    "button": {"type", "aria-pressed", "hidden", *COMMON},
    "a": {"href", "class"},
    "section": {"aria-labelledby", *COMMON},
    "div": {"role", "tabindex", "aria-label", *COMMON},
    "details": {"open", *COMMON},
    "span": {"aria-hidden", *COMMON},
    "th": {"scope", *COMMON},
    "svg": {"viewbox", "role", "aria-labelledby"},
    "g": {"class"},
    "path": {"d", "class"},
    "text": {"x", "y", "class"},
    "rect": {"x", "y", "width", "height", "rx", "class"},
    "line": {"x1", "x2", "y1", "y2", "class"},
    "circle": {"cx", "cy", "r", "class"},
    "polyline": {"points", "class"},
}
NUMERIC = {"x", "y", "width", "height", "rx", "x1", "x2", "y1", "y2", "cx", "cy", "r", "d", "points", "viewbox"}


class Page(HTMLParser):
    """A page taken apart: its elements in order, the text inside every element that has an id, unclosed elements."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text_of: dict[str, str] = {}
        self.text = ""
        self.open: list[tuple[str, str]] = []
        self.misplaced: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in VOID:
            self.open.append((tag, found.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.misplaced.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] not in ("style", "script"):
            self.text += data
            for _, ident in self.open:
                self.text_of[ident] = self.text_of.get(ident, "") + data

    def having(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def _folded(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(params=[sample_grade, hostile_grade], ids=["sample", "hostile"])
def rendered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Grade, str]:
    """One grade with its page, however large: the believable one, then the hostile one."""
    monkeypatch.setattr(html, "LARGEST", 1 << 30)
    made: Grade = request.param()
    return made, html.render(made)


def test_the_page_is_balanced(rendered: tuple[Grade, str]) -> None:
    """Every element should be closed, in the right order, whatever a submission says."""
    page = Page(rendered[1])
    assert (page.misplaced, page.open) == ([], [])
    assert rendered[1].startswith("<!DOCTYPE html>")


def test_the_page_holds_only_known_elements_and_attributes(rendered: tuple[Grade, str]) -> None:
    """Nothing that could load, run or style anything should be in the page but our own: no img, style= or on*=."""
    for tag, attributes in Page(rendered[1]).elements:
        assert tag in ALLOWED
        assert set(attributes) <= ALLOWED[tag]


def test_links_stay_in_the_page_and_arrive(rendered: tuple[Grade, str]) -> None:
    """Every link should lead to an element of this page, and no id should be there twice."""
    page = Page(rendered[1])
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    links = {attributes["href"] for attributes in page.having("a")}
    assert max(ids.values()) == 1
    assert len(links) > 3
    assert links <= {f"#{ident}" for ident in ids}


def test_the_page_names_no_address() -> None:
    """A page of a submission without addresses should hold none, in its style neither."""
    source = html.render(sample_grade())
    assert not re.search(r"https?:|url\(|@import|//[a-z]", source)


def test_the_content_policy_allows_this_style_and_script_and_nothing_else(rendered: tuple[Grade, str]) -> None:
    """The hashes in the policy should be those of the style and of the one script in the page."""
    (style,), (script,) = (re.findall(rf"<{tag}>(.*?)</{tag}>", rendered[1], re.S) for tag in ("style", "script"))
    one, other = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    policies = [meta["content"] for meta in Page(rendered[1]).having("meta") if "http-equiv" in meta]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{one}'; script-src 'sha256-{other}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    ]
    assert Page(rendered[1]).having("script") == [{}]
    assert rendered[1].index("Content-Security-Policy") < rendered[1].index("<style>")


def test_every_check_is_in_the_page_with_its_points(rendered: tuple[Grade, str]) -> None:
    """No check should be lost, whatever its verdict."""
    page = Page(rendered[1])
    for each in rendered[0].exercises:
        for one in each.checks:
            text = _folded(page.text_of[summary.anchor(each, one)])
            assert one_line(one.title)[:1000] in text
            assert summary.score_text(one.score, one.max_score) in text


def test_hostile_text_is_text() -> None:
    """Every hostile string should be readable in the page, with its invisible characters written out."""
    text = _folded(Page(html.render(hostile_grade())).text)
    for attack in HOSTILE:
        assert _folded(printable(attack)) in text


def test_no_invisible_character_is_in_the_page(rendered: tuple[Grade, str]) -> None:
    """Control and bidi characters should not reach the page, and it should be writable as UTF-8."""
    assert rendered[1].encode("utf-8").decode("utf-8").replace("\n", "").isprintable()


def test_endless_text_is_cut_and_says_so() -> None:
    """Ten thousand characters in one line should not be in the page in full."""
    source = html.render(hostile_grade())
    assert "x" * 2_001 not in source
    assert re.search(r"\[\.\.\. [89],\d00 more characters \.\.\.\]", source)


def test_charts_hold_only_finite_numbers(rendered: tuple[Grade, str]) -> None:
    """Losses and norms that are not finite should leave no nan or inf in a picture."""
    page = Page(rendered[1])
    values = [value for _, attributes in page.elements for name, value in attributes.items() if name in NUMERIC]
    assert len(values) > 50
    assert not [value for value in values if re.search(r"nan|inf|None|e", value)]


def test_missing_and_broken_gradients_are_said_in_words() -> None:
    """A bar that cannot be drawn should be replaced by its reason."""
    text = Page(html.render(grade(down_block()))).text
    for word in ("≠ no gradient", "≠ not a number", "≠ infinite", "≠ zero", "≠ differs"):
        assert word in text


def test_a_training_run_that_breaks_is_said_in_words() -> None:
    """The step from which on the loss is no number should be named, and the line should end there."""
    page = Page(html.render(grade(resnet())))
    text = page.text
    lines = {line["class"]: line["points"].split() for line in page.having("polyline")}
    assert [len(lines["line yours"]), len(lines["line reference"])] == [11, 15]
    assert "Yours is first not finite at step 12." in text
    assert "yours not a number" in text
    assert "Accuracy 9.8 %; accepted is 61.4 % to 100 %; the reference reaches 71.3 %." in text


@pytest.mark.parametrize(
    "curve",
    [
        TrainingCurve((), (), 0.5, 0.5, (0.4, 0.6)),
        TrainingCurve((1.0,), (1.0, 0.5), 1.0, 1.0, (1.0, 1.0)),
        TrainingCurve((1e308, -1e308), (0.0, 0.0), 2.0, -1.0, (-1.0, 2.0)),
        TrainingCurve((1e-5, 1e5), (1.0, 1.0), 0.0, 0.0, (0.0, 1.0)),
    ],
)
def test_odd_training_curves_stay_inside_their_picture(curve: TrainingCurve) -> None:
    """No run, however short or wild, should be drawn outside the picture."""
    page = Page(html.render(grade(exercise("a.b", exhibits=Exhibits(training=curve)))))
    points = " ".join(line["points"] for line in page.having("polyline")).replace(",", " ").split()
    places = [float(line[name]) for line in page.having("line") for name in ("x1", "x2", "y1", "y2")]
    assert all(0 <= value <= 720 for value in [*map(float, points), *places])


@pytest.mark.parametrize("norm", [5e-324, 1e-320, 1.7e308, 1.0])
def test_extreme_gradients_can_be_drawn(norm: float) -> None:
    """The log scale should hold for the smallest and the largest numbers there are."""
    rows = (GradientRow("weight", norm, norm, True), GradientRow("bias", 1.0, 1.0, True))
    page = Page(html.render(grade(exercise("a.b", exhibits=Exhibits(gradients=rows)))))
    widths = [float(width) for path in page.having("path") for width in re.findall(r"h([\d.]+)v", path["d"])]
    assert len(widths) == 4
    assert all(2 <= width <= 370 for width in widths)


def test_many_tensors_are_drawn_differing_ones_first() -> None:
    """The picture should keep what differs, the table more than that, and both say what they lack."""
    rows = tuple(GradientRow(f"layer{n}.weight", 1.0, 1.0, n != 77) for n in range(80))
    source = html.render(grade(exercise("a.b", exhibits=Exhibits(gradients=rows))))
    assert source.count("layer77.weight") == 2
    assert source.count("layer30.weight") == 1
    assert "44 more tensors in the table only." in source
    assert "16 more tensors not shown." in source


def test_thousands_of_rows_are_cut_differing_ones_first() -> None:
    """Who registers thousands of tensors should get no page of megabytes, and totals of all of them."""
    rows = tuple(GradientRow(f"t{n}.", 1.0, 1.0, n != 4_321) for n in range(5_000))
    layers = tuple(LayerRow("Linear", 1, "Linear", 1, f"l{n}.", n != 4_321) for n in range(5_000))
    source = html.render(grade(exercise("a.b", exhibits=Exhibits(gradients=rows, layers=layers))))
    assert len(source) < 100_000
    assert "t4321." in source
    assert "l4321." in source
    assert "4,936 more tensors not shown." in source
    assert "4,936 more layers not shown." in source
    assert "1 of 5,000 layers differs" in source
    assert "5,000</td>" in source


def test_the_footer_says_which_files_were_graded() -> None:
    """The hash of the files should be in the page, and no empty one."""
    assert "sha256 abc" in Page(html.render(replace(sample_grade(), fingerprint="abc"))).text
    assert "sha256" not in Page(html.render(sample_grade())).text


def test_the_parameter_table_marks_what_differs_and_adds_up() -> None:
    """Differing, missing and extra layers should be named in words; totals should be the sums."""
    layers = (
        LayerRow("Linear", 10, "Linear", 10, "a", True),
        LayerRow("Linear", 2_000, "Linear", 20, "b", False),
        LayerRow("ReLU", 0, "", 0, "", False),
        LayerRow("", 0, "Dropout", 0, "c", False),
    )
    page = Page(html.render(grade(exercise("a.b", exhibits=Exhibits(layers=layers)))))
    assert "3 of 4 layers differ from the reference" in page.text
    for word in ("≠ differs", "≠ missing", "≠ extra", "2,010"):
        assert word in page.text
    assert [row.get("class") for row in page.having("tr")] == [None, None, "differs", "differs", "differs", None]


SHAPES = ("(64, 784)", "(64, 300)"), ("(64, 784)", "(32, 300)")
PASSING = (
    LayerRow("Linear", 10, "Linear", 10, "a", True, SHAPES[0], SHAPES[0]),
    LayerRow("Linear", 10, "Linear", 10, "b", True, SHAPES[0], SHAPES[1], apart=True),
    LayerRow("Linear", 10, "Linear", 10, "c", True, SHAPES[0], SHAPES[1]),
    LayerRow("Linear", 10, "Linear", 10, "d", True, ("", ""), SHAPES[1], apart=True),
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "en",
            ["Input", "Output", "same", "≠ other shapes", "same parameters", "≠ not called", "2 of 4 layers differ"],
        ),
        ("zh", ["(64, 784)", "≠"]),
    ],
)
def test_what_passes_through_layers_is_shown(name: str, words: list[str]) -> None:
    """Input and output should have columns, and the reference's stand there where they are others."""
    language.speak(name)
    try:
        page = Page(html.render(grade(exercise("a.b", exhibits=Exhibits(layers=PASSING)))))
    finally:
        language.speak("en")
    assert [row.get("class") for row in page.having("tr")] == [None, None, "differs", None, "differs", None]
    assert page.text.count("(32, 300)") == 3
    assert [word for word in words if word not in page.text] == []


def test_layers_of_unknown_shapes_have_no_columns_for_them() -> None:
    """Of what was kept before shapes were noted, and of what was never run, the table should show what is known."""
    layers = (
        LayerRow("Linear", 10, "Linear", 10, "a", True, ("", ""), SHAPES[0]),
        LayerRow("Linear", 10, "", 0, "", False, ("", ""), SHAPES[0]),
    )
    page = Page(html.render(grade(exercise("a.b", exhibits=Exhibits(layers=layers)))))
    assert "Input" not in page.text
    assert "(64, 784)" not in page.text
    assert "same parameters" not in page.text


def test_what_agrees_is_folded_and_what_differs_is_not() -> None:
    """A reader should see differences without a click, and agreement only on demand."""
    same = Exhibits(layers=(LayerRow("Linear", 1, "Linear", 1, "a", True),))
    other = Exhibits(layers=(LayerRow("Linear", 1, "Linear", 2, "a", False),))
    unfolded = [
        ["open" in details for details in Page(html.render(grade(exercise("a.b", exhibits=shown)))).having("details")]
        for shown in (same, other)
    ]
    assert unfolded == [[False], [True]]


def test_a_place_links_to_its_marked_line() -> None:
    """Where to look should lead to the line itself if it is shown, and be plain text if not."""
    page = Page(html.render(grade(down_block())))
    assert "nn.Conv2d(out_channels, out_channels, 3" in page.text_of["residual_blocks.RestNetDownBlock-code0-31"]
    assert {"href": "#residual_blocks.RestNetDownBlock-code0-31"} in page.having("a")
    elsewhere = check("c", Verdict.FAILED, 1, where=Place("other.py", 31))
    page = Page(html.render(grade(exercise("a.b", elsewhere))))
    assert "other.py:31" in page.text
    assert not [link for link in page.having("a") if "code" in link["href"]]


def test_code_is_shown_unchanged() -> None:
    """Highlighting should colour the student's lines without changing a character of them."""
    source = html.render(grade(down_block()))
    listing = re.findall(r'<pre class="listing">.*?</pre>', source, re.DOTALL)[0]
    lines = Page(listing).text.splitlines()
    for line in down_block().exhibits.code[0].lines:
        assert any(shown.endswith(f" {line.text}") and shown.strip().startswith(str(line.number)) for shown in lines)
    assert '<span class="tk">class</span>' in listing


def test_a_fault_of_ours_is_never_shown_as_the_students() -> None:
    """An error should look like the grader's fault: own class, own word, own sentence, and no task for the student."""
    broken = exercise("a.b", check("device", Verdict.ERROR, 2))
    page = Page(html.render(grade(broken)))
    classes = {name for _, attributes in page.elements for name in attributes.get("class", "").split()}
    assert "error" in classes
    assert "failed" not in classes
    assert summary.OURS in page.text
    assert "Do this next" not in page.text


@pytest.mark.parametrize("status", [Status.NOT_SUBMITTED, Status.NOT_ATTEMPTED, Status.ERROR])
def test_a_status_other_than_graded_says_so(status: Status) -> None:
    """An exercise that was not graded should say why."""
    one = exercise("a.b", status=status, note="A note.")
    assert summary.exercise_sentence(one) in Page(html.render(grade(one))).text


def test_an_exercise_without_checks_does_not_look_passed() -> None:
    """Nothing proven should not be shown in the colour and with the mark of success."""
    page = Page(html.render(grade(exercise("a.b"))))
    assert "· No check was run." in page.text
    assert "passed" not in " ".join(attributes.get("class", "") for _, attributes in page.elements)


def test_what_to_do_comes_before_the_score() -> None:
    """Next steps and what works should stand before any score, and the details after it."""
    text = Page(html.render(sample_grade())).text
    order = ["17 of 22 checks pass", "Do this next", "What already works", "80.5 / 145", "Expected", "Check again"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_headings_are_ordered(rendered: tuple[Grade, str]) -> None:
    """There should be one first heading, and no level should be left out on the way down."""
    levels = [int(tag[1]) for tag, _ in Page(rendered[1]).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_what_scrolls_can_be_reached_and_pictures_are_named(rendered: tuple[Grade, str]) -> None:
    """Scrolling parts should take the keyboard and have a name, pictures a title and a description."""
    page = Page(rendered[1])
    scrolling = [each for each in page.having("div") if each.get("class") == "scroll"]
    assert scrolling
    assert all(each["tabindex"] == "0" and each["role"] == "region" and each["aria-label"] for each in scrolling)
    for picture in page.having("svg"):
        assert picture["role"] == "img"
        assert all(page.text_of[ident].strip() for ident in picture["aria-labelledby"].split())


def test_tables_have_captions_and_scopes() -> None:
    """Every table should have a caption, and every heading cell a scope."""
    page = Page(html.render(sample_grade()))
    assert len(page.having("table")) == len(page.having("caption")) > 0
    assert all(cell.get("scope") in {"row", "col"} for cell in page.having("th"))


def _all_failed() -> list[ExerciseResult]:
    one = down_block().checks[3]
    checks = [replace(one, id=f"check{number}") for number in range(10)]
    return [exercise(f"a.e{number}", *checks) for number in range(10)]


def _all_kinds() -> list[ExerciseResult]:
    whole = [whole_exercise(f"layers.e{number}") for number in range(14)]
    return [*whole, *(replace(down_block(), id=f"blocks.e{number}") for number in range(6)), resnet()]


@pytest.mark.parametrize("exercises", [_all_failed(), _all_kinds()], ids=["all failed", "all kinds"])
def test_a_page_of_a_hundred_checks_is_small(exercises: list[ExerciseResult]) -> None:
    """A hundred checks should fit into 150 KB, whether all of them fail or many have pictures."""
    made = grade(*exercises)
    assert len(made.verdicts()) >= 100
    assert len(html.render(made).encode()) <= 150_000


def test_a_page_that_would_be_large_is_cut_and_says_so() -> None:
    """Failed checks should stay whole; what agrees, and rows of tables, should give way."""
    many = [*_all_kinds(), *(replace(down_block(), id=f"more.e{number}") for number in range(6))]
    source = html.render(grade(*many))
    assert len(source.encode()) <= html.LARGEST
    assert "To keep this page small" in source
    assert source.count("How large is the image after the first convolution?") == 12
    assert "To keep this page small" not in html.render(sample_grade())


def test_what_changed_is_told_in_groups_with_links() -> None:
    """What is fixed, open, new, and what runs now, should be told in the page, and a first attempt tell nothing."""
    made = sample_grade()
    before = attempts.of(made, "other files", "2026-11-23T10:04:00+00:00")
    passed = [key for key, verdict in before.verdicts.items() if verdict is Verdict.PASSED]
    failed = [key for key, verdict in before.verdicts.items() if verdict is Verdict.FAILED]
    before.verdicts.update({passed[0]: Verdict.FAILED, passed[1]: Verdict.SKIPPED, failed[0]: Verdict.PASSED})
    page = Page(html.render(made, History(0, before)))
    told = "Since the attempt of 2026-11-23 10:04 UTC: 1 fixed, 1 still open, 1 new, 1 that was not run before passes."
    assert page.text.count(told) == 2
    links = [link["href"] for link in page.having("a")]
    assert links.count("#layers.linear_module--defined") == links.count("#layers.linear_module--constructs") == 1
    assert "passed before" in page.text
    assert "Since" not in html.render(made)


def test_attempts_are_numbered_where_they_were_counted() -> None:
    """The head should say which attempt this is, what changed since which; nothing of it where nobody counted."""
    made = sample_grade()
    before = attempts.of(made, "other files", "2026-11-23T10:04:00+00:00")
    text = Page(html.render(made, History(4, replace(before, number=3)))).text
    assert "Feedback · attempt 4" in text
    assert "Since attempt 3, of 2026-11-23 10:04 UTC: 0 fixed" in text
    assert len(re.findall(r"Since attempt 3(?!,)", text)) == 1
    assert "attempt 1" in Page(html.render(made, History(1))).text
    for history in (History(0, before), History()):
        assert not re.search(r"attempt \d", Page(html.render(made, history)).text)


def test_one_mistake_in_two_exercises_is_one_thing_to_do() -> None:
    """A card should name both exercises, and the command check both again."""
    other = replace(down_block(), id="residual_blocks.Other")
    page = Page(html.render(grade(down_block(), other), occasion=html.Occasion("my work")))
    assert "1 thing to fix" in page.text
    assert "RestNetDownBlock and Other" in page.text
    command = "grade 'my work' --exercise residual_blocks.RestNetDownBlock --exercise residual_blocks.Other"
    assert command in page.text


def test_hints_are_folded_and_every_name_can_be_explained() -> None:
    """No hint should be seen before it is asked for; each failed check and mistake should say how to learn more."""
    page = Page(html.render(grade(down_block())))
    assert [name in page.text for name in ("grade explain shapes", "grade explain stride-on-second-conv")] == [True] * 2
    assert "grade explain defined" not in page.text
    folded = re.findall(r"<details><summary>(.*?)</summary><p", html.render(grade(down_block())))
    assert folded == ["Hint", "Hint", "Another hint"]


def test_a_question_for_a_forum_holds_no_code_of_the_students() -> None:
    """It should hold what was found and with what it was graded, but neither a line of code nor a solution."""
    made = replace(sample_grade(), tools=Tools("0.1", "2.9.0", "3.13.1", (1e-7, 2e-3)))
    block = re.findall(r'<details class="ask">.*?<pre class="copied">(.*?)</pre>', html.render(made), re.DOTALL)[0]
    assert "Expected: shape (2, 128, 12, 10), float32" in block
    assert block.endswith("Graded with: grader 0.1, torch 2.9.0, Python 3.13.1, cpu")
    assert "self.conv2" not in block
    assert "by 1e-07 of their size in float64, by 0.002 in float32" in html.render(made)


@pytest.mark.parametrize(("spoken", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_a_page_says_in_which_language_it_is(spoken: str, tag: str) -> None:
    """The language at the time of rendering should be that of the page, whichever was spoken before."""
    language.speak(spoken)
    try:
        assert Page(html.render(sample_grade())).having("html") == [{"lang": tag}]
    finally:
        language.speak("en")


def _palettes() -> list[dict[str, str]]:
    css = (Path(html.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return [{name: pair[theme] for name, *pair in pairs} for theme in (0, 1)]


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_every_text_colour_has_enough_contrast(palette: dict[str, str]) -> None:
    """Each text colour should reach 4.5:1 on each ground that it is used on, in both themes."""
    grounds = ["paper", "sheet", "well", "tint", "error-tint", "mark"]
    texts = ["ink", "soft", "link", "passed", "failed", "error", "skipped"]
    texts += ["keyword", "string", "number", "name", "builtin", "comment"]
    for text in texts:
        for ground in grounds:
            high, low = sorted((_luminance(palette[text]), _luminance(palette[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, f"{text} on {ground}"
