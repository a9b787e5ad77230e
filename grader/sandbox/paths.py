"""What of this machine a worker sees, read-only: Python, its packages, the system's libraries."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime")


def shown(device: str) -> tuple[str, ...]:
    """Folders and files to show, sorted; for CUDA also the devices."""
    wanted = [
        *_SYSTEM,
        sys.base_prefix,
        sys.prefix,
        *(path for path in sys.path if Path(path).name.endswith("-packages")),
    ]
    if device == "cuda":
        wanted += [str(path) for path in Path("/dev").glob("nvidia*")]
    return tuple(sorted({os.path.normpath(path) for path in wanted if os.path.exists(path)}))


def hidden(folders: Iterable[str], show: Sequence[str]) -> tuple[str, ...]:
    """The folders to hide, under every name by which what is shown leads to them: an environment may be a link."""
    real = [os.path.realpath(folder) for folder in folders]
    tops = ((shown, os.path.realpath(shown)) for shown in show)
    through = [
        shown + path[len(top) :] for shown, top in tops for path in real if path.startswith(top.rstrip("/") + "/")
    ]
    return tuple(dict.fromkeys([*real, *through]))
