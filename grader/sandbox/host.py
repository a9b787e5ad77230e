"""Starting the zygote, and asking it for workers. The grader's side; see `zygote` for the other."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from grader.errors import SandboxError, UsageError, WorkerLost
from grader.language import _
from grader.model import Protection
from grader.sandbox import bubble, namespaces, paths, promises
from grader.sandbox.channel import Channel, Output, Reply
from grader.sandbox.limits import Limits
from grader.sandbox.tiers import SAFE, STRONG_PLUS

START_SECONDS = 180.0
STARTS = 5  # how often a zygote is started that somebody kills while it starts
_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds the package `grader`
_PROGRAM = (
    # The very package that runs here, whichever others are installed; its folder does not stay on the path.
    "import sys; sys.path.insert(0, {root!r}); import grader; sys.path.pop(0); "
    "from grader.sandbox.zygote import main; main({fd}, {device!r}, {tiers!r}, {ways!r})"
)


class Line(Protocol):
    """What the grading flow needs of a worker. `Channel` is the real one; `fake.FakeLine` stands in for tests."""

    @property
    def output(self) -> Output: ...

    def ask(self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray], limits: Limits) -> Reply: ...

    def kill(self) -> None: ...

    def close(self) -> None: ...


class Sandbox(Protocol):
    """What the grading flow needs of a sandbox: facts about it, and fresh workers."""

    @property
    def facts(self) -> Facts: ...

    def open(self, limits: Limits, cpu_seconds: float, imports: tuple[str, ...] = ()) -> Line: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Facts:
    """What the zygote said of itself. `cpu` is torch's instruction set, on which rounding depends."""

    torch: str
    python: str
    cpu: str
    gpus: int
    protection: Protection


