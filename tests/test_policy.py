"""Every rule of the filters, with and without it: what refuses must be seen to refuse, and what allows is needed.

A wall that nobody notices when it is taken away is no wall, and a permission that nothing misses is a hole.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import resource
import signal
import socket
import sys
import termios
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from children import REFUSED, SILENT, WORKED, call, outcome, outcomes
from landlockpy import AccessFS, AccessNet, Scope, abi_version, fs_for_abi

from grader.sandbox import landlock, seccomp
from grader.sandbox import syscalls as sc
from grader.sandbox.landlock import READ, SCRATCH
from grader.sandbox.seccomp import Rule

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the numbers of system calls below are those of x86-64"
)

RULES = seccomp.policy(os.getpid(), True)
CONDITIONAL = sorted({rule.call for rule in RULES if rule.conditions})
PLAIN = sorted({rule.call for rule in RULES} - set(CONDITIONAL))
# They end or derail the child whatever their arguments, so that it cannot tell how they went.
UNTOLD = {"exit", "exit_group", "rt_sigreturn"}


def numbered(name: str) -> int:
    """The number of a call; negative where this machine has none of that name."""
    import pyseccomp

    return int(pyseccomp.resolve_syscall(pyseccomp.system_arch(), name))


def loaded(without: str = "", plus: tuple[str, ...] = ()) -> None:
    """In a child: the filter, or one with a call taken off, or made free for any arguments."""
    rules = seccomp.policy(os.getpid(), True)
    kept = tuple(rule for rule in rules if rule.call != without and rule.call not in plus)
    seccomp.load((*kept, *(Rule(name) for name in plus)), REFUSED)


def filtered(act: Callable[[], object], without: str = "", plus: tuple[str, ...] = ()) -> int:
    """What comes of `act` behind the filter, or behind one that was tampered with."""
    return outcome(lambda: loaded(without, plus), act)


def nonsense(number: int) -> Callable[[], object]:
    """A call with nonsense for arguments, since only the door is asked."""
    return lambda: call(number, -1, -1, -1, -1, -1, -1)


def test_a_call_on_the_list_gets_through_and_off_the_list_does_not() -> None:
    """Each permission is what lets its call through."""
    names = [name for name in PLAIN if numbered(name) >= 0 and name not in UNTOLD]
    assert len(names) > 120
    acts = [nonsense(numbered(name)) for name in names]
    with_it = outcomes(loaded, acts)
    assert not [name for name, got in zip(names, with_it, strict=True) if got in (REFUSED, SILENT)]
    conditional = tuple(rule for rule in RULES if rule.conditions)
    without = outcomes(lambda: seccomp.load(conditional, REFUSED), acts)
    assert not [name for name, got in zip(names, without, strict=True) if got != REFUSED]


@pytest.mark.parametrize("name", sorted(UNTOLD))
def test_a_call_that_does_not_return_is_on_the_list_for_a_reason(name: str) -> None:
    """The same for the calls after which nothing can be told."""
    assert filtered(nonsense(numbered(name)), without=name) == REFUSED
    assert filtered(nonsense(numbered(name))) == SILENT


def test_whatever_is_not_on_the_list_is_refused() -> None:
    """All numbers that a kernel may know, but for those allowed: EPERM; and clone3, which must look absent."""
    allowed = {numbered(rule.call) for rule in RULES} | {numbered("clone3")}
    # Two calls that the kernel makes for itself, past every filter; from elsewhere they end the process.
    uprobes = {335, 336}
    others = [number for number in range(600) if number not in allowed | uprobes]
    assert len(others) > 300
    answers = outcomes(loaded, [nonsense(number) for number in others])
    assert not [number for number, got in zip(others, answers, strict=True) if got != REFUSED]
    assert filtered(lambda: call(numbered("clone3"), -1, 0)) == errno.ENOSYS


# What a stranger would want of the kernel, with arguments that do no harm where the call gets through.
WANTED: dict[str, tuple[int | None, ...]] = {
    **dict.fromkeys(["ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"], (-1, -1, -1, -1, -1)),
    **dict.fromkeys(["execve", "execveat", "memfd_create", "uselib"], (-1, -1, -1, -1, -1)),
    **dict.fromkeys(["mount", "umount2", "pivot_root", "chroot", "setns", "mount_setattr", "open_tree"], (-1, -1, -1)),
    **dict.fromkeys(["io_uring_setup", "bpf", "perf_event_open", "userfaultfd", "add_key"], (-1, -1, -1, -1, -1)),
    **dict.fromkeys(["keyctl", "request_key", "init_module", "finit_module", "kexec_load"], (-1, -1, -1, -1, -1)),
    **dict.fromkeys(["socket", "connect", "bind", "listen", "accept", "accept4", "recvmmsg"], (-1, -1, -1, -1, -1)),
    **dict.fromkeys(["shmget", "msgget", "semget", "mq_open"], (-1, -1, -1, -1)),
    **dict.fromkeys(["pidfd_open", "pidfd_send_signal", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"], (-1, -1, -1)),
    **dict.fromkeys(["mknod", "mknodat", "chown", "fchownat", "setxattr", "open_by_handle_at"], (-1, -1, -1, -1, -1)),
    **dict.fromkeys(["setuid", "setresuid", "setgroups", "capset", "personality"], (-1, -1, -1)),
    **dict.fromkeys(["sched_setaffinity", "sched_setscheduler", "setpriority", "mlock"], (-1, -1, -1)),
    **dict.fromkeys(["seccomp", "landlock_restrict_self", "landlock_create_ruleset"], (-1, -1, -1)),
    **dict.fromkeys(["inotify_init1", "fanotify_init", "syslog", "quotactl", "iopl"], (-1, -1, -1, -1)),
    "unshare": (0,),
    "setsid": (),
    "setpgid": (0, -1),
}


@pytest.mark.parametrize("name", WANTED)
def test_the_default_is_what_refuses(name: str) -> None:
    """Each of these is refused by the filter, and gets as far as the kernel when it is put on the list."""

    def act() -> None:
        call(numbered(name), *WANTED[name])

    assert filtered(act) == REFUSED
    assert filtered(act, plus=(name,)) not in (REFUSED, SILENT)


@dataclass(frozen=True)
class Bargain:
    """A call that is allowed with some arguments: an honest use of it, and one that is to be refused."""

    call: str
    honest: Callable[[], object]
    hostile: Callable[[], object]


def thread() -> None:
    """Start a thread and wait for it."""
    started = threading.Thread(target=int)
    started.start()
    started.join()


def fork() -> None:
    """A process of its own: what fork bombs and daemons begin with."""
    if os.fork() == 0:
        os._exit(0)


def send(address: bytes | None) -> None:
    """One byte through a socket of its own, to its end or to another address."""
    one, other = socket.socketpair()
    with one, other:
        length = len(address) if address else 0
        where = ctypes.cast(address, ctypes.c_void_p).value if address else 0
        call(numbered("sendto"), one.fileno(), ctypes.addressof(ctypes.c_char(b"x")), 1, 0, where, length)


def with_pipe(act: Callable[[int], object]) -> None:
    """Something done to a descriptor that reaches nothing."""
    ends = os.pipe()
    try:
        act(ends[0])
    finally:
        for end in ends:
            os.close(end)


F_SETSIG, F_SETOWN_EX, F_NOTIFY = 10, 15, 1026
PR_SET_NAME, PR_SET_SECCOMP = 15, 22
_buffer = ctypes.create_string_buffer(b"a name")
_name = ctypes.addressof(_buffer)
BARGAINS = {
    "clone": Bargain("clone", thread, fork),
    "prctl: death signal": Bargain("prctl", lambda: sc.prctl(1, 9), lambda: sc.prctl(1, 0)),
    "prctl: others": Bargain("prctl", lambda: sc.prctl(PR_SET_NAME, _name), lambda: sc.prctl(sc.PR_SET_DUMPABLE, 1)),
    "prctl: filters": Bargain("prctl", lambda: sc.prctl(1, 9), lambda: sc.prctl(PR_SET_SECCOMP, 7)),
    "prlimit64": Bargain(
        "prlimit64",
        lambda: resource.prlimit(0, resource.RLIMIT_CPU),
        lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
    ),
    "kill": Bargain("kill", lambda: os.kill(os.getpid(), 0), lambda: os.kill(os.getppid(), 0)),
    "kill: everybody": Bargain("kill", lambda: os.kill(os.getpid(), 0), lambda: os.kill(-(1 << 22), 0)),
    "tgkill": Bargain(
        "tgkill",
        lambda: call(numbered("tgkill"), os.getpid(), threading.get_native_id(), 0),
        lambda: call(numbered("tgkill"), os.getppid(), os.getppid(), 0),
    ),
    "socketpair": Bargain(
        "socketpair",
        lambda: [end.close() for end in socket.socketpair()],
        lambda: [end.close() for end in socket.socketpair(type=socket.SOCK_DGRAM)],
    ),
    "sendto": Bargain("sendto", lambda: send(None), lambda: send(b"\1\0/tmp/somewhere\0")),
    "fcntl: owner": Bargain(
        "fcntl",
        lambda: with_pipe(lambda end: fcntl.fcntl(end, fcntl.F_GETFL)),
        lambda: with_pipe(lambda end: fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())),
    ),
    "fcntl: which signal": Bargain(
        "fcntl",
        lambda: with_pipe(lambda end: fcntl.fcntl(end, fcntl.F_SETFD, 0)),
        lambda: with_pipe(lambda end: fcntl.fcntl(end, F_SETSIG, signal.SIGURG)),
    ),
    "ioctl": Bargain(
        "ioctl",
        lambda: with_pipe(lambda end: fcntl.ioctl(end, termios.FIONREAD, bytes(4))),
        lambda: with_pipe(lambda end: fcntl.ioctl(end, termios.TIOCSTI, b"x")),
    ),
}


@pytest.mark.parametrize("name", BARGAINS)
def test_arguments_decide(name: str) -> None:
    """The honest use works, the hostile one is refused; without the rule neither is, with the call free both go."""
    bargain = BARGAINS[name]
    assert filtered(bargain.honest) == WORKED
    assert filtered(bargain.hostile) == REFUSED
    assert filtered(bargain.hostile, plus=(bargain.call,)) != REFUSED
    if bargain.call != "clone":  # refused threads are Python's own RuntimeError
        assert filtered(bargain.honest, without=bargain.call) == REFUSED


def test_every_conditional_rule_is_bargained_over() -> None:
    """No rule with conditions is without its test."""
    assert {bargain.call for bargain in BARGAINS.values()} == set(CONDITIONAL)


def test_tier_2_may_not_touch_what_landlock_does_not_judge() -> None:
    """Modes, times and links of files are for a private root only."""
    shared, private = ({rule.call for rule in seccomp.policy(1, root)} for root in (False, True))
    assert private - shared == set(seccomp.OF_OWN_FILES.split())
    path = str(Path(sys.executable).resolve())
    wall = seccomp.policy(1, False)
    assert outcome(lambda: seccomp.load(wall, REFUSED), lambda: os.utime(path)) == REFUSED
    assert outcome(lambda: seccomp.load(wall, REFUSED), lambda: os.chmod(path, 0o755)) == REFUSED


def test_a_foreign_architecture_kills() -> None:
    """A 32-bit call, which would dodge the numbers of the filter, ends the process at once."""
    code = bytes.fromhex("b814000000 cd80 c3".replace(" ", ""))  # mov eax, 20 (getpid); int 0x80; ret
    child = os.fork()
    if child == 0:
        import mmap

        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(code)
        function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
        sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
        seccomp.load(RULES)
        function()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGSYS


# --- Landlock -------------------------------------------------------------------------------------------------------

ABI = abi_version()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small file system: something to read, a secret, a scratch folder with a few things in it."""
    for folder in ("shown/course", "shown/package", "scratch/full", "scratch/empty"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "shown/course/secret.txt").write_text("secret")
    (tmp_path / "shown/package/code.py").write_text("x = 1")
    (tmp_path / "scratch/full/file.txt").write_text("x")
    (tmp_path / "scratch/program").write_bytes(Path("/bin/true").read_bytes())
    (tmp_path / "scratch/program").chmod(0o755)
    return tmp_path


