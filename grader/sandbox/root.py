"""The private root of a worker: a small read-only file system made of views of what it may see.

Built inside the worker's own mount namespace: a tmpfs, read-only binds of what is shown, empty covers over what is
hidden in it, a scratch folder and a /dev/shm of limited size, and a /proc of its own pid namespace.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from grader.sandbox import syscalls as sc
from grader.sandbox.namespaces import NOBODY

SCRATCH_BYTES = 256 << 20
SCRATCH_FILES = 10_000

_OLD_ROOT = "/.old"  # where the host's root is while the private one is built
_DEVICES = ("null", "zero", "full", "random", "urandom")


def build(show: Sequence[str], hide: Sequence[str], box: str) -> None:
    """A tmpfs with read-only views of what is shown, an empty cover over what is hidden, and a scratch folder."""
    sources = {path: os.path.realpath(path) for path in show}
    sc.mount("tmpfs", "/tmp", "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, "size=1m,mode=755")
    os.mkdir("/tmp" + _OLD_ROOT)
    # Pivot first and build afterwards: what was in the host's /tmp would else be covered by the new root.
    sc.pivot_root("/tmp", "/tmp" + _OLD_ROOT)
    os.chdir("/")
    mounts = views(show, hide)
    for path, shown in mounts:
        if shown:
            _show(_OLD_ROOT + sources[path], path, link=os.path.islink(_OLD_ROOT + path))
        else:
            sc.mount("tmpfs", path, "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, "size=64k,mode=755")
    for path, shown in mounts:
        if not shown:
            sc.make_read_only(path, recursive=False)
    for name in _DEVICES:
        _show(f"{_OLD_ROOT}/dev/{name}", f"/dev/{name}", read_only=False)
    for folder in (box, "/dev/shm"):
        os.makedirs(folder, exist_ok=True)
        options = f"size={SCRATCH_BYTES},nr_inodes={SCRATCH_FILES},mode=1777"
        sc.mount("tmpfs", folder, "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, options)
    for folder in ("/proc", "/tmp", "/etc"):
        os.makedirs(folder, exist_ok=True)
    if not any(path.startswith("/tmp/") for path in show):  # a Python that lives in /tmp must not be covered
        sc.mount(box, "/tmp", flags=sc.MS_BIND)  # one budget for both
    _write_etc(box)
    _mount_proc()


def views(show: Sequence[str], hide: Sequence[str]) -> list[tuple[str, bool]]:
    """What must be mounted, outermost first: folders to show (true), and covers over what is to be hidden in them.

    A folder that is shown may lie in one that is hidden: the environment that runs us, in the checkout with the course.
    """
    wanted = dict.fromkeys(hide, False) | dict.fromkeys(show, True)
    found: list[tuple[str, bool]] = []
    for path, shown in sorted(wanted.items()):
        around = [
            seen for outer, seen in found if path.startswith(outer + "/") and not os.path.islink(_OLD_ROOT + outer)
        ]
        visible = around[-1] if around else False
        if shown != visible and (shown or os.path.isdir(path) or os.path.isdir(_OLD_ROOT + path)):
            found.append((path, shown))
    return found


def _write_etc(box: str) -> None:
    Path("/etc/passwd").write_text(f"student:x:{NOBODY}:{NOBODY}:student:{box}:/usr/sbin/nologin\n")
    Path("/etc/group").write_text(f"student:x:{NOBODY}:\n")


def _show(source: str, target: str, read_only: bool = True, link: bool = False) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if link:  # /lib on a merged-usr system: its target is shown too
        os.symlink(source.removeprefix(_OLD_ROOT), target)
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        Path(target).touch()
    sc.mount(source, target, flags=sc.MS_BIND | sc.MS_REC)
    if read_only:
        sc.make_read_only(target)


def _mount_proc() -> None:
    """A /proc of the own pid namespace; where the kernel refuses it (containers), none at all."""
    with contextlib.suppress(OSError):  # everything works without /proc; the host's would show every process
        sc.mount("proc", "/proc", "proc", sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC)
    sc.unmount(_OLD_ROOT)
    os.rmdir(_OLD_ROOT)
    sc.make_read_only("/", recursive=False)
