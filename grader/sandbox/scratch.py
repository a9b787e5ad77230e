"""A worker's scratch folder where it is not a file system of its own: measured while it lives, removed afterwards.

What is in it was made by a stranger, who may have nested folders deeper than any path, or added files while we look.
"""

from __future__ import annotations

import os
import subprocess

from grader.sandbox.root import SCRATCH_BYTES, SCRATCH_FILES


def excess(folder: str) -> str:
    """What is too much in it, in words; nothing while it is within its limits."""
    entries = size = 0
    front = [folder]
    while front:
        try:
            with os.scandir(front.pop()) as found:
                for entry in found:
                    entries += 1
                    if entries > SCRATCH_FILES:
                        return f"more than {SCRATCH_FILES} files written"
                    if entry.is_dir(follow_symlinks=False):
                        front.append(entry.path)
                    else:
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
        except FileNotFoundError:
            continue  # removed meanwhile
        except OSError as error:
            return f"files written that cannot be looked at ({error.strerror})"
        if size > SCRATCH_BYTES:
            return f"more than {SCRATCH_BYTES >> 20} MiB of files written"
    return ""


def remove(folder: str) -> None:
    """Remove it with all that is in it. rm, since it follows no link and no depth stops it."""
    subprocess.run(["rm", "-rf", "--", folder], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
