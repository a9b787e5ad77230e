"""Starting the zygote, and asking it for workers. The grader's side; see `zygote` for the other."""

from __future__ import annotations

import json
import os
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

from grader.errors import SandboxError, UsageError
from grader.sandbox.channel import Channel, Output, Reply
from grader.sandbox.limits import Limits
from grader.sandbox.lockdown import STRENGTHS, Walls

START_SECONDS = 180.0
_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds the package `grader`
_PROGRAM = (
    # The very package that runs here, whichever others are installed; its folder does not stay on the path.
    "import sys; sys.path.insert(0, {root!r}); import grader; sys.path.pop(0); "
    "from grader.sandbox.zygote import main; main({fd}, {device!r}, {strengths!r})"
)


class Line(Protocol):
    """What the grading flow needs of a worker. `Channel` is the real one; `fake.FakeLine` stands in for tests."""

    @property
    def output(self) -> Output: ...

    def ask(self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray], limits: Limits) -> Reply: ...

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
    protection: str
    protected: bool


class Zygote:
    """The real sandbox. Starting returns at once; torch is imported while the grader does other things.

    `hide` are folders that no worker may see; `strengths` are the walls to try, best first (see `lockdown`); `cache`
    is a folder where what the zygote itself imports may keep things.
    """

    def __init__(
        self,
        device: str = "cpu",
        hide: tuple[str, ...] = (),
        strengths: tuple[str, ...] = STRENGTHS,
        cache: str | None = None,
    ) -> None:
        self.device = device
        self._hide = hide
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = _PROGRAM.format(root=str(_ROOT), fd=theirs.fileno(), device=device, strengths=strengths)
        self._process = subprocess.Popen(
            # -s -P -B: no user site, no folder of ours on the path, no bytecode written.
            [sys.executable, "-s", "-P", "-B", "-c", program],
            env=_environment(device, cache),
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
        """Wait until torch is imported, and say what the sandbox is. Raises `SandboxError` when it did not start."""
        self._control.settimeout(START_SECONDS)
        try:
            said = json.loads(self._control.recv(1 << 16) or b"{}")
        except (TimeoutError, OSError) as error:
            raise SandboxError(f"the sandbox did not start within {START_SECONDS:g} s") from error
        if not said:
            raise SandboxError(f"the sandbox did not start:\n{self._last_words()}")
        self._control.settimeout(None)
        if self.device == "cuda" and not said["gpus"]:
            raise UsageError("--device cuda: torch finds no GPU here. Use --device cpu, or auto.")
        walls = Walls(said["strength"], said["why"])
        protected = walls.strength != "none"
        return Facts(said["torch"], said["python"], said["cpu"], said["gpus"], walls.line, protected)

    def open(self, limits: Limits, cpu_seconds: float, imports: tuple[str, ...] = ()) -> Channel:
        """Start a worker that may use `cpu_seconds` in all, with some slow `imports` done before it starts.

        Raises `SandboxError` when it cannot be walled in.
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
                socket.send_fds(self._control, [json.dumps(order).encode()], theirs)
        except OSError as error:
            raise SandboxError(f"the sandbox is gone: {self._last_words()}") from error
        finally:
            their_line.close()
            their_status.close()
            os.close(their_out)
            os.close(their_err)
        return Channel(line, (out, err), status)

    def close(self) -> None:
        """End the zygote; workers still alive end with it."""
        self._control.close()
        if "facts" not in vars(self):
            self._process.kill()  # it is still importing torch, and would not look up before that is done
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _last_words(self) -> str:
        if self._process.stderr is None or self._process.poll() is None:
            return "no reason given"
        return self._process.stderr.read().decode("utf-8", "backslashreplace")[-2000:]


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
