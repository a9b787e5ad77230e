"""torchvision where its compiled extension does not fit torch, data sets on disk, and ResNet18 beside torchvision's."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from grader import bands, data
from grader.course import TEST_SAMPLES, TRAIN_SAMPLES, Course
from grader.errors import UsageError
from grader.grading import Grader, Selection
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store
from grader.submission import Submission
from grader.worker import datasets, vision
from grader.worker.training import prepare

ROOT = Path(__file__).resolve().parents[1]
HOOK = "from grader.worker.vision import install_hook; install_hook(); "
USES = """
import torch, torchvision
from torchvision import datasets, models, transforms
from torchvision.transforms import v2
x = torch.rand(3, 40, 40)
assert v2.Compose([v2.Resize((32, 32)), v2.RandomHorizontalFlip()])(x).shape == (3, 32, 32)
assert transforms.Normalize((0.5,) * 3, (0.5,) * 3)(x).shape == (3, 40, 40)
assert models.resnet18(num_classes=10)(x[None].expand(2, -1, -1, -1)).shape == (2, 10)
assert len(datasets.FakeData(size=3)) == 3
print("fine")
"""
# Whoever opens a connection is caught.
OFFLINE = """
import socket, sys
def refuse(*_, **__): print("network!"); sys.exit(9)
socket.getaddrinfo = socket.socket.connect = socket.create_connection = refuse
"""
CLASSES = 10


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Python."""
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT)


def write_idx(file: Path, array: np.ndarray) -> None:
    """Write in the format of MNIST's files: magic number, sizes, bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    file.write_bytes(header + array.astype(np.uint8).tobytes())


def write_mnist(root: Path, kind: str = "MNIST", train: int = TRAIN_SAMPLES + 50, test: int = TEST_SAMPLES + 3) -> Path:
    """Make a data set whose class is a bright stripe at a place of its own, in noise."""
    random = np.random.default_rng(5)
    for split, count in (("train", train), ("t10k", test)):
        labels = random.integers(0, CLASSES, count)
        images = random.integers(0, 120, (count, 28, 28))
        images[np.arange(count)[:, None], 4 + 2 * labels[:, None] + [0, 1]] += 100
        write_idx(root / kind / "raw" / f"{split}-images-idx3-ubyte", images)
        write_idx(root / kind / "raw" / f"{split}-labels-idx1-ubyte", labels)
    return root


@pytest.fixture(scope="module")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a made-up MNIST in the official format."""
    return write_mnist(tmp_path_factory.mktemp("data"))


def test_torchvision_works_behind_the_hook() -> None:
    """Models, both kinds of transforms and data sets work, whether or not the extension loads."""
    done = python(HOOK + USES)
    assert done.stdout == "fine\n", done.stderr


def test_installing_the_hook_imports_nothing() -> None:
    """A worker whose submission has no need of torchvision pays nothing; twice is once."""
    code = (
        "install_hook(); import sys; print([m for m in ('torch', 'torch.library', 'torchvision') if m in sys.modules]"
    )
    done = python(HOOK + code + ", sum(type(f).__name__ == '_Hook' for f in sys.meta_path))")
    assert done.stdout == "[] 1\n", done.stderr


def test_a_submission_that_declared_the_operators_itself_is_left_alone() -> None:
    """What helps on a student's own machine does no harm here; and the hook steps aside after its turn."""
    own = "import torch; torch.library.define('torchvision::nms', '(Tensor a, Tensor b, float c) -> Tensor'); "
    done = python(HOOK + own + "import torchvision.models, sys; print([f for f in sys.meta_path if 'Hook' in repr(f)])")
    assert done.stdout == "[]\n", done.stderr


def test_a_submission_may_import_torchvision(course: Course, zygote: Zygote, cache: Path) -> None:
    """Its import at the top of the file works in the sandbox, and costs no points."""
    source = (
        "import torchvision\nfrom torchvision import datasets, models\nfrom torchvision.transforms import v2\n"
        "from torch import nn\n\nassert models.resnet18 and v2.ToImage\n\n"
        "def build_sequential_args(a, b, c):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c))\n"
    )
    selection = Selection(exercises=frozenset(["build_methods.build_sequential_args"]))
    with Grader(course.without_training(), zygote, Settings(29), Store(cache), selection) as grader:
        grade = grader.grade_collected(Submission("erin", {"build_methods.py": source.encode()}))
    assert grade.score == grade.max_score, grade.as_json()
    assert [note.partition(":")[0] for note in grade.notes] == ["Left out"]


def solution(name: str) -> ModuleType:
    """The reference solution of an assignment, as a module."""
    spec = importlib.util.spec_from_file_location(f"solution_{name}", ROOT / "reference" / name / "solution.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_order_of_use(model: nn.Module, x: torch.Tensor) -> list[nn.Module]:
    """Layers with parameters, as a forward pass meets them."""
    met: list[nn.Module] = []
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.BatchNorm2d | nn.Linear)]
    hooks = [layer.register_forward_hook(lambda layer, *_: met.append(layer)) for layer in layers]
    with torch.no_grad():
        model.eval()(x)
    for hook in hooks:
        hook.remove()
    assert len(met) == len(layers) == len(set(map(id, met)))
    return met


