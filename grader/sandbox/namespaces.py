"""Namespaces of a worker's own: the position from which they can be made, the fork into them, and the way down.

There are two ways to the privileges that this takes. ``root``: the grader has them, and the worker becomes nobody.
``user``: an ordinary user's zygote moves to a user namespace, which lends them.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from grader.sandbox import syscalls as sc

NOBODY = 65534
WAYS = ("root", "user")
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # exit codes; the second as passed on, here or by bubblewrap
_OWN = sc.CLONE_NEWNS | sc.CLONE_NEWNET | sc.CLONE_NEWIPC | sc.CLONE_NEWUTS


def take_position(way: str) -> None:
    """In the zygote: get the privileges. For ``user`` this goes on in a child, as process 1 of a pid namespace that
    the new user namespace owns; the process that was called stays behind to pass on how it ends."""
    if way != "user":
        return
    uid, gid = os.geteuid(), os.getegid()
    sc.unshare(sc.CLONE_NEWUSER | sc.CLONE_NEWPID)
    map_user(uid, gid)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)  # as shells say it: who waits must know a kill from a refusal
    sc.prctl(sc.PR_SET_PDEATHSIG, 9)


def fork_apart() -> int:
    """Fork; the child is process 1 of a new pid namespace. Returns its pid in the parent, and 0 in the child."""
    # A process may make such a namespace for its children again only after it has gone back to its own.
    with open("/proc/self/ns/pid") as own:
        sc.unshare(sc.CLONE_NEWPID)
        child = os.fork()
        if child:
            sc.setns(own.fileno(), sc.CLONE_NEWPID)
    return child


def enter() -> None:
    """Leave the host's mounts, network, ipc and names."""
    sc.unshare(_OWN)
    sc.mount("none", "/", flags=sc.MS_REC | sc.MS_PRIVATE)


def become_nobody() -> None:
    """Nobody, in a user namespace that owns nothing."""
    if os.getuid() != NOBODY:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # A process that changed its user may not write its own maps until it is dumpable again.
        sc.prctl(sc.PR_SET_DUMPABLE, 1)
    sc.unshare(sc.CLONE_NEWUSER)
    if os.path.exists("/proc/self/uid_map"):
        map_user(NOBODY, NOBODY)


def map_user(uid: int, gid: int) -> None:
    """Whoever it is outside, inside it is nobody."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")
