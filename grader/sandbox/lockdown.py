"""The walls around one worker. This is the one place where protection is added or taken away.

The zygote takes a position from which it can build walls (`take_position`), once; every worker is then forked into a
pid namespace of its own (`fork_apart`), whose process 1 it is, and closes the door behind itself (`close_the_door`).

Three strengths, best first, chosen by doing every step once in a throw-away child (`probe`): flags lie.

- ``root``: the grader runs as root. Walls are built with real privileges, then the worker becomes nobody.
- ``user``: an ordinary user. The zygote moves to a user namespace, which lends it the privileges that walls need.
- ``none``: no namespaces to be had. Limits, closed descriptors and a cleared environment only.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

from grader.sandbox import syscalls as sc

BOX = "/box"  # the worker's only writable folder
OLD_ROOT = "/.old"  # where the host's root is while the private one is built
NOBODY = 65534
SCRATCH_BYTES = 256 << 20
SCRATCH_FILES = 10_000
STRENGTHS = ("root", "user", "none")

_NAMESPACES = sc.CLONE_NEWNS | sc.CLONE_NEWNET | sc.CLONE_NEWIPC | sc.CLONE_NEWUTS
_DEVICES = ("null", "zero", "full", "random", "urandom")
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime")


@dataclass(frozen=True)
class Walls:
    """Which protection workers get: a strength, and, when it is not the best, why."""

    strength: str
    why: str = ""

    @property
    def line(self) -> str:
        """One line for people: what is on, and what is not."""
        if self.strength == "none":
            return f"limits only, NO namespaces ({self.why}): student code can read your files and use the network"
        user = "user nobody" if self.strength == "root" else "own user"
        return f"{user}; own user, mount, pid, network, ipc and uts namespaces; private read-only root; limits"


@dataclass(frozen=True)
class Plan:
    """What the walls of one worker are made of.

    `hide` are folders that must not be seen even though they lie below one that is shown; `memory_bytes` comes on
    top of what the zygote already maps; zero means no limit, as CUDA needs.
    """

    strength: str
    show: tuple[str, ...]
    hide: tuple[str, ...]
    memory_bytes: int
    cpu_seconds: int
    base_bytes: int = 0


def shown_paths(device: str) -> tuple[str, ...]:
    """Folders and files that a worker sees, read-only: Python, its packages, the system's libraries."""
    wanted = [
        *_SYSTEM,
        sys.base_prefix,
        sys.prefix,
        *(path for path in sys.path if Path(path).name.endswith("-packages")),
    ]
    if device == "cuda":
        wanted += [str(path) for path in Path("/dev").glob("nvidia*")]
    return tuple(sorted({os.path.normpath(path) for path in wanted if os.path.exists(path)}))


def probe(device: str, strengths: tuple[str, ...]) -> Walls:
    """Find the strongest of the walls asked for that this machine gives, by building them in a throw-away child."""
    if not sc.supported():
        return Walls("none", f"{os.uname().sysname} on {os.uname().machine} is not supported")
    why = ""
    for strength in strengths:
        if strength == "none" or (strength == "root" and os.geteuid() != 0):
            continue
        problem = _try(Plan(strength, shown_paths(device), (), 0, 0))
        if not problem:
            return Walls(strength)
        why = why or problem
    return Walls("none", why or "not asked for")