def copy_layers(source: list[nn.Module], target: list[nn.Module]) -> None:
    """Copy all parameters and buffers, one layer after the other; a bias that the source lacks becomes zero."""
    assert [type(layer) for layer in source] == [type(layer) for layer in target]
    for one, other in zip(source, target, strict=True):
        state = one.state_dict()
        if isinstance(other, nn.Conv2d) and other.bias is not None:
            state.setdefault("bias", torch.zeros_like(other.bias))
        other.load_state_dict(state)


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_restnet18_is_torchvisions_resnet18(mode: str) -> None:
    """With the same weights, and zeros for the biases that torchvision's convolutions lack, all values agree."""
    vision.install_hook()
    from torchvision.models import resnet18

    torch.manual_seed(11)
    theirs, ours = resnet18(num_classes=CLASSES).double(), solution("residual_blocks").RestNet18().double()
    for layer in theirs.modules():
        if isinstance(layer, nn.BatchNorm2d):  # the defaults would hide a normalisation that is left out
            for tensor in (layer.weight.data, layer.running_var):
                tensor.uniform_(0.5, 1.5)
            for tensor in (layer.bias.data, layer.running_mean):
                tensor.normal_()
    x = torch.randn(3, 3, 64, 96, dtype=torch.float64)
    layers = in_order_of_use(theirs, x), in_order_of_use(ours, x)
    copy_layers(*layers)
    biases = sum(layer.bias.numel() for layer in layers[1] if isinstance(layer, nn.Conv2d) and layer.bias is not None)
    counts = [sum(parameter.numel() for parameter in model.parameters()) for model in (theirs, ours)]
    assert counts[1] == counts[0] + biases
    getattr(theirs, mode)(), getattr(ours, mode)()
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-11)
    for one, other in zip(*layers, strict=True):
        for name, buffer in one.named_buffers():
            torch.testing.assert_close(other.get_buffer(name), buffer, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("name", "kind"), [("mnist", "MNIST"), pytest.param("fashion_mnist", "FashionMNIST", marks=pytest.mark.long)]
)
def test_a_data_set_on_disk_is_cut_to_the_size_of_the_digits(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images, labels and their statistics are those of the files; the second time they come from the store, which is
    not asked where it is damaged."""
    store = tmp_path / "store"
    first = data.load(name, write_mnist(tmp_path, kind), store)
    assert first.images.shape == (TRAIN_SAMPLES + TEST_SAMPLES, 28, 28)
    assert (first.peak, first.name, first.labels.dtype) == (255, name, np.int64)
    stripes = first.images.astype(int).sum(2)[:, 4:24].reshape(-1, CLASSES, 2).sum(2)
    np.testing.assert_array_equal(stripes.argmax(1), first.labels)
    assert first.mean == pytest.approx(first.images[:TRAIN_SAMPLES].mean() / 255, abs=1e-4)
    (kept,) = store.glob("*.npz")
    asked: list[Path] = []

    def extract(name: str, root: Path, out: Path) -> None:
        asked.append(root)
        np.savez(out, images=first.images, labels=first.labels)

    monkeypatch.setattr(data, "_extract", extract)  # the process that reads the files takes seconds to start
    again = data.load(name, tmp_path, store)
    np.testing.assert_array_equal(again.images, first.images)
    assert asked == []
    kept.write_bytes(b"damaged")
    np.testing.assert_array_equal(data.load(name, tmp_path, store).images, first.images)
    assert asked == [tmp_path]


@pytest.mark.parametrize(
    ("name", "looked_for"),
    [
        ("mnist", "MNIST/raw/train-images-idx3-ubyte"),
        ("cifar10", "cifar-10-batches-py/data_batch_1"),
    ],
)
def test_absent_files_are_named_with_the_way_to_get_them(name: str, looked_for: str, tmp_path: Path) -> None:
    """The message is one line: what was looked for, and the command that fetches it."""
    with pytest.raises(UsageError) as caught:
        data.load(name, tmp_path, tmp_path / "store")
    said = str(caught.value)
    assert str(tmp_path / looked_for) in said
    assert "download=True" in said
    assert "\n" not in said


@pytest.mark.long
def test_too_few_images_and_damaged_files_are_said_to_be_that(tmp_path: Path) -> None:
    """Neither ends in a traceback."""
    with pytest.raises(UsageError, match=r"holds 30 training images; 1400 are needed"):
        data.load("mnist", write_mnist(tmp_path, train=30), tmp_path / "store")
    (tmp_path / "MNIST/raw/train-images-idx3-ubyte").write_bytes(b"\0\0")
    with pytest.raises(UsageError, match=r"--data mnist: mnist in .* cannot be read: \w+Error"):
        data.load("mnist", tmp_path, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_nothing_is_downloaded(tmp_path: Path) -> None:
    """Where some of the files are absent, no connection is opened, nothing is written, and what is missing is named."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(b"")
    code = OFFLINE + "from grader.worker.datasets import main; sys.exit(main(sys.argv[1:]))"
    done = python(code, "cifar10", str(tmp_path), str(tmp_path / "out.npz"), "3", "3")
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert f"looked for {folder / 'data_batch_2'}, and data_batch_3," in done.stderr
    assert [*tmp_path.iterdir(), *folder.iterdir()] == [folder, folder / "data_batch_1"]


def test_colours_come_as_three_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CIFAR10's own format, which torchvision knows by a checksum that made-up files cannot have."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"):
        pixels = np.zeros((4, 3, 32, 32), np.uint8)
        pixels[:, 1] = 7  # green
        (folder / name).write_bytes(pickle.dumps({"data": pixels.reshape(4, -1), "labels": [0, 1, 2, 9]}))
    vision.install_hook()
    from torchvision.datasets import CIFAR10

    monkeypatch.setattr(CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setattr(CIFAR10, "_load_meta", lambda self: None)
    images, labels = datasets.load("cifar10", tmp_path, 20, 3)
    assert images.shape == (23, 32, 32, 3)
    assert images[5, 0, 0].tolist() == [0, 7, 0]
    assert labels[20:].tolist() == [0, 1, 2]


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_prepared_whatever_their_form(channels: int) -> None:
    """Grey is spread over the channels, colours are kept or averaged; side and scale are as asked."""
    params = {"side": 8, "channels": channels, "peak": 255, "mean": 0.25, "deviation": 0.5}
    colours = np.zeros((2, 4, 4, 3), np.uint8)
    colours[..., 0] = 255
    grey, coloured = prepare(colours[..., 0], params), prepare(colours, params)
    assert grey.shape == coloured.shape == (2, channels, 8, 8)
    assert grey.unique().tolist() == [1.5]
    expected = [1.5, -0.5, -0.5] if channels == 3 else [(1 / 3 - 0.25) / 0.5]
    torch.testing.assert_close(coloured[0, :, 0, 0], torch.tensor(expected))


def test_the_digits_are_prepared_as_ever(course: Course) -> None:
    """To the bit: the bands that come with the course were measured on these values."""
    digits = course.digits
    params = {"side": 32, "channels": 3, "peak": digits.peak, "mean": digits.mean, "deviation": digits.deviation}
    x = torch.from_numpy(digits.images[:50]).float()[:, None] / 16
    x = nn.functional.interpolate(x, size=(32, 32), mode="bilinear").expand(-1, 3, -1, -1).contiguous()
    assert torch.equal(prepare(digits.images[:50], params), (x - 0.31) / 0.36)


def test_a_band_leaves_room_where_all_runs_reach_the_same() -> None:
    """Twenty perfect runs do not say that the next may miss no image."""
    assert bands.band([1.0] * 20, bands.DEVIATIONS[20]).lowest < 1 - 7 / TEST_SAMPLES
    assert bands.band([0.1, 0.9] * 10, bands.DEVIATIONS[20]).lowest == 0


@pytest.mark.long
def test_a_run_on_data_of_ones_own(mnist: Path, cache: Path, tmp_path: Path) -> None:
    """From the command line: full marks, a band measured once, and words that fit the data."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache.parent / "own")}
    arguments = ["--exercise", "Model_Dict", "--seed", "3", "--json", "--data", "mnist", "--data-root", str(mnist)]
    command = [sys.executable, "-m", "grader", str(ROOT / "submissions/alice"), *arguments]
    options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
    first, second = (subprocess.run(command, **options) for _ in range(2))  # type: ignore[call-overload]
    assert first.returncode == second.returncode == 0, first.stdout + first.stderr
    assert first.stderr.count("measuring what correct submissions reach on mnist: once on this machine") == 1
    assert "measuring" not in second.stderr
    (exercise,) = json.loads(first.stdout)["assignments"][0]["exercises"]
    assert exercise["score"] == exercise["max_score"]
    (training,) = [check for check in exercise["checks"] if check["id"] == "training"]
    assert "unseen images of mnist are right after 40 steps" in json.dumps(training)


@pytest.mark.parametrize(
    ("path", "arguments", "said"),
    [
        (["submissions/alice"], ["--data", "mnist"], "--data mnist needs --data-root DIR"),
        (["submissions/alice"], ["--data-root", "."], "the digits come along"),
        (["batch", "submissions"], ["--data", "cifar10", "--data-root", "."], "looked for"),
    ],
)
def test_options_that_do_not_fit_are_a_usage_error(
    path: list[str], arguments: list[str], said: str, cache: Path
) -> None:
    """One line, and exit code 2."""
    command = [sys.executable, "-m", "grader", *path, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
