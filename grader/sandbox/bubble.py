"""The outer layer of tier 4: the zygote itself inside bubblewrap, with nothing but Python in sight and no network.

A second, independent wall, put up once, by a tool that other people test: what gets through the worker's own walls
still stands in an empty house.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

NOBODY = 65534


def program() -> str | None:
    """Where bubblewrap is, if it is installed."""
    return shutil.which("bwrap")


def command(bwrap: str, show: Sequence[str], package: Path, hide: Sequence[str], cache: str | None) -> list[str]:
    """The words to put before a program so that it runs inside; descriptors and environment pass through.

    `package` is our own code; `hide` are folders to be covered where they lie in one that is shown; `cache` may be
    written.
    """
    # Not --disable-userns: each worker still makes namespaces of its own.
    words = [bwrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    # Root of the outer namespace may not be mapped into the workers' own; nobody may.
    words += ["--uid", str(NOBODY), "--gid", str(NOBODY)]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    inside = [*show, str(package)]
    for path in sorted(inside):
        if path.startswith("/dev/"):
            words += ["--dev-bind", path, path]
        elif os.path.islink(path):  # /lib on a merged-usr system: its target is shown too
            words += ["--symlink", os.readlink(path), path]
        else:
            words += ["--ro-bind", path, path]
    if not os.path.exists("/usr/sbin/ldconfig") or os.path.islink("/sbin"):
        words += ["--symlink", "usr/sbin", "/sbin"]  # ctypes looks for libraries with /sbin/ldconfig
    for path in hide:
        if any(path.startswith(shown + "/") for shown in inside) and os.path.isdir(path):
            words += ["--tmpfs", path]
            words += [word for shown in sorted(show) if shown.startswith(path + "/") for word in _again(shown)]
    if cache:
        os.makedirs(cache, exist_ok=True)
        words += ["--bind", cache, cache]
    return [*words, "--chdir", "/", "--"]


def _again(path: str) -> list[str]:
    """A folder that is shown may lie in one that is hidden."""
    return ["--ro-bind", path, path]
