"""The words of checks in another language: sentences that are put together from parts, and those that others made.

The catalogue is made up here, so that these tests need no translation to be there.
"""

from __future__ import annotations

import ast
import gettext
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from test_layers import BN1, BN2, FIRST, OUT, SECOND, WHOLE, described, linear, row

import grader
from grader import language
from grader.checks import BY_ID, hints, layers, phrases, words
from grader.sandbox import limits as kinds
from grader.sandbox.limits import MIB, Death
from grader.wire.records import Frame, Problem, TensorRow

CHINESE = {
    "{amount} {noun}": "{amount} 个{noun}",
    "layer": "层",
    "parameter": "参数",
    "container": "nn 容器",
    "{parameters} in {layers}": "{parameters}，分布在 {layers}中",
    "between names|, ": "、",
    "{names} and {count} more": "{names} 以及另外 {count} 个",
    "more than 10^15": "超过 10^15",
    "first": "第一个",
    "convolution": "卷积",
    "bias": "偏置",
    "over {width}": "宽度 {width}",
    "{kind} over {width}": "{kind}（宽度 {width}）",
    "the {layer}": "{layer}",
    "the {ordinal} {kind} ({sizes})": "{ordinal}{kind}（{sizes}）",
    "{layer} is missing": "缺少{layer}",
    "{layer} has no {parts}": "{layer}没有{parts}",
    "{layer} is {got}, not {wanted}": "{layer}的形状为 {got}，应为 {wanted}",
    "{sizes} ({path})": "{sizes}（{path}）",
    "there is a {layer} too many ({path})": "多出一个{layer}（{path}）",
    "{doing} raised {type}.": "{doing}时抛出了 {type}。",
    "{doing} did not come to an end: {reason}.": "{doing}时没有运行到结束：{reason}。",
    "{doing} was stopped: {why}.": "{doing}时被中止：{why}。",
    "{doing} needed more memory than the limit of {limit}: {used} were in use.": (
        "{doing}时需要的内存超过 {limit}：已占用 {used}。"
    ),
    "no answer within {seconds} s": "{seconds} s 内没有回答",
    "more than {seconds} s of computing time at the top level of the file": "文件顶层的计算时间超过 {seconds} s",
    "expected a dict, got {type}": "期望一个 dict，实际为 {type}",
    "the kernel ended it, after {spent}": "内核将其终止，此前用了 {spent}",
    "{seconds} s of computing time and {size} of memory": "{seconds} s 和 {size}",
    "{said} ({hint})": "{said}（{hint}）",
    "{name} is there": "{name} 已定义",
    "ended by the kernel": "被内核终止",
    "Long runs at the top level belong below a test of __name__, so that the file can be imported.": "放在判断之下。",
    "{package} is not installed where this is graded. There are torch, numpy, matplotlib and Python's own library.": (
        "没有安装 {package}。"
    ),
}


class Made(gettext.NullTranslations):
    """A catalogue of these texts and no others."""

    def gettext(self, message: str) -> str:
        return CHINESE.get(message, message)

    def pgettext(self, context: str, message: str) -> str:
        return CHINESE.get(f"{context}|{message}", message)


