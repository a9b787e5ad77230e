"""The zygote: one exec'd Python that has imported torch, single-threaded, and forks workers. It knows no secret.

It is started fresh (never forked from the grader, whose memory holds expected values), with a cleared environment.
Over its control socket it says once what it is (`hello`), then takes one message per worker: a plan for the walls
and four descriptors (the channel, standard output and error, and a status line to the grader). It never runs
student code. When the control socket closes, it kills every worker and ends.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from grader.sandbox import lockdown, namespaces, paths, probe, scratch, tiers
from grader.sandbox.lockdown import BOX, Plan
from grader.sandbox.probe import Position

MESSAGE_CAP = 1 << 16
_CHANCE = 20_230_917  # nobody's secret
# torch.utils.data and multiprocessing are what DataLoader imports late; everything else comes with torch.
PRELOADS = ("torch", "torch.utils.data", "numpy", "grader.worker.main")
# What takes a second to import, and is needed by some workers: imported once, when the first of them is asked for, so
# that others can start before. torch._dynamo is what the meta device and torch.optim import at their first use.
LATE = ("torch._dynamo", "matplotlib.pyplot", "matplotlib.backends.backend_agg")


def main(control_fd: int, device: str, asked: tuple[int, ...], ways: tuple[str, ...]) -> None:
    """Serve until the control socket closes; end at once, saying why, when none of the tiers `asked` for can be had."""
    control = socket.socket(fileno=control_fd)
    position = probe.choose(asked, ways, device)  # before torch: the smaller the process, the cheaper the try
    if position.tier not in asked:
        control.send(json.dumps({"tier": position.tier, "why": position.why}).encode())
        return
    namespaces.take_position(position.way)
    roots = sys.path[:]
    for name in PRELOADS:
        importlib.import_module(name)
    sys.path[:] = [path for path in roots if path.endswith("-packages") or path.startswith(sys.base_prefix)]
    _prepare_torch(device)
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, shared pages in every worker
    control.send(_hello(position, device))
    _serve(control, position, device)
    os._exit(0)  # all is put away; what torch does at its own end takes a second, for which somebody would wait


def _prepare_torch(device: str) -> None:
    """One thread, so that forks are safe and training is reproducible; on a GPU full float32, no choice of algorithm.

    Only flags are set for CUDA: nothing here may initialise it, since what is initialised cannot be forked.
    """
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    if device == "cpu":
        _warm_up()


def _warm_up() -> None:
    """Run once what every worker runs, so that torch's dispatch tables and kernels are there before the forks."""
    import torch
    from torch import nn

    for dtype in (torch.float32, torch.float64):
        layers = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(2)
        model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8, 3), nn.BatchNorm1d(3), nn.Softmax(1)).to(dtype)
        x = torch.randn(4, 1, 8, 8, dtype=dtype, generator=torch.Generator().manual_seed(0), requires_grad=True)
        model(x).square().sum().backward()
        model.eval()(x.detach())


