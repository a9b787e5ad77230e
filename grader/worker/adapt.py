"""What the worker takes for something else, so that code written for a notebook or a GPU machine runs here.

Nothing here protects anything: that is the sandbox's work. Where its walls would only say "operation not permitted",
this lets the code go on, or remembers what was tried, so that a report can say it in a sentence.
"""

from __future__ import annotations

import functools
import inspect
import os
import signal
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from grader.wire.records import Adapted, Fact

Notes = dict[str, str]  # what was adapted, and a figure where there is one

_set_num_threads = torch.set_num_threads  # kept here: the code may put other functions in their places
_set_default_dtype, _set_default_device = torch.set_default_dtype, torch.set_default_device
# What a DataLoader accepts only together with processes of its own.
_PARALLEL = ("prefetch_factor", "persistent_workers", "multiprocessing_context", "timeout")
# Python says at these events what is about to be tried.
_PROCESSES = ("os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec", "os.system", "subprocess.Popen")
_NETWORK = ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto", "urllib.Request")
_TRIED = dict.fromkeys(_PROCESSES, "processes") | dict.fromkeys(_NETWORK, "network")
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_NOISE = ("FigureCanvasAgg is non-interactive", "'pin_memory' argument is set as true but no accelerator")


def install(notes: Notes, box: str) -> None:
    """From now on, adapt and note. Called once, before the submission in `box` is imported."""
    _load_in_one_process(notes)
    _leave_out_the_compiler(notes)
    # One, whatever is asked for: more than there are cores wait for each other, at several times the computing time.
    torch.set_num_threads = lambda nthreads: None
    torch.set_num_interop_threads = lambda nthreads: None  # torch allows it once, and that is over
    sys.addaudithook(_watcher(notes, box))
    for message in _NOISE:
        warnings.filterwarnings("ignore", message)


def settle() -> None:
    """Undo what code may have set for the whole process: one question must not depend on what ran before it."""
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL):
        signal.setitimer(timer, 0)
    _set_num_threads(1)
    _set_default_dtype(torch.float32)
    _set_default_device(None)


def adapted(notes: Notes) -> Adapted:
    """The notes as a record."""
    return Adapted(tuple(Fact(name, value) for name, value in notes.items()))


def _load_in_one_process(notes: Notes) -> None:
    """A DataLoader makes no processes here, however many it is asked for; the order of samples is the same."""
    init = DataLoader.__init__
    signature = inspect.signature(init)

    @functools.wraps(init)
    def in_one_process(self: DataLoader[Any], *args: Any, **kwargs: Any) -> None:
        try:
            given = signature.bind_partial(self, *args, **kwargs)
        except TypeError:  # wrong arguments: torch says so in its own words
            init(self, *args, **kwargs)
            return
        workers = given.arguments.get("num_workers", 0)
        if isinstance(workers, int) and workers > 0:
            notes.setdefault("num_workers", str(int(workers)))
            given.arguments["num_workers"] = 0
            for name in _PARALLEL:
                given.arguments.pop(name, None)
        init(*given.args, **given.kwargs)

    DataLoader.__init__ = in_one_process  # type: ignore[method-assign]


def _leave_out_the_compiler(notes: Notes) -> None:
    """torch.compile gives back what it is given, in all of its spellings. No parameter changes its name by it."""

    @functools.wraps(torch.compile)
    def compile(model: Any = None, **options: Any) -> Any:
        notes["compile"] = ""
        return (lambda function: function) if model is None else model

    def compile_in_place(self: nn.Module, *args: Any, **options: Any) -> None:
        notes["compile"] = ""

    torch.compile = compile
    nn.Module.compile = compile_in_place  # type: ignore[method-assign]


def _watcher(notes: Notes, box: str) -> Callable[[str, tuple[Any, ...]], None]:
    """Notes that the code tried to start a process or to reach the network, whatever becomes of it."""

    def watch(event: str, _: tuple[Any, ...]) -> None:
        tried = _TRIED.get(event)
        if tried and _own(sys._getframe(1), box, through=_LIBRARY if tried == "processes" else ""):
            notes[tried] = ""

    return watch


def _own(frame: FrameType | None, box: str, through: str) -> bool:
    """Whether the submission's code is behind a call; not where it comes from a library outside the folder `through`,
    which may look for a program of its own accord."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(box.rstrip("/") + "/"):
            return True
        if through and not file.startswith((through, "<frozen")):
            return False
        if through and "-packages" in file:
            return False
        frame = frame.f_back
    return False