class Marked(gettext.NullTranslations):
    """A catalogue in which every text is itself with a mark before it."""

    def gettext(self, message: str) -> str:
        return f"¶{message}"


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program speaks the made-up Chinese."""
    monkeypatch.setattr(language._Spoken, "catalogue", Made())


@pytest.mark.usefixtures("chinese")
def test_a_noun_is_counted_without_an_english_ending() -> None:
    """The noun should be translated and keep its one form, with a space only before Latin letters."""
    assert (words.plural(1, "layer"), words.plural(3, "layer")) == ("1 个层", "3 个层")
    assert words.plural(2, "container") == "2 个 nn 容器"
    assert words.plural(2, "thing") == "2 个 things"  # what nobody translated stays English
    assert layers.summary(described(*WHOLE)) == "267 410 个参数，分布在 5 个层中"
    absurd = layers.summary(described(row("a.weight", (1 << 60, 2), "weight", "Linear")))
    assert absurd == "超过 10^15 个参数，分布在 1 个层中"


def test_a_noun_is_counted_in_english() -> None:
    """Without a translation there should be the ending that English has."""
    assert (words.plural(1, "layer"), words.plural(0, "layer")) == ("1 layer", "0 layers")
    assert words.plural(2000, "layer", shown="2 000") == "2 000 layers"


@pytest.mark.usefixtures("chinese")
def test_names_are_listed_with_the_signs_of_the_language() -> None:
    """Names should be joined as the language joins them, and the others be counted."""
    assert words.listed(["a", "b"]) == "`a`、`b`"
    assert words.listed(list("abcdef")) == "`a`、`b`、`c`、`d` 以及另外 2 个"


@pytest.mark.usefixtures("chinese")
def test_differences_of_layers_are_whole_sentences() -> None:
    """Which layer it is and what is the matter with it should come in the order of the language, spaced as it is."""
    rest = (*SECOND, *BN2, *OUT)

    def told(*rows: TensorRow) -> list[str]:
        ours, theirs = (layers.layers(described(*each)) for each in (WHOLE, rows))
        return layers.differences(ours, theirs)

    assert told(*FIRST, *rest) == ["缺少第一个 BatchNorm（宽度 300）"]
    assert told(FIRST[0], *BN1, *rest) == ["第一个 Linear（784 → 300）没有偏置"]
    assert told(*FIRST, *BN1, *rest, *linear("层", 5, 5)) == ["多出一个 Linear 5 → 5（`层`）"]
    wide = linear("first", 784, 200)
    assert told(*wide, *BN1, *rest) == [
        "第一个 Linear（784 → 300）的形状为 (200, 784) + (200,)（`first`），应为 (300, 784) + (300,)"
    ]
    window = row("a.weight", (6, 4, 3, 3), "weight", "Conv2d"), row("a.bias", (6,), "shift", "Conv2d")
    one, none = (layers.layers(described(*rows)) for rows in (window, ()))
    assert layers.differences(one, none) == ["缺少 3×3 卷积 4 → 6"]


@pytest.mark.usefixtures("chinese")
def test_what_ended_badly_is_told_in_the_language() -> None:
    """What was done should begin the sentence, and what the sandbox or the worker said of it be said again."""
    frames = (Frame("a.py", 3, "forward", "return x"),)
    cases = [
        (Problem("NameError", "name 'x' is not defined", frames, None), "前向传播", "前向传播时抛出了 NameError。"),
        (Problem("NameError", "name 'x' is not defined", frames, None), "调用 `f`", "调用 `f` 时抛出了 NameError。"),
        (
            Death(kinds.WALL_LIMIT, "no answer within 20 s"),
            "导入 a.py",
            "导入 a.py 时没有运行到结束：20 s 内没有回答。",
        ),
        (
            Death(kinds.MEMORY_LIMIT, "the kernel ended it, after 2.5 s of computing time and 3 GiB of memory"),
            "训练",
            "训练时没有运行到结束：内核将其终止，此前用了 2.5 s 和 3 GiB。",
        ),
        (
            Problem("MemoryError", "", frames, None, unused_bytes=2047 * MIB),
            "训练",
            "训练时需要的内存超过 2 GiB：已占用 1 MiB。",
        ),
    ]
    for outcome, doing, says in cases:
        assert words.trouble(outcome, doing).rationale == says
    assert words.trouble(cases[3][0], "训练").got == "被内核终止"


@pytest.mark.usefixtures("chinese")
def test_messages_of_the_worker_are_said_again_and_pythons_are_not() -> None:
    """What the worker says of a result should be translated; what the student's own code raises should stay."""
    mine = Frame("a.py", 3, "f", "raise ValueError('expected a dict, got list')")
    assert words.trouble(Problem("WrongResult", "expected a dict, got list", (), None), "训练").got == (
        "WrongResult: 期望一个 dict，实际为 list"
    )
    raised = Problem("ValueError", "expected a dict, got list", (mine,), None)
    assert words.trouble(raised, "训练").got == "ValueError: expected a dict, got list"
    stopped = Problem("Interrupted", "more than 4 s of computing time at the top level of the file", (mine,), None)
    assert words.trouble(stopped, "运行第 3 行").rationale == "运行第 3 行时被中止：文件顶层的计算时间超过 4 s。"
    assert words.told(stopped) == "Interrupted: 文件顶层的计算时间超过 4 s（放在判断之下。）"


@pytest.mark.usefixtures("chinese")
def test_tables_are_said_where_they_are_shown() -> None:
    """Titles and hints should be translated with their values in them; ids should stay."""
    assert (BY_ID["defined"].titled("Net"), BY_ID["defined"].id) == ("Net 已定义", "defined")
    assert hints.of_exception("ModuleNotFoundError: No module named 'sklearn.svm'") == "没有安装 sklearn。"


def test_names_in_backticks_are_left_alone() -> None:
    """A space should come only where a value meets the pattern, never into what a student calls something."""
    assert phrases.filled("缺少{name}。", name="`层a`") == "缺少 `层a`。"
    assert phrases.filled("{a}{b} is {c}", a="第一个", b="卷积", c="层1") == "第一个卷积 is 层1"
    assert phrases.filled("{a}: {a}", a="{b}") == "{b}: {b}"


@pytest.mark.parametrize("pattern", phrases._MADE_ELSEWHERE)
def test_each_sentence_is_known_as_itself(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence with its values in it should be recognised as that sentence and no other."""
    monkeypatch.setattr(language._Spoken, "catalogue", Marked())
    values = {name: f"<{name}>" for _text, name, _form, _how in Formatter().parse(pattern) if name}
    assert phrases.retold(pattern.format(**values)) == f"¶{pattern}".format(**values)


def said_elsewhere() -> Iterator[str]:
    """What sandbox, evidence and worker say in words, with a 7 for each value."""
    folder = Path(grader.__file__).parent
    sources = [*folder.glob("sandbox/*.py"), *folder.glob("worker/*.py"), folder / "evidence.py"]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in ("Death", "SubmissionFault", "Stumble", "Interrupted"):
                yield from filter(None, map(sample, node.args[int(called in ("Death", "SubmissionFault")) :]))
            elif source.name == "scratch.py" and isinstance(node, ast.Return) and node.value:
                yield from filter(None, [sample(node.value)])


def sample(node: ast.expr) -> str:
    """A text in the source, with a 7 for each value; nothing for what is no text."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_all_that_is_said_elsewhere_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sentence of the sandbox or the worker should reach a report in English where another language is spoken."""
    found = list(said_elsewhere())
    assert len(found) > 20
    monkeypatch.setattr(language._Spoken, "catalogue", Marked())
    assert [text for text in found if not phrases.retold(text).startswith("¶")] == []