def _mapped_bytes() -> int:
    """Address space that a worker starts with; its memory limit comes on top."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _hello(position: Position, device: str) -> bytes:
    import torch

    # NVML-based (see the environment that the grader sets), so that CUDA stays untouched before the forks.
    gpus = torch.cuda.device_count() if device != "cpu" else 0
    facts = {
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "tier": position.tier,
        "why": position.why,
        "gpus": gpus,
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }
    return json.dumps(facts).encode()


@dataclass(frozen=True)
class _Worker:
    """A living worker: the descriptor that kills it, the line to whoever asked for it, and its scratch folder."""

    pid: int
    handle: int
    status: socket.socket
    box: str

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def bury(self) -> None:
        """Wait for it, tell how it ended, and leave nothing behind."""
        _, code, usage = os.wait4(self.pid, 0)
        ended = {
            "exit": os.WEXITSTATUS(code) if os.WIFEXITED(code) else -1,
            "signal": os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0,
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
            "peak_bytes": usage.ru_maxrss * 1024,
        }
        with contextlib.suppress(OSError):
            self.status.send(json.dumps(ended).encode())
        self.status.close()
        os.close(self.handle)
        if self.box != BOX:
            scratch.remove(self.box)


def _serve(control: socket.socket, position: Position, device: str) -> None:
    """Fork workers as they are asked for, and bury them as they end, until the control socket closes."""
    poller = select.poll()
    poller.register(control, select.POLLIN)
    show = paths.shown(device)
    living: dict[int, _Worker] = {}  # by the descriptors that tell of their end
    while True:
        for fd, _ in poller.poll():
            if fd == control.fileno():
                worker = _next_worker(control, position, show, device)
                if worker is None:
                    _end(set(living.values()))
                    return
                for mark in (worker.handle, worker.status.fileno()):
                    poller.register(mark, select.POLLIN)
                    living[mark] = worker
            elif fd in living and fd == living[fd].handle:
                worker = living[fd]
                for mark in (worker.handle, worker.status.fileno()):
                    poller.unregister(mark)
                    del living[mark]
                worker.bury()
            elif fd in living:  # nothing is ever said on that line: whoever asked for the worker is gone
                poller.unregister(fd)
                poller.register(fd, 0)
                living[fd].kill()


def _end(workers: set[_Worker]) -> None:
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.bury()


def _next_worker(control: socket.socket, position: Position, show: tuple[str, ...], device: str) -> _Worker | None:
    """Take one order and fork a worker for it; None when the control socket has closed."""
    message, fds, _, _ = socket.recv_fds(control, MESSAGE_CAP, 4)
    if not message:
        return None
    order: dict[str, Any] = json.loads(message)
    missing = [name for name in order["imports"] if name in LATE and name not in sys.modules]
    if missing:
        for name in missing:
            importlib.import_module(name)
        gc.freeze()
    plan = Plan(
        tier=position.tier,
        way=position.way,
        show=show,
        hide=tuple(order["hide"]),
        box=BOX if position.tier >= tiers.STRONG else tempfile.mkdtemp(prefix="grader-"),
        memory_bytes=order["memory_bytes"],
        cpu_seconds=order["cpu_seconds"],
        base_bytes=_mapped_bytes(),
        gpu=device == "cuda",
    )
    pid = lockdown.fork_apart(plan.way)
    if pid == 0:
        _become_worker(plan, *fds)
    status = socket.socket(fileno=fds[3])
    for fd in fds[:3]:
        os.close(fd)
    worker = _Worker(pid, os.pidfd_open(pid), status, plan.box)
    # A scratch folder that is not a file system of its own has no size; the grader keeps an eye on it.
    watch = {"scratch": plan.box if plan.box != BOX else ""}
    with contextlib.suppress(OSError):
        socket.send_fds(status, [json.dumps(watch).encode()], [worker.handle])
    return worker


def _become_worker(plan: Plan, channel: int, out: int, err: int, status: int) -> None:
    """Arrange the descriptors, close the door, say so, and serve. Never returns."""
    try:
        nothing = os.open("/dev/null", os.O_RDONLY)
        # Sources may lie in 0..4 themselves: move all of them out of the way first.
        for target, source in enumerate([_above(fd) for fd in (nothing, out, err, channel, status)]):
            os.dup2(source, target, inheritable=False)
        os.closerange(5, os.sysconf("SC_OPEN_MAX"))
        lockdown.close_the_door(plan)
        os.write(4, b"{}")
        os.close(4)
        box = plan.box
        os.chdir(box)
        os.environ.pop("PWD", None)  # bubblewrap sets it
        os.environ.update(USER="student", HOME=box, TMPDIR=box, TORCH_HOME=box, MPLCONFIGDIR=box, XDG_CACHE_HOME=box)
        tempfile.tempdir = box
        _settle_chance()
        from grader.worker.main import serve

        serve(3, box)
    except BaseException as error:  # whatever it is, this process must not return into the zygote's loop
        with contextlib.suppress(OSError):
            os.write(2, f"worker: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)


def _settle_chance() -> None:
    """The same random numbers for everybody who does not seed: equal code then answers alike, whenever it is asked.

    What is hidden from students is drawn by the grader, from other streams."""
    import random

    import numpy as np
    import torch

    random.seed(_CHANCE)
    np.random.seed(_CHANCE)
    torch.default_generator.manual_seed(_CHANCE)


def _above(fd: int) -> int:
    """A copy of `fd` whose number is at least 10."""
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