class Zygote:
    """The real sandbox. Starting returns at once; torch is imported while the grader does other things.

    `hide` are folders that no worker may see; `cache` is a folder where what the zygote itself imports may keep
    things. `tiers` are the tiers of protection to try, best first, `ways` the ways to namespaces (see `namespaces`).
    """

    def __init__(
        self,
        device: str = "cpu",
        hide: tuple[str, ...] = (),
        tiers: tuple[int, ...] = SAFE,
        cache: str | None = None,
        ways: tuple[str, ...] = ("root", "user"),
    ) -> None:
        self.device = device
        self._hide = paths.hidden(hide, paths.shown(device))
        self._tiers, self._ways, self._cache = tiers, ways, cache
        self._lock = threading.Lock()
        self._why = ""  # what kept us from the outer layer
        self._closed = False
        bwrap = bubble.program()
        if STRONG_PLUS in tiers and bwrap is None:
            self._why = promises.NO_BUBBLEWRAP
            if tiers == (STRONG_PLUS,):
                raise UsageError(_refusal(tiers, self._why))
        self._start(bwrap if STRONG_PLUS in tiers else None)

    def _start(self, bwrap: str | None) -> None:
        """Start the process: inside bubblewrap for tier 4 alone, without it for all the others."""
        tiers = tuple(tier for tier in self._tiers if (tier == STRONG_PLUS) == (bwrap is not None))
        self._in_bubble = bwrap is not None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = _PROGRAM.format(root=str(_ROOT), fd=theirs.fileno(), device=self.device, tiers=tiers, ways=self._ways)
        around = (
            bubble.command(bwrap, paths.shown(self.device), _ROOT / "grader", self._hide, self._cache) if bwrap else []
        )
        self._process = subprocess.Popen(
            # -s -P -B: no user site, no folder of ours on the path, no bytecode written.
            [*around, sys.executable, "-s", "-P", "-B", "-c", program],
            env=_environment(self.device, self._cache),
            cwd="/",
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def facts(self) -> Facts:
        """Wait until torch is imported, and say what the sandbox is.

        Raises `SandboxError` when it did not start, `UsageError` when this machine gives no tier that was asked for.
        """
        said = self._greeted()
        killed = not said and self._was_killed()  # each time: then nobody knows what this machine gives
        if self._in_bubble and said.get("tier") != STRONG_PLUS and not killed:
            why = said.get("why") or self._last_words().strip()
            self._why = promises.BROKEN_BUBBLEWRAP.format(reason=why)
            self._end()
            if self._tiers == (STRONG_PLUS,):
                raise UsageError(_refusal(self._tiers, self._why))
            self._start(None)
            said = self._greeted()
        if not said:
            raise SandboxError(
                _("the sandbox did not start:\n{said}").format(said="SIGKILL" if killed else self._last_words())
            )
        if said["tier"] not in self._tiers:
            raise UsageError(_refusal(self._tiers, said["why"] or self._why))
        if self.device == "cuda" and not said["gpus"]:
            raise UsageError(_("--device cuda: torch finds no GPU here. Use --device cpu, or auto."))
        why = said["why"] or (self._why if said["tier"] == STRONG_PLUS - 1 else "")
        return Facts(said["torch"], said["python"], said["cpu"], said["gpus"], promises.protection(said["tier"], why))

    def _greeted(self) -> dict[str, Any]:
        """Its first words; where it was killed before it could speak, it is started again, with no fewer walls."""
        for _start in range(STARTS - 1):
            said = self._hello()
            if said or self._closed or not self._was_killed():
                return said
            self._end()
            self._start(bubble.program() if self._in_bubble else None)
        return self._hello()

    def _was_killed(self) -> bool:
        """Whether somebody ended it, or what it holds, from outside."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(1.0) in namespaces.KILLED
        return False

    def _hello(self) -> dict[str, Any]:
        """What the zygote says of itself; nothing when it ended before it could."""
        self._control.settimeout(START_SECONDS)
        try:
            said: dict[str, Any] = json.loads(self._control.recv(1 << 16) or b"{}")
        except ConnectionError:
            return {}
        except (TimeoutError, OSError) as error:
            raise SandboxError(
                _("the sandbox did not start within {seconds:g} s").format(seconds=START_SECONDS)
            ) from error
        self._control.settimeout(None)
        return said

    def open(self, limits: Limits, cpu_seconds: float, imports: tuple[str, ...] = ()) -> Channel:
        """Start a worker that may use `cpu_seconds` in all, with some slow `imports` done before it starts.

        A zygote that has ended is started anew. Raises `SandboxError` when the worker cannot be walled in, `WorkerLost`
        when the zygote ended meanwhile.
        """
        self.facts  # noqa: B018  the zygote takes orders only once it has said hello
        order = {
            "imports": imports,
            "hide": self._hide,
            # CUDA reserves more address space than any sensible limit allows.
            "memory_bytes": limits.memory_bytes if self.device == "cpu" else 0,
            "cpu_seconds": int(cpu_seconds) + 1,
        }
        line, their_line = socket.socketpair()
        status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        out, their_out = os.pipe()
        err, their_err = os.pipe()
        try:
            theirs = [their_line.fileno(), their_out, their_err, their_status.fileno()]
            with self._lock:
                self._revive()
                socket.send_fds(self._control, [json.dumps(order).encode()], theirs)
        except OSError as error:
            raise WorkerLost(_("the sandbox is gone: {said}").format(said=self._last_words())) from error
        finally:
            their_line.close()
            their_status.close()
            os.close(their_out)
            os.close(their_err)
        try:
            return Channel(line, (out, err), status)
        except BaseException:
            for end in (line, status):
                end.close()
            for stream in (out, err):
                os.close(stream)
            raise

    def _revive(self) -> None:
        """Start the zygote anew where it has ended. Raises `SandboxError` when it does not start as it did before."""
        if self._closed:
            raise SandboxError(_("the sandbox is closed"))
        if self._process.poll() is None:
            return
        self._end()
        self._start(bubble.program() if self._in_bubble else None)
        said, facts = self._greeted(), self.facts
        if not said:
            raise WorkerLost(_("the sandbox ended, and did not start again:\n{said}").format(said=self._last_words()))
        if (said.get("tier"), said.get("torch"), said.get("cpu")) != (facts.protection.tier, facts.torch, facts.cpu):
            raise SandboxError(
                _("the sandbox ended, and did not start again as it was:\n{said}").format(said=self._last_words())
            )

    def close(self) -> None:
        """End the zygote; workers still alive end with it."""
        self._closed = True
        if "facts" not in vars(self):
            self._process.kill()  # it is still importing torch, and would not look up before that is done
        self._end()

    def _end(self) -> None:
        self._control.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _last_words(self) -> str:
        try:
            self._process.wait(1.0)  # it is ending, or has ended
        except subprocess.TimeoutExpired:
            return promises.NO_REASON
        return self._stderr().decode("utf-8", "backslashreplace")[-2000:] or promises.NO_REASON

    def _stderr(self) -> bytes:
        """What was printed last. To read up to the end would wait for every worker that still holds the other end."""
        held = self._process.stderr
        with contextlib.suppress(OSError, ValueError):  # somebody closes it meanwhile
            if held is not None and select.select([held], [], [], 1.0)[0]:
                return os.read(held.fileno(), 1 << 16)
        return b""


def _refusal(asked: tuple[int, ...], why: str) -> str:
    if set(SAFE) <= set(asked):
        wanted = _(
            "this machine gives no protection from student code: {reason}. "
            "Run `grade doctor`: it tells what is missing, and how to get it"
        )
    else:
        wanted = _(
            "this machine does not give sandbox tier {tiers}: {reason}. "
            "Run `grade doctor`: it tells what is missing, and how to get it"
        )
    return wanted.format(tiers=_(" or ").join(map(str, asked)), reason=promises.reason(why))


def _environment(device: str, cache: str | None) -> dict[str, str]:
    """All that a worker may know of the environment."""
    names = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # sets of strings iterate alike in every run
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # else glibc reserves 64 MB a thread and the memory limit bites too early
        # Tensors of up to 32 MiB, the most that glibc takes here, come from memory that is kept, and not from new pages
        # each time: passes through ResNet18 take a quarter less.
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
        "MPLBACKEND": "Agg",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # deterministic matrix products
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # counting GPUs must not initialise CUDA before the forks
    }
    if cache:
        names["MPLCONFIGDIR"] = cache  # matplotlib's list of fonts takes a second to make; workers get another folder
    if device == "cpu":
        names["CUDA_VISIBLE_DEVICES"] = ""
    elif "LD_LIBRARY_PATH" in os.environ:
        names["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return names
