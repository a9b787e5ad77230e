"""Data sets on disk in place of the digits: read once by a process that has torch, kept in the store's folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from grader.course import TEST_SAMPLES, TRAIN_SAMPLES, Digits
from grader.errors import UsageError
from grader.language import _

# By name: the folder below --data-root that holds it, as torchvision lays it out.
FOLDERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "cifar10": "cifar-10-batches-py"}
_PEAK = 255
_ROOT = Path(__file__).resolve().parents[1]  # the folder that holds the package `grader`
# The very package that runs here, whichever others are installed; see sandbox/host.py.
_PROGRAM = (
    "import sys; sys.path.insert(0, {root!r}); import grader; sys.path.pop(0); "
    "from grader.worker.datasets import main; sys.exit(main(sys.argv[1:]))"
)


def load(name: str, root: Path, store: Path) -> Digits:
    """The data set `name` below `root`, cut to the size of the digits. Raises `UsageError` where it is not there."""
    root = root.resolve()
    kept = store / f"{name}-{_fingerprint(name, root)}.npz"
    known = _read(name, kept)
    if known is not None:
        return known
    with tempfile.TemporaryDirectory(prefix="grader-") as scratch:
        fresh = Path(scratch) / "data.npz"
        _extract(name, root, fresh)
        data = _read(name, fresh)
        if data is None:
            raise UsageError(
                _("--data {name}: {root} holds images or labels of an unknown form").format(name=name, root=root)
            )
        _keep(fresh.read_bytes(), kept)
    return data


def _fingerprint(name: str, root: Path) -> str:
    """Where the files are, how long, and how old: other files make another key."""
    digest = hashlib.sha256(repr((str(root), TRAIN_SAMPLES, TEST_SAMPLES)).encode())
    for file in sorted((root / FOLDERS[name]).rglob("*")):
        with contextlib.suppress(OSError):
            status = file.stat()
            digest.update(repr((str(file), status.st_size, status.st_mtime_ns)).encode())
    return digest.hexdigest()[:40]


def _extract(name: str, root: Path, out: Path) -> None:
    program = [sys.executable, "-s", "-P", "-B", "-c", _PROGRAM.format(root=str(_ROOT))]
    arguments = [name, str(root), str(out), str(TRAIN_SAMPLES), str(TEST_SAMPLES)]
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, errors="backslashreplace")
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = said[-1] if said else _("it could not be read, and no reason was given")
        raise UsageError(f"--data {name}: {reason}")


def _read(name: str, file: Path) -> Digits | None:
    """What was saved there; None when nothing was, or it is damaged."""
    try:
        with open(file, "rb") as archive, np.load(archive, allow_pickle=False) as saved:
            images, labels = saved["images"], saved["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or labels.shape != (TRAIN_SAMPLES + TEST_SAMPLES,):
        return None
    seen = images[:TRAIN_SAMPLES] / _PEAK
    deviation = float(seen.std()) or 1.0  # all images of one shade still have to be numbers
    return Digits(images, labels, _PEAK, round(float(seen.mean()), 4), round(deviation, 4) or 1.0, name)


def _keep(content: bytes, file: Path) -> None:
    """Whole or not at all; where it cannot be written, the next run reads the data set again."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=file.parent, prefix=".new-")
        with open(descriptor, "wb") as handle:
            handle.write(content)
        os.replace(fresh, file)
