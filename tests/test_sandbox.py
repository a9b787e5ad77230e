"""The walls, looked at from inside: what a worker can see, reach and keep, at each tier that this machine has."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tiers_here import available

from grader import doctor
from grader.course import Course
from grader.errors import SandboxError, UsageError
from grader.sandbox import bubble, limits, namespaces, paths, probe, root
from grader.sandbox.channel import Answer, Channel, _introduction
from grader.sandbox.host import Zygote
from grader.sandbox.limits import Death, Limits
from grader.sandbox.namespaces import WAYS
from grader.sandbox.promises import protection
from grader.sandbox.tiers import NAMES, STRONG
from grader.wire.records import Problem

LIMITS = Limits(cpu_seconds=5, wall_seconds=20)
SECRET = "4f1c-the-secret-of-this-test"

# What a student's module can find out; it prints one JSON object.
SPY = """
import gc, glob, json, os, socket, sys
def attempt(action):
    try:
        return repr(action())
    except BaseException as error:
        return f"refused: {type(error).__name__}"
def fd_names():
    return sorted(int(name) for name in os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
report = {
    "uid": os.getuid(), "pid": os.getpid(), "env": dict(os.environ),
    "secret file": attempt(lambda: open(SECRET_FILE).read()),
    "reference": attempt(lambda: os.listdir(REFERENCE)),
    "root": attempt(lambda: sorted(os.listdir("/"))),
    "socket": attempt(lambda: socket.socket()),
    "own pair": attempt(lambda: [end.close() for end in socket.socketpair()]),
    "fork": attempt(lambda: os.fork() or os._exit(0)),
    "program": attempt(lambda: os.execv("/bin/true", ["true"])),
    "parent": attempt(lambda: open(f"/proc/{PARENT}/environ").read()),
    "home": attempt(lambda: os.listdir("/home")),
    "passwd": attempt(lambda: open("/etc/passwd").read()),
    "shadow": attempt(lambda: open("/etc/shadow").read()),
    "write root": attempt(lambda: open("/evil", "w")),
    "write usr": attempt(lambda: open("/usr/evil", "w")),
    "write site": attempt(lambda: open(os.path.join(os.path.dirname(gc.__doc__ and json.__file__), "evil"), "w")),
    "write box": attempt(lambda: open("mine.txt", "w").write("x")),
    "network": attempt(lambda: socket.create_connection(("127.0.0.1", PORT), 2)),
    "processes": attempt(lambda: sorted(int(name) for name in os.listdir("/proc") if name.isdigit())),
    "kill": attempt(lambda: os.kill(PARENT, 0)),
    "mount": attempt(lambda: __import__("ctypes").CDLL(None).mount(b"none", b"/box", b"tmpfs", 0, None)),
    "become root": attempt(lambda: os.setuid(0)),
    "stdin": attempt(lambda: sys.stdin.read()),
    "modules": [name for name in sys.modules if name.startswith("grader")],
    "memory": sum(SECRET_PART in text for text in gc.get_objects() if isinstance(text, str)),
}
print(json.dumps(report))
"""


TIERS = {"4": (4, WAYS), "3, root's way": (3, ("root",)), "3, a user's way": (3, ("user",)), "2": (2, ())}


@pytest.fixture(scope="module", params=TIERS)
def walled(request: pytest.FixtureRequest, course: Course, cache: Path) -> Iterator[Zygote]:
    """A sandbox of one tier; skipped, with the reason, where the machine does not give it."""
    tier, ways = TIERS[request.param]
    with available(tier), Zygote("cpu", (str(course.root), str(cache)), (tier,), ways=ways) as zygote:
        assert zygote.facts.protection.tier == tier
        yield zygote


@pytest.fixture
def private_root(walled: Zygote) -> Zygote:
    """A sandbox of one of the tiers with namespaces."""
    if walled.facts.protection.tier < STRONG:
        pytest.skip("this tier has no namespaces")
    return walled


def load(line: Channel, source: str, limits: Limits = LIMITS) -> Answer | Problem | Death:
    """Import `source` as the student's module."""
    arrays = {"0": np.frombuffer(source.encode(), dtype=np.uint8)}
    return line.ask("load", {"paths": ["spy.py"], "module": "spy", "cells": 0}, arrays, limits)


@pytest.fixture
def seen(walled: Zygote, course: Course, tmp_path: Path) -> dict[str, object]:
    """What the spy reports from inside."""
    secret = tmp_path / "labels.txt"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        head = (
            f"SECRET_FILE, REFERENCE = {str(secret)!r}, {str(course.root / 'reference')!r}\n"
            f"PORT, PARENT, SECRET_PART = {server.getsockname()[1]}, {os.getpid()}, 'the-secret' + '-of-this'\n"
        )
        line = walled.open(LIMITS, 10)
        try:
            answer = load(line, head + SPY)
            assert isinstance(answer, Answer), answer
            report: dict[str, object] = json.loads(line.output.text)
        finally:
            line.close()
    return report


def test_a_worker_sees_no_secret(seen: dict[str, object]) -> None:
    """Neither files of the host, nor the reference, nor other processes, nor what the grader knows."""
    for place in ("secret file", "reference", "home", "shadow", "root", "parent"):
        assert str(seen[place]).startswith("refused"), (place, seen[place])
    assert "root:" not in str(seen["passwd"])
    assert seen["processes"] in ("[1]", "[]") or str(seen["processes"]).startswith("refused")
    assert not [m for m in seen["modules"] if m.startswith(("grader.checks", "grader.course", "grader.grading"))]  # type: ignore[attr-defined]
    assert seen["memory"] == 0


def test_a_worker_reaches_nobody(seen: dict[str, object]) -> None:
    """No network, no other process, no signal to others, no mount."""
    for act in ("network", "socket", "fork", "program", "kill"):
        assert str(seen[act]).startswith("refused"), (act, seen[act])
    assert seen["own pair"] == "[None, None]"
    assert seen["mount"] in ("-1", "refused: AttributeError")


def test_the_drill_is_refused_everything(walled: Zygote) -> None:
    """Nothing that a hostile submission tries first succeeds."""
    found = doctor.drill(walled)
    assert len(found) >= 20
    assert {name: loot for name, loot in found.items() if loot} == {}


def test_behind_a_private_root_a_worker_is_nobody(private_root: Zygote, seen: dict[str, object]) -> None:
    """Process 1 of its own, without a way to be root."""
    assert (seen["pid"], seen["uid"]) == (1, 65534)
    assert str(seen["become root"]).startswith("refused")


def test_a_worker_changes_nothing(seen: dict[str, object]) -> None:
    """It can write in its own scratch folder only."""
    for place in ("write root", "write usr", "write site"):
        assert str(seen[place]).startswith("refused"), (place, seen[place])
    assert seen["write box"] == "1"


def test_the_environment_is_cleared(seen: dict[str, object]) -> None:
    """Only what we set is there."""
    names = set(seen["env"])  # type: ignore[call-overload]
    allowed = {
        "PATH",
        "LANG",
        "LC_CTYPE",
        "PYTHONHASHSEED",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    }
    allowed |= {
        "MALLOC_ARENA_MAX",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
        "MPLBACKEND",
        "CUBLAS_WORKSPACE_CONFIG",
        "PYTORCH_NVML_BASED_CUDA_CHECK",
    }
    allowed |= {"CUDA_VISIBLE_DEVICES", "USER", "HOME", "TMPDIR", "TORCH_HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME"}
    # torch sets these when it is imported
    allowed |= {"TORCHINDUCTOR_CACHE_DIR", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"}
    assert names <= allowed, names - allowed


def test_only_four_descriptors_are_open(walled: Zygote) -> None:
    """Nothing inherited: standard streams and the channel."""
    line = walled.open(LIMITS, 10)
    probe = (
        "import os\n"
        "found = []\n"
        "for fd in range(300):\n"
        "  try: found += [os.fstat(fd) and fd]\n"
        "  except OSError: pass\n"
        "print(found)"
    )
    try:
        assert isinstance(load(line, probe), Answer)
        assert line.output.text.strip() == "[0, 1, 2, 3]"
    finally:
        line.close()


def test_two_workers_share_nothing(private_root: Zygote) -> None:
    """A file, a shared memory segment, or a random state of one is not there for the next."""
    leave = "import torch\nfor place in ('/box/x', '/dev/shm/x'): open(place, 'w').write('x')\ntorch.manual_seed(5)"
    look = "import os\nprint(os.path.exists('/box/x'), os.path.exists('/dev/shm/x'))"
    for source, said in ((leave, ""), (look, "False False")):
        line = private_root.open(LIMITS, 10)
        try:
            assert isinstance(load(line, source), Answer)
            assert line.output.text.strip() == said
        finally:
            line.close()


def test_a_full_disk_is_the_workers_own(private_root: Zygote) -> None:
    """The scratch folder ends, and only there."""
    line = private_root.open(LIMITS, 30)
    source = "for n in range(9):\n  with open(f'f{n}', 'wb') as f: f.write(bytes(100 << 20))"
    try:
        problem = load(line, source)
        assert isinstance(problem, Problem)
        assert problem.type == "OSError"
    finally:
        line.close()


def test_a_scratch_folder_without_a_size_is_watched(walled: Zygote) -> None:
    """At tier 2 a worker that writes too much is ended; so is one that makes too many files, however deep."""
    if walled.facts.protection.tier >= STRONG:
        pytest.skip("this tier has a scratch folder of a size")
    folders = set(Path(tempfile.gettempdir()).glob("grader-*"))
    for source, says in (
        ("for n in range(9):\n  open(f'f{n}', 'wb').write(bytes(100 << 20))\nwhile True: pass", "MiB of files"),
        ("import os\nwhile True:\n  os.mkdir('d')\n  os.chdir('d')", "files written"),
    ):
        line = walled.open(LIMITS, 30)
        try:
            death = load(line, source)
            assert isinstance(death, Death), death
            assert death.kind == limits.DISK_LIMIT
            assert says in death.detail
        finally:
            line.close()
    deadline = time.monotonic() + 20
    while (left := set(Path(tempfile.gettempdir()).glob("grader-*")) - folders) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def test_tiers_cannot_be_talked_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a tier that is insisted on cannot be had, nothing runs, and the reason is named."""
    monkeypatch.setattr(bubble, "program", lambda: None)
    with pytest.raises(UsageError, match=r"tier 4: bubblewrap is not installed.*grade doctor"):
        Zygote("cpu", (), (4,))
    with Zygote("cpu", (), (3,), ways=()) as zygote, pytest.raises(UsageError, match="tier 3"):
        _ = zygote.facts


def test_a_bubble_that_bursts_leaves_the_next_best_tier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bubblewrap that does not work here is no reason not to grade, and the line says what happened."""
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no namespaces for you >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(bubble, "program", lambda: str(broken))
    with Zygote("cpu") as zygote:
        assert 2 <= zygote.facts.protection.tier < 4
        assert "no namespaces for you" in zygote.facts.protection.line


def test_without_walls_it_says_so() -> None:
    """What was asked for without walls runs behind limits only, and the line says so."""
    with Zygote("cpu", (), (0,)) as zygote:
        assert not zygote.facts.protection.safe
        assert "UNSANDBOXED" in zygote.facts.protection.line
        line = zygote.open(LIMITS, 10)
        try:
            assert isinstance(load(line, "x = 1"), Answer)
        finally:
            line.close()


def test_every_tier_has_a_line() -> None:
    """What is on is said in one line, for each tier."""
    for tier in NAMES:
        assert "\n" not in protection(tier, "why").line
        assert protection(tier, "why").safe is (tier > 0)


def test_the_grader_never_imports_torch(course: Course) -> None:
    """Grading in the main process works without torch in it."""
    code = (
        "import sys\n"
        "import grader.cli, grader.grading, grader.exhibits, grader.sandbox.host\n"
        "import grader.report.html, grader.report.terminal, grader.report.jsonl\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_walls_that_cannot_be_built_are_our_fault(zygote: Zygote) -> None:
    """A worker that ends before its door is closed is an error of ours, never the student's exit."""
    line = zygote.open(LIMITS, 1e30)  # no limit that a kernel knows
    try:
        with pytest.raises(SandboxError, match="walled in"):
            load(line, "x = 1")
    finally:
        line.close()


def test_a_python_inside_a_hidden_folder_is_seen(tmp_path: Path) -> None:
    """The environment that runs us may lie in the checkout whose course is hidden: it stays, the rest goes."""
    for folder in ("course/.venv", "course/reference"):
        (tmp_path / folder).mkdir(parents=True)
    assert root.views((str(tmp_path / "course/.venv"), "/usr"), (str(tmp_path / "course"), "/usr/share")) == [
        (str(tmp_path / "course/.venv"), True),
        ("/usr", True),
        ("/usr/share", False),
    ]
    assert ("/usr/share", False) in root.views(("/usr", "/usr/lib"), ("/usr/", "/usr/share"))


def test_what_is_hidden_is_hidden_under_every_name(tmp_path: Path) -> None:
    """An environment that is a link leads to the copy of the course in it by two names; both are covered."""
    (tmp_path / "real/lib/course").mkdir(parents=True)
    (tmp_path / "venv").symlink_to("real")
    found = paths.hidden([str(tmp_path / "venv/lib/course")], [str(tmp_path / "venv"), "/usr"])
    assert found == (str(tmp_path / "real/lib/course"), str(tmp_path / "venv/lib/course"))


def test_late_imports_work_in_a_worker(walled: Zygote) -> None:
    """What the zygote has not imported is still there to be imported."""
    line = walled.open(LIMITS, 10)
    try:
        assert isinstance(load(line, "import torch.nn.utils.prune, wave, nbformat"), Answer)
    finally:
        line.close()


def test_a_worker_may_speak_before_its_maker() -> None:
    """Under load the worker says that its walls are up before the zygote has handed over the descriptor."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    handle = os.pidfd_open(os.getpid())
    try:
        theirs.send(b"{}")
        socket.send_fds(theirs, [b'{"scratch": "/tmp/box"}'], [handle])
        known = _introduction(ours)
        os.close(known.handle)
        assert (known.pid, known.said, known.scratch) == (os.getpid(), [{}], "/tmp/box")
    finally:
        os.close(handle)
        ours.close()
        theirs.close()


def test_float32_means_float32_and_one_thread(walled: Zygote) -> None:
    """TF32 is off and one thread computes, before any student code runs."""
    source = (
        "import torch\n"
        "flags = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32\n"
        "print(*flags, torch.backends.cudnn.deterministic, torch.get_num_threads(), torch.cuda.is_initialized())\n"
    )
    line = walled.open(LIMITS, 10)
    try:
        assert isinstance(load(line, source), Answer)
        assert line.output.text.strip() == "False False True 1 False"
    finally:
        line.close()


def killed_at_first(memory: Path, times: int) -> str:
    """In a child: be killed, until that was so many times."""
    with memory.open("a") as file:
        file.write("x")
    if len(memory.read_text()) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return "here"


def test_a_try_that_somebody_kills_is_made_again(tmp_path: Path) -> None:
    """It says nothing about the machine; but not for ever."""
    assert probe.in_child(lambda: killed_at_first(tmp_path / "twice", 2)) == "here"
    with pytest.raises(OSError, match="without a word"):
        probe.in_child(lambda: killed_at_first(tmp_path / "always", 1000))
    assert len((tmp_path / "always").read_text()) == probe.TRIES


def test_what_stays_behind_passes_on_a_kill() -> None:
    """A zygote that was killed in its namespace must not look like one that cannot have it."""
    read_end, write_end = os.pipe()
    behind = os.fork()
    if behind == 0:
        try:
            namespaces.take_position("user")
            os.write(write_end, b"here")
            time.sleep(60)
        except OSError:
            os.write(write_end, b"nowhere")
        finally:
            os._exit(0)
    said = os.read(read_end, 10)
    for end in (read_end, write_end):
        os.close(end)
    for inside in Path(f"/proc/{behind}/task/{behind}/children").read_text().split():
        os.kill(int(inside), signal.SIGKILL)
    _, status = os.waitpid(behind, 0)
    with available(STRONG):
        if said != b"here":
            raise UsageError("no user namespaces here")
    assert os.waitstatus_to_exitcode(status) in namespaces.KILLED


def test_a_zygote_that_is_killed_at_each_start_gets_no_fewer_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can kill it must not choose the tier by that."""
    monkeypatch.setattr(Zygote, "_hello", lambda self: {})
    monkeypatch.setattr(Zygote, "_was_killed", lambda self: True)
    with Zygote("cpu") as zygote:
        zygote._in_bubble = True
        with pytest.raises(SandboxError, match="SIGKILL"):
            zygote.facts  # noqa: B018
