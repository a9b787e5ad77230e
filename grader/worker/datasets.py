"""Data sets on disk, read by torchvision's own classes in a process of its own. No student code runs there.

    python -m grader.worker.datasets NAME ROOT OUT.npz TRAIN TEST

Writes "images" and "labels": TRAIN samples of the training split, then TEST of the test split. Nothing is downloaded.
What is wrong is said in one line on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.worker import vision

_MNIST_FILES = tuple(f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
_CIFAR_FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")
# By name: torchvision's class, the folder below the root, and the files that it reads there.
KNOWN = {
    "mnist": ("MNIST", "MNIST/raw", _MNIST_FILES),
    "fashion_mnist": ("FashionMNIST", "FashionMNIST/raw", _MNIST_FILES),
    "cifar10": ("CIFAR10", "cifar-10-batches-py", _CIFAR_FILES),
}
_SEED = 1797  # which samples are taken is the same everywhere
_CLASSES = 10

Arrays = tuple[np.ndarray, np.ndarray]


class Unreadable(Exception):
    """The data set is not there, or not as it should be. The message is for whoever asked for it."""


def main(arguments: Sequence[str]) -> int:
    """Read, cut, save; returns the exit status."""
    name, root, out, train, test = arguments
    try:
        images, labels = load(name, Path(root), int(train), int(test))
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1
    np.savez(out, images=images, labels=labels)
    return 0


def load(name: str, root: Path, train: int, test: int) -> Arrays:
    """Images (n, h, w) or (n, h, w, 3) uint8 and labels (n,) int64: a fixed choice of `train`, then the first `test`.

    Raises `Unreadable`.
    """
    if not root.joinpath(KNOWN[name][1]).exists():  # as where ROOT is misspelt: torchvision takes seconds to say so
        raise Unreadable(_absent(name, root))
    first, second = _split(name, root, True), _split(name, root, False)
    for (images, _), needed, split in ((first, train, "training"), (second, test, "test")):
        if len(images) < needed:
            raise Unreadable(f"{name} in {root} holds {len(images)} {split} images; {needed} are needed")
    chosen = np.random.Generator(np.random.Philox(_SEED)).permutation(len(first[0]))[:train]
    images, labels = (np.concatenate([a[chosen], b[:test]]) for a, b in zip(first, second, strict=True))
    if labels.min() < 0 or labels.max() >= _CLASSES:
        raise Unreadable(f"{name} in {root} has labels from {labels.min()} to {labels.max()}: expected 0 to 9")
    return images, labels


def _split(name: str, root: Path, train: bool) -> Arrays:
    kind = KNOWN[name][0]
    try:
        found = getattr(_torchvision_datasets(), kind)(str(root), train=train, download=False)
        images, labels = np.asarray(found.data, np.uint8), np.asarray(found.targets, np.int64)
    except Unreadable:
        raise
    except Exception as error:  # damaged files end in errors of many types
        raise Unreadable(_absent(name, root) or f"{name} in {root} cannot be read: {_one_line(error)}") from error
    if len(images) != len(labels):
        raise Unreadable(f"{name} in {root} has {len(images)} images and {len(labels)} labels in one split")
    return images, labels


def _torchvision_datasets() -> Any:
    vision.install_hook()
    try:
        from torchvision import datasets
    except ImportError as error:
        raise Unreadable(
            f"torchvision, which reads data sets, cannot be imported ({_one_line(error)}). "
            "Install it with: pip install 'torch-grader[data]'"
        ) from error
    return datasets


def _absent(name: str, root: Path) -> str:
    """What was looked for and how to get it; nothing where all files are there."""
    kind, folder, files = KNOWN[name]
    missing = [file for file in files if not (root / folder / file).is_file()]
    if not missing:
        return ""
    line = (
        "from grader.worker.vision import install_hook; install_hook(); "
        f"from torchvision.datasets import {kind}; {kind}({str(root)!r}, download=True)"
    )
    return (
        f"{name} is not in {root}: looked for {root / folder / missing[0]}"
        + (f", and {', '.join(missing[1:])} beside it" if missing[1:] else "")
        + f'. Nothing is downloaded unasked. Where there is a network, this gets it: python -c "{line}"'
    )


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