def _try(plan: Plan) -> str:
    """Build the walls in a child; return what went wrong, or nothing."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        problem = "the walls could not be built"
        try:
            take_position(plan.strength)
            inner = fork_apart(plan.strength)
            if inner == 0:
                close_the_door(plan)
                os._exit(0)
            problem = "" if os.waitpid(inner, 0)[1] == 0 else "the inner process failed"
        except OSError as error:
            problem = error.strerror or str(error)
        finally:
            os.write(write_end, problem.encode() or b"\0")
            os._exit(0)
    os.close(write_end)
    with open(read_end, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return "" if said == b"\0" else said.decode() or "the probe died"


def take_position(strength: str) -> None:
    """In the zygote: get the privileges that walls need. For ``user`` this goes on in a child, as process 1 of a pid
    namespace that the new user namespace owns; the process that was called stays behind to pass on how it ends."""
    if strength != "user":
        return
    uid, gid = os.geteuid(), os.getegid()
    sc.unshare(sc.CLONE_NEWUSER | sc.CLONE_NEWPID)
    _map_user(uid, gid)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    sc.prctl(sc.PR_SET_PDEATHSIG, 9)


def fork_apart(strength: str) -> int:
    """Fork; the child is process 1 of a new pid namespace. Returns its pid in the parent, and 0 in the child."""
    if strength == "none":
        return os.fork()
    # A process may make such a namespace for its children again only after it has gone back to its own.
    with open("/proc/self/ns/pid") as own:
        sc.unshare(sc.CLONE_NEWPID)
        child = os.fork()
        if child:
            sc.setns(own.fileno(), sc.CLONE_NEWPID)
    return child


def close_the_door(plan: Plan) -> None:
    """In the worker, before any student code: other namespaces, a private root, no privileges, limits."""
    sc.prctl(sc.PR_SET_PDEATHSIG, 9)
    if plan.strength != "none":
        sc.unshare(_NAMESPACES)
        sc.mount("none", "/", flags=sc.MS_REC | sc.MS_PRIVATE)
        _build_root(plan)
        _mount_proc()
        _become_nobody()
        sc.drop_capabilities()
    sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
    # Becoming someone else clears the parent-death signal, hence once more.
    sc.prctl(sc.PR_SET_PDEATHSIG, 9)
    _set_limits(plan)


def _map_user(uid: int, gid: int) -> None:
    """Whoever it is outside, inside it is nobody."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def _build_root(plan: Plan) -> None:
    """A tmpfs with read-only views of what is shown, an empty cover over what is hidden, and a scratch folder."""
    sources = {path: os.path.realpath(path) for path in plan.show}
    sc.mount("tmpfs", "/tmp", "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, "size=1m,mode=755")
    os.mkdir("/tmp" + OLD_ROOT)
    # Pivot first and build afterwards: what was in the host's /tmp would else be covered by the new root.
    sc.pivot_root("/tmp", "/tmp" + OLD_ROOT)
    os.chdir("/")
    views = _views(plan)
    for path, shown in views:
        if shown:
            _show(OLD_ROOT + sources[path], path, link=os.path.islink(OLD_ROOT + path))
        else:
            sc.mount("tmpfs", path, "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, "size=64k,mode=755")
    for path, shown in views:
        if not shown:
            sc.make_read_only(path, recursive=False)
    for name in _DEVICES:
        _show(f"{OLD_ROOT}/dev/{name}", f"/dev/{name}", read_only=False)
    for folder in (BOX, "/dev/shm"):
        os.makedirs(folder, exist_ok=True)
        options = f"size={SCRATCH_BYTES},nr_inodes={SCRATCH_FILES},mode=1777"
        sc.mount("tmpfs", folder, "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, options)
    for folder in ("/proc", "/tmp", "/etc"):
        os.makedirs(folder, exist_ok=True)
    if not any(path.startswith("/tmp/") for path in plan.show):  # a Python that lives in /tmp must not be covered
        sc.mount(BOX, "/tmp", flags=sc.MS_BIND)  # one budget for both
    _write_etc()


def _views(plan: Plan) -> list[tuple[str, bool]]:
    """What must be mounted, outermost first: folders to show (true), and covers over what is to be hidden in them.

    A folder that is shown may lie in one that is hidden: the environment that runs us, in the checkout with the course.
    """
    wanted = dict.fromkeys(plan.hide, False) | dict.fromkeys(plan.show, True)
    views: list[tuple[str, bool]] = []
    for path, shown in sorted(wanted.items()):
        around = [
            seen for outer, seen in views if path.startswith(outer + "/") and not os.path.islink(OLD_ROOT + outer)
        ]
        visible = around[-1] if around else False
        if shown != visible and (shown or os.path.isdir(path) or os.path.isdir(OLD_ROOT + path)):
            views.append((path, shown))
    return views


def _write_etc() -> None:
    Path("/etc/passwd").write_text(f"student:x:{NOBODY}:{NOBODY}:student:{BOX}:/usr/sbin/nologin\n")
    Path("/etc/group").write_text(f"student:x:{NOBODY}:\n")


def _show(source: str, target: str, read_only: bool = True, link: bool = False) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if link:  # /lib on a merged-usr system: its target is shown too
        os.symlink(source.removeprefix(OLD_ROOT), target)
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
    sc.unmount(OLD_ROOT)
    os.rmdir(OLD_ROOT)
    sc.make_read_only("/", recursive=False)


def _become_nobody() -> None:
    """Nobody, in a user namespace that owns nothing."""
    if os.getuid() != NOBODY:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # A process that changed its user may not write its own maps until it is dumpable again.
        sc.prctl(sc.PR_SET_DUMPABLE, 1)
    sc.unshare(sc.CLONE_NEWUSER)
    if os.path.exists("/proc/self/uid_map"):
        _map_user(NOBODY, NOBODY)


def _set_limits(plan: Plan) -> None:
    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 256, resource.RLIMIT_FSIZE: SCRATCH_BYTES}
    if plan.strength != "none":
        wanted[resource.RLIMIT_NPROC] = 64  # counted per user namespace, so it bounds this worker alone
    if plan.cpu_seconds:
        wanted[resource.RLIMIT_CPU] = plan.cpu_seconds
    if plan.memory_bytes:
        wanted[resource.RLIMIT_AS] = plan.base_bytes + plan.memory_bytes
    for kind, value in wanted.items():
        resource.setrlimit(kind, (value, value))
