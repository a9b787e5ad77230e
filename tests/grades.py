"""Made-up grades for the tests of reporters: a believable one, a hostile one, and the pieces to build others."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.model import (
    AssignmentResult,
    CheckResult,
    Demonstration,
    Excerpt,
    ExerciseResult,
    Exhibits,
    Finding,
    Grade,
    GradientRow,
    LayerRow,
    Misconception,
    Place,
    Protection,
    SmallestCall,
    SourceLine,
    Status,
    TraceRow,
    TrainingCurve,
    Verdict,
)

HOSTILE = (
    "</script></style><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}} {% raise %}",
    "[red]markup[/red] [link=http://evil.example]x[/link] :smile:",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x9b2J",
    "\u202eright to left\u202c \u2066isolate\u2069 \u200bzero",
    "nul \x00 bell \x07 back \x08 return \r page \x0c",
    "lone \ud800 and \udfff surrogates",
    '" onmouseover="alert(1)" style="color:red',
    "&lt;b&gt; &amp; 'quoted'",
)
LONG_LINE = "x" * 10_000


def check(name: str, verdict: Verdict, points: float, title: str = "", **words: object) -> CheckResult:
    """Build a check result that earns its points only if it passed."""
    finding = Finding(verdict, **words)  # type: ignore[arg-type]  # the words of a finding, as the caller names them
    earned = points if verdict is Verdict.PASSED else 0.0
    return CheckResult(name, title or f"{name} is right", finding, earned, points)


def exercise(
    ident: str, *checks: CheckResult, title: str = "", status: Status = Status.GRADED, **more: object
) -> ExerciseResult:
    """Build an exercise result; it is worth what its checks are worth, or ten points without checks."""
    score = sum(each.score for each in checks)
    worth = sum(each.max_score for each in checks) or 10.0
    return ExerciseResult(ident, title or ident, status, score, worth, checks, **more)  # type: ignore[arg-type]


def grade(*exercises: ExerciseResult, submission: str = "alice", **more: object) -> Grade:
    """Build a grade whose assignments are those that the exercise ids name."""
    names = list(dict.fromkeys(each.id.partition(".")[0] for each in exercises))
    parts = tuple(_assignment(name, tuple(e for e in exercises if e.id.partition(".")[0] == name)) for name in names)
    score, worth = sum(part.score for part in parts), sum(part.max_score for part in parts)
    walls = Protection(3, "full", "Sandbox: full")
    return Grade(submission, "cpu", walls, score, worth, parts, **more)  # type: ignore[arg-type]


def _assignment(name: str, exercises: tuple[ExerciseResult, ...]) -> AssignmentResult:
    score, worth = sum(each.score for each in exercises), sum(each.max_score for each in exercises)
    return AssignmentResult(name, name.replace("_", " ").capitalize(), score, worth, exercises)


def whole_exercise(ident: str, points: float = 20.0) -> ExerciseResult:
    """Build an exercise of which every check passed."""
    titles = {
        "defined": "The name is defined and can be called",
        "constructs": "It can be built with the documented arguments",
        "parameters": "The parameters have the right number and shapes",
        "forward": "The output equals the reference's in train and in eval mode",
    }
    checks = [check(name, Verdict.PASSED, points / 4, title) for name, title in titles.items()]
    return exercise(ident, *checks, title="A fully connected layer, written as asked")


def down_block() -> ExerciseResult:
    """Build the exercise that the sample is about: a wrong stride, seen in values and in gradients."""
    where = Place(
        "residual_blocks.py",
        31,
        "        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride[0], 1)",
    )
    return exercise(
        "residual_blocks.RestNetDownBlock",
        check("defined", Verdict.PASSED, 1, "The class is defined and is an nn.Module"),
        check("constructs", Verdict.PASSED, 2, "It can be built with (in_channels, out_channels, stride)"),
        check("parameters", Verdict.PASSED, 7.5, "The parameters have the right number and shapes"),
        check(
            "shapes",
            Verdict.FAILED,
            6,
            "The output is half as high and half as wide",
            rationale="The second convolution halves the image once more, so main path and shortcut differ in size.",
            expected="shape (2, 128, 12, 10), float32",
            got="RuntimeError: The size of tensor a (6) must match the size of tensor b (12) at dimension 2",
            asked="block = RestNetDownBlock(64, 128, [2, 1])\nblock(torch.randn(2, 64, 24, 20)).shape",
            hint="How large is the image after the first convolution? How large should it be after the second?",
            where=where,
        ),
        check("forward", Verdict.SKIPPED, 10, "The output equals the reference's", rationale="Needs: shapes"),
        check("gradients", Verdict.SKIPPED, 6.5, "Gradients reach every parameter and the input"),
        check("device", Verdict.ERROR, 2, "No device or dtype is hard-coded", rationale="The probe did not answer."),
        title="Residual block that halves the image",
        misconceptions=(
            Misconception(
                "stride-on-second-conv",
                "The pair [s1, s2] holds one stride for each convolution. Which of the two does each of yours use?",
                where,
                title="The second convolution takes the stride of the first",
                technique="Give the first convolution the first of the two strides, and the second the other one.",
            ),
        ),
        exhibits=Exhibits(
            layers=_layers(),
            gradients=_gradients(),
            code=(_code(),),
            output="building block\nready\n",
            demonstration=_demonstration(),
        ),
    )


def resnet() -> ExerciseResult:
    """Build an exercise whose training went wrong: the loss ends in NaN, the accuracy below its band."""
    losses = (*(2.4 * 0.93**step + 0.1 * (step % 3) for step in range(11)), math.inf, math.nan, math.nan)
    reference = tuple(2.35 * 0.86**step for step in range(15))
    return exercise(
        "residual_blocks.RestNet18",
        check("defined", Verdict.PASSED, 2, "The class is defined and is an nn.Module"),
        check("parameters", Verdict.PASSED, 8, "The model has 11 186 442 parameters in the right shapes"),
        check(
            "training",
            Verdict.FAILED,
            10,
            "Fifteen steps of training reach the expected accuracy",
            rationale="The loss stops being a number at step 12.",
            expected="accuracy in 61.4 % to 100 %",
            got="accuracy 9.8 %; loss nan from step 12",
            hint="What keeps the activations of a deep network at one scale?",
            where=Place("residual_blocks.py", 88, "        out = self.layer4(out)"),
        ),
        title="ResNet18 made of the two blocks",
        exhibits=Exhibits(training=TrainingCurve(losses, reference, 0.098, 0.713, (0.614, 1.0))),
    )


def sample_grade() -> Grade:
    """Build a believable grade with every verdict and every status in it."""
    return grade(
        whole_exercise("layers.linear_module"),
        whole_exercise("layers.linear_functional", 15),
        exercise("layers.FunctionalDropout", title="Dropout with the functional form", status=Status.NOT_ATTEMPTED),
        exercise(
            "layers.conv_relu_pool",
            title="Convolution, ReLU and pooling",
            status=Status.ERROR,
            note="The worker could not be started.",
        ),
        whole_exercise("residual_blocks.RestNetBasicBlock", 25),
        down_block(),
        resnet(),
        exercise(
            "training.fit", title="Train for some epochs", status=Status.NOT_SUBMITTED, note="Expected: training.py"
        ),
        notes=("residual_blocks.py prints at import; that is allowed and not graded.",),
    )


def hostile_grade() -> Grade:
    """Build a grade with an attack in every text that comes from a submission."""
    every = "\n".join((*HOSTILE, LONG_LINE))
    exercises = [_hostile_exercise(number, text, every) for number, text in enumerate((*HOSTILE, LONG_LINE))]
    made = grade(*exercises, submission="".join(HOSTILE[:4]), notes=(every,))
    return replace(made, device=HOSTILE[1], sandbox=Protection(3, "full", every), fingerprint=HOSTILE[0])


def _hostile_exercise(number: int, text: str, every: str) -> ExerciseResult:
    where = Place(text, 3, text)
    bad = check("forward", Verdict.FAILED, 3, text, rationale=text, expected=text, got=every, asked=text, where=where)
    broken = check("device", Verdict.ERROR, 1, text, rationale=text, hint=text)
    shown = Exhibits(
        layers=(
            LayerRow(text, 1, text, 2, text, False, (text, text), (text, text)),
            LayerRow("", 0, text, 1, text, False),
        ),
        gradients=(GradientRow(text, math.nan, math.inf, same=False), GradientRow(text, None, 0.0, same=False)),
        training=TrainingCurve((math.nan, math.inf), (), math.nan, math.inf, (math.nan, math.inf)),
        code=(Excerpt(text, tuple(SourceLine(line, text, line == 3) for line in range(1, 4))),),
        output=every,
        demonstration=Demonstration(
            (TraceRow(text, text, text, same=True), TraceRow("", text, text, same=False, first=True)),
            SmallestCall(every, text, text),
            before=3,
        ),
    )
    return exercise(
        f"hostile.{number}",
        bad,
        replace(check("gradients", Verdict.SKIPPED, 1, text, rationale=text)),
        broken,
        check("defined", Verdict.PASSED, 1, text),
        title=text,
        note=text,
        misconceptions=(Misconception(text, text, where, text, text),),
        exhibits=shown,
    )


def _layers() -> tuple[LayerRow, ...]:
    wide, small = ("(2, 64, 24, 20)", "(2, 128, 24, 20)"), ("(2, 64, 24, 20)", "(2, 128, 12, 10)")
    over, after = ("(2, 128, 24, 20)",) * 2, ("(2, 128, 12, 10)",) * 2
    conv1, conv2 = "Conv2d (128, 64, 3, 3) + (128,)", "Conv2d (128, 128, 3, 3)"
    beside, bn = "Conv2d (128, 64, 1, 1) + (128,)", "BatchNorm2d (128,)"
    return (
        LayerRow(conv1, 73_856, conv1, 73_856, "conv1", True, wide, small, apart=True),
        LayerRow(bn, 256, bn, 256, "bn1", True, over, after),
        LayerRow(f"{conv2} + (128,)", 147_584, conv2, 147_456, "conv2", False, (over[0], after[0]), after),
        LayerRow(bn, 256, bn, 256, "bn2", True, after, after),
        LayerRow(beside, 8_320, beside, 8_320, "shortcut.0", True, small, small),
        LayerRow(bn, 256, "", 0, "", False, expected_passed=after),
    )


def _gradients() -> tuple[GradientRow, ...]:
    return (
        GradientRow("conv1.weight", 0.42, 0.42, True),
        GradientRow("conv1.bias", 3.1e-7, 3.1e-7, True),
        GradientRow("bn1.weight", 0.051, 0.051, True),
        GradientRow("bn1.bias", 0.038, 0.038, True),
        GradientRow("conv2.weight", 1.9, 0.61, False),
        GradientRow("bn2.weight", None, 0.12, False),
        GradientRow("bn2.bias", math.nan, 0.12, False),
        GradientRow("shortcut.0.weight", math.inf, 0.33, False),
        GradientRow("shortcut.0.bias", 0.0, 2.0e-7, False),
    )


def _demonstration() -> Demonstration:
    rows = (
        TraceRow("conv2d → (2, 128, 12, 10)", "conv2d → (2, 128, 12, 10)", "conv1", same=True),
        TraceRow("conv2d → (2, 128, 12, 10)", "conv2d → (2, 128, 6, 5)", "conv2", same=False, first=True),
        TraceRow("add → (2, 128, 12, 10)", "", "", same=False),
    )
    code = "import torch\nfrom residual_blocks import RestNetDownBlock\n\nprint(RestNetDownBlock(1, 1, [2, 1]))"
    return Demonstration(rows, SmallestCall(code, "13", "9"), before=4, after=7)


def _code() -> Excerpt:
    text = '''class RestNetDownBlock(nn.Module):
    """A block that halves the image."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()  # registers the layers
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride[0], 1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride[0], 1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential('''
    lines = text.split("\n")
    return Excerpt("residual_blocks.py", tuple(SourceLine(24 + n, line, n == 7) for n, line in enumerate(lines)))
