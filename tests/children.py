"""Acts in a throw-away child behind one wall, and what came of them, told without a system call."""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import mmap
import os
import signal
from collections.abc import Callable, Sequence

import numpy as np

from grader.sandbox import syscalls as sc

REFUSED = errno.EUCLEAN  # what filters under test answer, so that no other refusal is taken for theirs
SILENT = -1  # the child ended before it could tell
WORKED = 0
_SECONDS = 10

Act = Callable[[], object]
_libc = ctypes.CDLL(None, use_errno=True)


def outcome(wall: Act, act: Act) -> int:
    """The errno with which `act` fails behind `wall`, WORKED, or SILENT."""
    return outcomes(wall, [act])[0]


def outcomes(wall: Act, acts: Sequence[Act]) -> list[int]:
    """What comes of several acts, one after the other, in one child behind `wall`.

    The wall may refuse the very calls that pipes and exits are made of: the answers go through shared memory.
    """
    with mmap.mmap(-1, 2 * len(acts)) as page:
        told = np.frombuffer(page, dtype=np.int16)
        told[:] = SILENT
        child = os.fork()
        if child == 0:
            try:
                faulthandler.disable()  # a child that derails is what some tests are about
                signal.setitimer(signal.ITIMER_REAL, _SECONDS)
                sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
                wall()
                for index, act in enumerate(acts):
                    told[index] = _tried(act)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        answers = [int(answer) for answer in told]
        del told  # the page cannot be closed while it is looked at
        return answers


def _tried(act: Act) -> int:
    try:
        act()
    except OSError as error:
        return error.errno or errno.EIO
    return WORKED


def call(number: int, *arguments: int | None) -> None:
    """A raw system call; raises OSError where it fails."""
    if _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(value or 0) for value in arguments)) == -1:
        raise OSError(ctypes.get_errno(), "refused")
