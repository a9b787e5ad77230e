"""Given to every attack: where everything is that it wants (`place`), and how to boast of what it got.

An attacker knows all paths, ports and process numbers; what it does not know are the canaries. What it reads it prints
with `loot`, as far as there are canaries in it. What it could do and should not, it prints with `breach`.
"""

import ctypes
import os
import platform
import re
from collections.abc import Callable
from typing import Any

import place

_CANARY = re.compile(rb"CANARY-[a-z]+-[0-9a-f]{16}")
_libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"


def breach(what: str) -> None:
    """Tell the test that something was not refused. Written at once: the process may not live much longer."""
    text = f"\nBREACH-{place.TOKEN} {what}\n".encode("utf-8", "backslashreplace")
    os.write(1, text)


def loot(found: object) -> None:
    """Print the canaries in what was read."""
    data = found if isinstance(found, bytes) else str(found).encode("utf-8", "surrogateescape")
    for canary in set(_CANARY.findall(data)):
        os.write(1, b"\n" + canary + b"\n")


def attempt(deed: Callable[[], Any]) -> Any:
    """Do something; what comes back is searched for canaries. None where it was refused."""
    try:
        result = deed()
    except BaseException:
        return None
    loot(result)
    return result


def refused(what: str, deed: Callable[[], Any]) -> None:
    """Do something that must raise; when it does not, that is a breach."""
    try:
        result = deed()
    except BaseException:
        return
    loot(result)
    breach(what)


def syscall(x86: int, arm: int, *args: Any) -> int:
    """A system call by its number, past every wrapper. Returns -1 where it failed, or does not exist here."""
    number = arm if ARM else x86
    if number < 0:
        return -1
    return int(_libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in args)))


def denied(what: str, x86: int, arm: int, *args: Any) -> int:
    """A system call that must fail; returns what it gave."""
    result = syscall(x86, arm, *args)
    if result != -1:
        breach(f"{what} gave {result}")
    return result


def read(path: str, size: int = 1 << 20) -> bytes:
    """The beginning of a file, by the plainest means."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def forge(header: bytes, payload: bytes = b"", channel: int = 3) -> None:
    """Write a frame of our own making to the grader."""
    data = len(header).to_bytes(4, "big") + len(payload).to_bytes(4, "big") + header + payload
    while data:
        data = data[os.write(channel, data) :]
