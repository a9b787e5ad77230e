"""The system calls that a worker may make: an allow-list as data, loaded by libseccomp (through pyseccomp).

Everything not named here is refused with EPERM rather than a kill: libraries try things, and take no for an answer.
Calls of a foreign architecture (32-bit, x32) kill the process, since the filter could be dodged through them.

The list is what torch, numpy, matplotlib and ordinary student code were seen to use, and no more: no new processes,
no programs, no sockets, no signals to others, no mounts, no tracing, no kernel interfaces of their own kind
(io_uring, bpf, perf, keys, userfaultfd).
"""

from __future__ import annotations

import errno
import fcntl
import signal
import socket
import sys
import termios
from dataclasses import dataclass
from functools import cache
from typing import Any

# Why each group is there, and its calls.
ALLOWED: dict[str, str] = {
    "memory": "mmap munmap mprotect mremap madvise brk mincore msync membarrier",
    "reading files": """
        open openat openat2 read pread64 readv preadv preadv2 lseek stat fstat lstat newfstatat statx access faccessat
        faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir statfs fstatfs fadvise64 readahead
        getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
    """,
    "writing files": """
        write pwrite64 writev pwritev pwritev2 ftruncate fallocate fsync fdatasync mkdir mkdirat rmdir unlink unlinkat
        rename renameat renameat2 symlink symlinkat umask flock copy_file_range sendfile
    """,
    "descriptors": "close close_range dup dup2 dup3 pipe pipe2 eventfd2",
    "waiting": """
        poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
        nanosleep clock_nanosleep restart_syscall wait4 waitid
    """,
    "threads": """
        futex futex_waitv set_robust_list get_robust_list set_tid_address rseq gettid sched_yield sched_getaffinity
        sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getcpu exit exit_group
    """,
    "signals to itself": """
        rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack alarm
        setitimer getitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete
    """,
    "the time": "clock_gettime clock_getres gettimeofday time times",
    "facts about itself": """
        getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid capget
        getrlimit setrlimit getrusage getpriority uname sysinfo getrandom
    """,
    # A socketpair of its own leads nowhere: asyncio's loop and multiprocessing's pipes are made of them.
    "talking to itself": "recvfrom recvmsg shutdown getsockname getpeername getsockopt sendmsg",
}
# Only behind a private root, where nothing but the worker's own scratch can be written: Landlock does not judge these.
OF_OWN_FILES = "chmod fchmod fchmodat fchmodat2 utimensat utime utimes futimesat link linkat truncate"
# What a CUDA driver needs on top (from its documentation; a GPU is a lower level of protection, see docs/security.md).
FOR_A_GPU = "ioctl memfd_create sched_setaffinity mlock munlock mbind get_mempolicy set_mempolicy"


@dataclass(frozen=True)
class Condition:
    """What one argument of a call must be: ``argument & mask == value``."""

    argument: int
    value: int
    mask: int = (1 << 64) - 1


@dataclass(frozen=True)
class Rule:
    """One permission: a call, if its arguments meet all conditions."""

    call: str
    conditions: tuple[Condition, ...] = ()


_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020080
_IOCTLS = (termios.TCGETS, termios.TIOCGWINSZ, termios.FIOCLEX, termios.FIONCLEX, termios.FIONBIO, termios.FIONREAD)
_FCNTLS = (
    *(fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL),
    *(fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW, *range(36, 39)),  # 36–38: locks of an open file
)
_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _PR_GET_NAME, _PR_SET_NAME, _PR_GET_NO_NEW_PRIVS = 1, 3, 16, 15, 39
_PR_SET_VMA = 0x53564D41  # newer libcs name their memory with it
_WORD = 0xFFFFFFFF  # arguments of type int: what the upper half holds is of no account


@cache
def policy(pid: int, private_root: bool, gpu: bool = False) -> tuple[Rule, ...]:
    """All that a worker with this pid may call."""
    names = [name for group in ALLOWED.values() for name in group.split()]
    names += OF_OWN_FILES.split() if private_root else []
    names += FOR_A_GPU.split() if gpu else []
    return (*(Rule(name) for name in names), *(rule for rule in _of_arguments(pid) if rule.call not in names))


def _of_arguments(pid: int) -> list[Rule]:
    """Calls that are harmless with some arguments only."""
    return [
        # Threads, but no processes: no fork bombs, no daemons, and the memory limit of one process is that of all.
        Rule("clone", (Condition(0, _CLONE_THREAD, _CLONE_THREAD | _CLONE_NAMESPACES),)),
        # Whoever clears the signal that follows the zygote's death could outlive it.
        Rule("prctl", (Condition(0, _PR_SET_PDEATHSIG, _WORD), Condition(1, signal.SIGKILL))),
        *(
            Rule("prctl", (Condition(0, option, _WORD),))
            for option in (_PR_GET_DUMPABLE, _PR_GET_NAME, _PR_SET_NAME, _PR_GET_NO_NEW_PRIVS, _PR_SET_VMA)
        ),
        # Limits of itself, not those of the grader.
        Rule("prlimit64", (Condition(0, 0, _WORD),)),
        Rule("kill", (Condition(0, pid, _WORD),)),
        Rule("tgkill", (Condition(0, pid, _WORD),)),
        # A datagram socket could be sent to any path in the file system, connected or not; a stream cannot.
        Rule(
            "socketpair",
            (Condition(0, socket.AF_UNIX, _WORD), Condition(1, socket.SOCK_STREAM, 0xF)),
        ),
        Rule("sendto", (Condition(4, 0),)),
        # Not among them: naming another process as the one to be signalled, with any signal, when a pipe has data.
        *(Rule("fcntl", (Condition(1, command, _WORD),)) for command in _FCNTLS),
        # Not among them: putting characters into somebody's terminal.
        *(Rule("ioctl", (Condition(1, request, _WORD),)) for request in _IOCTLS),
    ]


def problem() -> str:
    """Why filters cannot be loaded here, or nothing."""
    try:
        _library()
    except (ImportError, OSError, RuntimeError) as error:
        return f"{error}"
    return ""


def load(rules: tuple[Rule, ...], refusal: int = errno.EPERM) -> None:
    """Refuse every call but these, from now on, in this thread and all that it starts. Raises OSError."""
    compiled(rules, refusal).load()


@cache
def compiled(rules: tuple[Rule, ...], refusal: int = errno.EPERM) -> Any:
    """The filter of these rules. Made once in the zygote, it costs its workers nothing."""
    library = _library()
    made = library.SyscallFilter(library.ERRNO(refusal))
    made.set_attr(library.Attr.ACT_BADARCH, library.KILL_PROCESS)
    # A libc that is told "no such call" goes back to clone, whose flags can be judged; clone3's cannot.
    made.add_rule(library.ERRNO(errno.ENOSYS), "clone3")
    for rule in rules:
        if _known(rule.call):
            made.add_rule(library.ALLOW, rule.call, *(_argument(condition) for condition in rule.conditions))
    return made


def _argument(condition: Condition) -> Any:
    library = _library()
    return library.Arg(condition.argument, library.MASKED_EQ, condition.mask, condition.value)


@cache
def _known(call: str) -> bool:
    """Whether this architecture, and this version of the library, has a call of that name."""
    library = _library()
    try:
        return int(library.resolve_syscall(library.system_arch(), call)) >= 0
    except (OSError, ValueError):
        return False


@cache
def _library() -> Any:
    """pyseccomp, imported late: it needs libseccomp.so.2, which a system may lack."""
    if sys.platform != "linux":
        raise OSError("seccomp is a part of Linux")
    import pyseccomp

    return pyseccomp