def run_program(path: Path) -> None:
    """Become a program; where it works the child ends without a word."""
    os.execv(path, ["program"])


def listen(path: Path) -> None:
    """Make a socket in the file system."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


ACTS: dict[AccessFS, Callable[[Path], object]] = {
    AccessFS.EXECUTE: lambda at: run_program(at / "scratch/program"),
    AccessFS.WRITE_FILE: lambda at: os.open(at / "scratch/full/file.txt", os.O_WRONLY),
    AccessFS.READ_FILE: lambda at: os.open(at / "scratch/full/file.txt", os.O_RDONLY),
    AccessFS.READ_DIR: lambda at: os.open(at / "scratch/full", os.O_RDONLY),
    AccessFS.REMOVE_DIR: lambda at: os.rmdir(at / "scratch/empty"),
    AccessFS.REMOVE_FILE: lambda at: os.unlink(at / "scratch/full/file.txt"),
    AccessFS.MAKE_CHAR: lambda at: os.mknod(at / "scratch/char", 0o020600, os.makedev(1, 3)),
    AccessFS.MAKE_DIR: lambda at: os.mkdir(at / "scratch/new"),
    AccessFS.MAKE_REG: lambda at: os.mknod(at / "scratch/new.txt", 0o100600),
    AccessFS.MAKE_SOCK: lambda at: listen(at / "scratch/new.sock"),
    AccessFS.MAKE_FIFO: lambda at: os.mkfifo(at / "scratch/fifo"),
    AccessFS.MAKE_BLOCK: lambda at: os.mknod(at / "scratch/block", 0o060600, os.makedev(7, 99)),
    AccessFS.MAKE_SYM: lambda at: os.symlink("x", at / "scratch/link"),
    AccessFS.TRUNCATE: lambda at: os.truncate(at / "scratch/full/file.txt", 0),
    AccessFS.IOCTL_DEV: lambda at: fcntl.ioctl(os.open("/dev/null", os.O_RDONLY), termios.TCGETS, bytes(64)),
}
IN_SCRATCH = [right for right in ACTS if right & SCRATCH]


@pytest.mark.parametrize("right", ACTS, ids=lambda right: right.name)
def test_every_right_is_handled(tree: Path, right: AccessFS) -> None:
    """What no rule grants is refused; when Landlock is told to leave that right alone it is not."""
    if not right & fs_for_abi(ABI):
        pytest.skip(f"Landlock ABI {ABI} does not know this right")
    if right in (AccessFS.MAKE_CHAR, AccessFS.MAKE_BLOCK) and os.geteuid() != 0:
        pytest.skip("only root makes devices")
    everything = fs_for_abi(ABI)
    # A program must be read to be run, a device opened to be controlled.
    needed = right in (AccessFS.EXECUTE, AccessFS.IOCTL_DEV)
    readable = (landlock.Rule("/", READ),) if needed else ()
    others = everything & ~right

    def act() -> object:
        return ACTS[right](tree)

    assert outcome(lambda: landlock.enforce(readable), act) == errno.EACCES
    assert outcome(lambda: landlock.enforce(readable, files=others), act) != errno.EACCES


@pytest.mark.parametrize("right", IN_SCRATCH, ids=lambda right: right.name)
def test_scratch_may_be_used(tree: Path, right: AccessFS) -> None:
    """Each right of the scratch folder is granted by its rule, there alone."""
    rules = landlock.policy((), (), (str(tree / "scratch"),))
    short = tuple(landlock.Rule(rule.path, rule.access & ~right) for rule in rules)
    elsewhere = landlock.policy((), (), (str(tree / "shown"),))
    for fewer in (short, elsewhere):
        assert outcome(lambda: landlock.enforce(fewer), lambda: ACTS[right](tree)) == errno.EACCES  # noqa: B023
    assert outcome(lambda: landlock.enforce(rules), lambda: ACTS[right](tree)) == WORKED


def test_nothing_in_scratch_is_executed(tree: Path) -> None:
    """A program that the worker wrote stays a file, also where the filter of system calls is not asked."""
    rules = landlock.policy((), (), (str(tree / "scratch"),))
    assert outcome(lambda: landlock.enforce(rules), lambda: run_program(tree / "scratch/program")) == errno.EACCES


def test_files_may_move_between_folders_of_scratch_only(tree: Path) -> None:
    """Moving a file is granted inside scratch, and refused into what is only shown."""
    scratch, shown = str(tree / "scratch"), str(tree / "shown")
    rules = landlock.policy((shown,), (), (scratch,))

    def move(target: str) -> Callable[[], object]:
        return lambda: os.rename(tree / "scratch/full/file.txt", tree / target)

    short = tuple(landlock.Rule(rule.path, rule.access & ~AccessFS.REFER) for rule in rules)
    assert outcome(lambda: landlock.enforce(short), move("scratch/empty/file.txt")) == errno.EXDEV
    assert outcome(lambda: landlock.enforce(rules), move("shown/file.txt")) in (errno.EACCES, errno.EXDEV)
    assert outcome(lambda: landlock.enforce(rules), move("scratch/empty/file.txt")) == WORKED


def test_what_is_hidden_in_what_is_shown_cannot_be_read(tree: Path) -> None:
    """At tier 2 the course inside an installed package: its neighbours can be read and listed, it cannot."""
    shown, hidden = str(tree / "shown"), str(tree / "shown/course")

    def read(name: str) -> Callable[[], object]:
        return lambda: os.open(tree / "shown" / name, os.O_RDONLY)

    rules = landlock.policy((shown,), (hidden,), ())
    careless = landlock.policy((shown,), (), ())
    assert outcome(lambda: landlock.enforce(rules), read("package/code.py")) == WORKED
    assert outcome(lambda: landlock.enforce(rules), lambda: os.listdir(shown)) == WORKED
    assert outcome(lambda: landlock.enforce(rules), read("course/secret.txt")) == errno.EACCES
    assert outcome(lambda: landlock.enforce(careless), read("course/secret.txt")) == WORKED
    for name in (shown, str(tree / "shown/package")):
        fewer = tuple(rule for rule in rules if rule.path != name)
        acts = read("package/code.py"), lambda: os.listdir(shown)
        assert errno.EACCES in [outcome(lambda: landlock.enforce(fewer), act) for act in acts]  # noqa: B023


@pytest.mark.skipif(ABI < 6, reason="scopes came with Landlock ABI 6")
def test_signals_stay_inside() -> None:
    """A process outside cannot be signalled, but for the scope it could."""
    act = lambda: os.kill(os.getppid(), 0)  # noqa: E731
    assert outcome(lambda: landlock.enforce(()), act) == errno.EPERM
    assert outcome(lambda: landlock.enforce((), scopes=Scope.ABSTRACT_UNIX_SOCKET), act) == WORKED


@pytest.mark.skipif(ABI < 6, reason="scopes came with Landlock ABI 6")
def test_abstract_sockets_stay_inside() -> None:
    """A socket without a path, listening outside, cannot be connected to, but for the scope it could."""
    name = f"\0grader-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()

        def act() -> None:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(name)

        assert outcome(lambda: landlock.enforce(()), act) == errno.EPERM
        assert outcome(lambda: landlock.enforce((), scopes=Scope.SIGNAL), act) == WORKED


@pytest.mark.skipif(ABI < 4, reason="network rights came with Landlock ABI 4")
@pytest.mark.parametrize("right", [AccessNet.CONNECT_TCP, AccessNet.BIND_TCP], ids=lambda right: right.name)
def test_tcp_is_refused_also_by_landlock(right: AccessNet) -> None:
    """Connecting and listening: refused, and not when Landlock is told to leave the network alone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        def act() -> None:
            with socket.socket() as one:
                if right is AccessNet.CONNECT_TCP:
                    one.connect(address)
                else:
                    one.bind(("127.0.0.1", 0))

        assert outcome(lambda: landlock.enforce(()), act) == errno.EACCES
        assert outcome(lambda: landlock.enforce((), network=AccessNet.NONE), act) == WORKED
