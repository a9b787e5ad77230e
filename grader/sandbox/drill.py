"""A fire drill: what a hostile submission would try first. `grade doctor` hands this file in as if it were one.

It runs in a worker and is never imported by the grader. Before it the doctor puts the names of its bait: a file that
anybody may read, a port that listens, its own process, a value of its environment. Every attempt is harmless where it
succeeds. It needs nothing but the standard library, and prints one JSON object: for each attempt what it got away
with, or nothing where it was refused.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
from collections.abc import Callable

# Set by the doctor, in the lines that it puts before these.
BAIT_FILE: str = globals().get("BAIT_FILE", "/etc/hostname")
BAIT_PORT: int = globals().get("BAIT_PORT", 22)
BAIT_PID: int = globals().get("BAIT_PID", 1)
BAIT_NAME: str = globals().get("BAIT_NAME", "PATH")

_PTRACE_SEIZE, _CLONE_NEWUSER, _PR_SET_PDEATHSIG = 0x4206, 0x10000000, 1


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(40)


def _write(path: str) -> str:
    with open(path, "a"):
        return "opened it for writing"


def _call(name: str, *arguments: object) -> str:
    """A function of libc that refuses with -1."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return name


def _start_program() -> str:
    _, status = os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    if status:  # the child could not become the program
        raise PermissionError
    return "ran /bin/true"


def _fork() -> str:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "has a child"


def _unix_socket() -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM):
        return "has a socket that reaches any path"


def _signal() -> str:
    os.kill(BAIT_PID, 0)
    return "could have killed it"


def _raise_limits() -> str:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
    return "may dump core"


def _add_file(folder: str) -> str:
    place = os.path.join(folder, "drill-was-here")
    open(place, "x").close()
    os.unlink(place)
    return f"could add files to {folder}"


def _find_environment() -> str:
    return f"read {BAIT_NAME}={os.environ[BAIT_NAME]}"


def _memory_outside_the_limit() -> str:
    os.close(os.memfd_create("drill"))
    return "has memory that no limit counts"


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file of this machine": lambda: _read(BAIT_FILE),
    "change a file of this machine": lambda: _write(BAIT_FILE),
    "add a file beside it": lambda: _add_file(os.path.dirname(BAIT_FILE)),
    "add a module to Python": lambda: _add_file(os.path.dirname(json.__file__)),
    "list home folders": lambda: os.listdir("/home") + os.listdir("/root"),
    "read the grader's environment": lambda: _read(f"/proc/{BAIT_PID}/environ"),
    "inherit the grader's environment": _find_environment,
    "connect to a port of this machine": lambda: socket.create_connection(("127.0.0.1", BAIT_PORT), 2),
    "look up a name": lambda: socket.getaddrinfo("localhost", BAIT_PORT, type=socket.SOCK_STREAM),
    "open a Unix socket": _unix_socket,
    "start a program": _start_program,
    "start a process": _fork,
    "signal the grader": _signal,
    "trace the grader": lambda: _call("ptrace", _PTRACE_SEIZE, BAIT_PID, None, None),
    "make a namespace": lambda: _call("unshare", _CLONE_NEWUSER),
    "mount a file system": lambda: _call("mount", b"none", b"/dev", b"tmpfs", ctypes.c_ulong(0), None),
    "outlive its time": lambda: _call("prctl", _PR_SET_PDEATHSIG, ctypes.c_ulong(0)),
    "raise its limits": _raise_limits,
    "get memory that no limit counts": _memory_outside_the_limit,
    "read kernel messages": lambda: _read("/dev/kmsg"),
}


def attempt(action: Callable[[], object]) -> str:
    """What came of one attempt; nothing when it was refused."""
    try:
        return str(action())[:80] or "got through"
    except (OSError, ValueError, KeyError, AttributeError):
        return ""


if __name__ == "drill":
    signal.alarm(20)
    print(json.dumps({name: attempt(action) for name, action in ATTEMPTS.items()}))
