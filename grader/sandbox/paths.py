"""What of this machine a worker sees, read-only: Python, its packages, the system's libraries."""

from __future__ import annotations

import os
import sys
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
