"""Every wall on its own, put up in a throw-away child and leant against: what this machine can do, step by step."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.language import N_, _
from grader.sandbox import bubble, landlock, lockdown, namespaces, paths, probe, root, seccomp
from grader.sandbox import syscalls as sc

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Step:
    """One wall: whether it stands here, and what was found, or why it does not."""

    id: str
    name: str
    stands: bool
    detail: str


def steps() -> list[Step]:
    """All walls, from the outermost to the innermost."""
    lockdown.prepare()
    tried: list[tuple[str, str, Callable[[], str]]] = [
        ("bubblewrap", "bubblewrap", _bubblewrap),
        ("user-namespace", N_("user namespace"), lambda: probe.in_child(_user_namespace)),
        ("private-root", N_("other namespaces, private root"), _private_root),
        ("landlock", "Landlock", lambda: probe.in_child(_landlock)),
        ("seccomp", "seccomp", lambda: probe.in_child(_seccomp)),
        ("pidfd", N_("process descriptors"), _pidfd),
    ]
    found = []
    for id_, name, attempt in tried:
        try:
            found.append(Step(id_, _(name), True, attempt()))
        except OSError as error:
            found.append(Step(id_, _(name), False, str(error.strerror or error)))
    return found


def _bubblewrap() -> str:
    bwrap = bubble.program()
    if bwrap is None:
        raise OSError(_("not installed"))
    command = bubble.command(bwrap, paths.shown("cpu"), PACKAGE, (), None)
    done = subprocess.run([*command, "/bin/true"], capture_output=True, text=True, errors="backslashreplace")
    if done.returncode:
        raise OSError(done.stderr.strip()[:200] or _("exit status {status}").format(status=done.returncode))
    version = subprocess.run([bwrap, "--version"], capture_output=True, text=True, errors="backslashreplace").stdout
    return version.strip()[:40]


def _user_namespace() -> str:
    uid, gid = os.geteuid(), os.getegid()
    sc.unshare(sc.CLONE_NEWUSER)
    namespaces.map_user(uid, gid)
    return _("uid {uid} can make one").format(uid=uid)


def _private_root() -> str:
    problem = OSError(_("no way to them"))
    for way in namespaces.WAYS if os.geteuid() == 0 else ("user",):
        try:
            return probe.in_child(lambda way=way: _rooted(way))  # type: ignore[misc]
        except OSError as error:
            problem = error
    raise problem


def _rooted(way: str) -> str:
    def build() -> str:
        namespaces.enter()
        root.build(paths.shown("cpu"), (), lockdown.BOX)
        namespaces.become_nobody()
        own = os.path.isdir("/proc/self")
        return (_("way: {way}; own /proc") if own else _("way: {way}; no /proc")).format(way=way)

    namespaces.take_position(way)
    return probe.in_child(build, namespaces.fork_apart)


def _landlock() -> str:
    version = landlock.abi()
    if not version:
        raise OSError(_("not in this kernel, or switched off"))
    sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
    landlock.enforce(())
    try:
        os.close(os.open("/dev/null", os.O_RDONLY))
    except PermissionError:
        said = "ABI {version}" if version >= 6 else _("ABI {version}, without its own guard on signals")
        return said.format(version=version)
    raise OSError(_("it is there, and refuses nothing"))


def _seccomp() -> str:
    if problem := seccomp.problem():
        raise OSError(problem)
    sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
    rules = seccomp.policy(os.getpid(), True)
    seccomp.load(rules)
    try:
        os.mknod("/dev/null/never", 0o600)
    except OSError as error:
        if error.errno == errno.EPERM:
            return _("filter of {count} rules").format(count=len(rules))
    raise OSError(_("a filter can be loaded, and refuses nothing"))


def _pidfd() -> str:
    os.close(os.pidfd_open(os.getpid()))
    return _("workers are killed through them")
