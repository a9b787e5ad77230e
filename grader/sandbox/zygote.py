"""The zygote: one exec'd Python that has imported torch, single-threaded, and forks workers. It knows no secret.

It is started fresh (never forked from the grader, whose memory holds expected values), with a cleared environment.
Over its control socket it says once what it is (`hello`), then takes one message per worker: a plan for the walls
and four descriptors (the channel, standard output and error, and a status line to the grader). It never runs
student code; when the control socket closes, it ends, and every worker with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from typing import Any

from grader.sandbox import lockdown, syscalls
from grader.sandbox.lockdown import BOX, Plan, Walls

MESSAGE_CAP = 1 << 16
STATUS_CAP = 1 << 12
# torch.utils.data and multiprocessing are what DataLoader imports late; everything else comes with torch.
PRELOADS = ("torch", "torch.utils.data", "numpy", "grader.worker.main")
# What the meta device and torch.optim import at their first use: a second, better spent once. It is imported only
# when the grader says so, so that a first long-running worker can start before.
COMPILER = "torch._dynamo"


def main(control_fd: int, device: str, strengths: tuple[str, ...]) -> None:
    """Serve until the control socket closes."""
    control = socket.socket(fileno=control_fd)
    walls = lockdown.probe(device, strengths)  # before torch: the smaller the process, the cheaper the try
    roots = sys.path[:]
    for name in PRELOADS:
        importlib.import_module(name)
    sys.path[:] = [path for path in roots if path.endswith("-packages") or path.startswith(sys.base_prefix)]
    _prepare_torch(device)
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, shared pages in every worker
    control.send(_hello(walls, device))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # intermediates report their own worker; nobody waits for them
    _serve(control, walls, lockdown.shown_paths(device))


def _prepare_torch(device: str) -> None:
    """One thread, so that forks are safe and training is reproducible."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    if device == "cpu":
        torch.nn.functional.conv2d(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 3, 3))  # load the kernels once


def _mapped_bytes() -> int:
    """Address space that a worker starts with; its memory limit comes on top."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _hello(walls: Walls, device: str) -> bytes:
    import torch

    # NVML-based (see the environment that the grader sets), so that CUDA stays untouched before the forks.
    gpus = torch.cuda.device_count() if device != "cpu" else 0
    facts = {
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "strength": walls.strength,
        "why": walls.why,
        "gpus": gpus,
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }
    return json.dumps(facts).encode()


def _serve(control: socket.socket, walls: Walls, show: tuple[str, ...]) -> None:
    while True:
        message, fds, _, _ = socket.recv_fds(control, MESSAGE_CAP, 4)
        if not message:
            return
        order: dict[str, Any] = json.loads(message)
        if order["compiler"] and COMPILER not in sys.modules:
            importlib.import_module(COMPILER)
            gc.freeze()
        plan = Plan(
            strength=walls.strength,
            show=show,
            hide=tuple(order["hide"]),
            memory_bytes=order["memory_bytes"],
            cpu_seconds=order["cpu_seconds"],
            base_bytes=_mapped_bytes(),
        )
        if os.fork() == 0:
            control.close()
            _intermediate(plan, *fds)
        for fd in fds:
            os.close(fd)


def _intermediate(plan: Plan, channel: int, out: int, err: int, status_fd: int) -> None:
    """Build the walls, fork the worker into them, tell the grader how to kill it, and how it ended. Never returns."""
    status = socket.socket(fileno=status_fd)
    box = BOX if plan.strength != "none" else tempfile.mkdtemp(prefix="grader-")
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        lockdown.leave_the_host(plan)
        # The worker waits at this gate until the grader holds the descriptor that kills it.
        gate, opener = os.pipe()
        worker = os.fork()
        if worker == 0:
            os.close(opener)
            _become_worker(plan, box, channel, out, err, gate)
        for fd in (channel, out, err, gate):
            os.close(fd)
        handle = os.pidfd_open(worker)
        socket.send_fds(status, [json.dumps({"pid": worker}).encode()], [handle])
        os.write(opener, b"\0")
        ended = _wait_for(worker, handle, status)
        with contextlib.suppress(OSError):
            status.send(json.dumps(ended).encode())
    except OSError as error:
        with contextlib.suppress(OSError):
            status.send(json.dumps({"broken": str(error)}).encode())
    finally:
        if box != BOX:
            shutil.rmtree(box, ignore_errors=True)
        os._exit(0)


def _wait_for(worker: int, handle: int, status: socket.socket) -> dict[str, Any]:
    """Wait until the worker ends; kill it when the grader is gone, whatever the worker did to its own signals."""
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    poller.register(status, select.POLLIN | select.POLLHUP)
    if handle not in dict(poller.poll()):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    _, code, usage = os.wait4(worker, 0)
    signalled = os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0
    return {
        "exit": os.WEXITSTATUS(code) if os.WIFEXITED(code) else -1,
        "signal": signalled,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_bytes": usage.ru_maxrss * 1024,
    }


def _become_worker(plan: Plan, box: str, channel: int, out: int, err: int, gate: int) -> None:
    """Arrange the descriptors, close the door, and serve. Never returns."""
    try:
        os.read(gate, 1)
        nothing = os.open("/dev/null", os.O_RDONLY)
        for target, source in enumerate((nothing, out, err, channel)):
            # Sources may lie in 0..3 themselves; move them out of the way first.
            os.dup2(_above(source), target, inheritable=False)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        lockdown.close_the_door(plan)
        os.chdir(box)
        os.environ.update(HOME=box, TMPDIR=box, TORCH_HOME=box, MPLCONFIGDIR=box, XDG_CACHE_HOME=box)
        tempfile.tempdir = box
        from grader.worker.main import serve

        serve(3, box)
    except BaseException as error:  # whatever it is, this process must not return into the zygote's loop
        with contextlib.suppress(OSError):
            os.write(2, f"worker: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)


def _above(fd: int) -> int:
    """A copy of `fd` whose number is at least 10."""
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
