"""torchvision beside a torch that its compiled extension does not fit, such as the CPU build.

Without the extension ``import torchvision`` fails: it describes the operators ``nms`` and ``qnms``, which nobody has
defined. Once their schemas are declared, models, transforms and data sets work; only operators on boxes stay missing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, PathFinder
from types import ModuleType

_SCHEMAS = dict.fromkeys(("nms", "qnms"), "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def install_hook() -> None:
    """From now on the first ``import torchvision`` finds what it needs. Imports nothing by itself."""
    if "torchvision" not in sys.modules and not any(isinstance(finder, _Hook) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Hook())


class _Hook(MetaPathFinder):
    """Finds no module; it only learns that torchvision is about to be imported, and then steps aside."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "torchvision":
            sys.meta_path.remove(self)
            found = PathFinder.find_spec(fullname)
            folders = found.submodule_search_locations if found else None
            if folders and not _extension_loads(folders[0]):
                _declare()
        return None


def _extension_loads(folder: str) -> bool:
    import torch

    found = FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES)).find_spec("_C")
    if found is None or not found.origin:
        return False
    try:
        torch.ops.load_library(found.origin)
    except (ImportError, OSError):  # what torchvision itself catches at this point
        return False
    return True


def _declare() -> None:
    import torch.library

    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):  # a submission may have helped itself
            torch.library.define(f"torchvision::{name}", schema)
