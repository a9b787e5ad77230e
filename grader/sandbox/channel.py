"""The live line to one worker: questions out, answers in, each within its limits, whatever the worker does.

The grader's side only. Nothing that arrives here is believed: frames are capped before they are stored, the
envelope is checked to the letter, and time is measured on this side.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.errors import SandboxError, WorkerLost
from grader.language import _
from grader.sandbox import limits as kinds
from grader.sandbox import scratch
from grader.sandbox.limits import Death, Limits, size_text
from grader.wire import frames, strict
from grader.wire.arrays import WITH_ARRAYS
from grader.wire.frames import FrameError
from grader.wire.records import Problem

POLL_SECONDS = 0.1  # how often a running worker's CPU time is looked at
KEPT_HEAD, KEPT_TAIL = 6_000, 2_000  # bytes of what the student's code prints
_CHUNK = 1 << 18
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Answer:
    """A well-formed answer: its record, not yet typed, and its arrays."""

    body: Any
    arrays: dict[str, np.ndarray]


Reply = Answer | Problem | Death


class Output:
    """What the student's code prints: the head and the tail are kept, the middle is counted."""

    def __init__(self) -> None:
        self.total = 0
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take in some bytes."""
        self.total += len(chunk)
        room = KEPT_HEAD - len(self._head)
        self._head += chunk[: max(0, room)]
        self._tail = (self._tail + chunk[max(0, room) :])[-KEPT_TAIL:]

    @property
    def text(self) -> str:
        """The kept parts as text, saying how much was cut."""
        cut = self.total - len(self._head) - len(self._tail)
        middle = f"\n… {cut} bytes more …\n".encode() if cut else b""
        return bytes(self._head + middle + self._tail).decode("utf-8", "backslashreplace")


class Channel:
    """One worker. Ask it questions; close it, and it is dead."""

    def __init__(self, line: socket.socket, streams: tuple[int, int], status: socket.socket) -> None:
        self._line, self._streams, self._status = line, streams, status
        introduced = _introduction(status)
        self._pid, self._handle, self._said = introduced.pid, introduced.handle, introduced.said
        self._scratch = introduced.scratch
        self.output = Output()
        self._taken = 0  # bytes of arrays, in all answers so far
        self._granted = 0.0  # seconds of computing time, for all questions so far
        self._death: Death | None = None
        line.setblocking(False)
        for stream in streams:
            os.set_blocking(stream, False)

    def ask(self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray], limits: Limits) -> Reply:
        """Put one question and wait for its answer, the student's exception, or the worker's death."""
        if self._death is not None:
            return self._death
        self._granted += limits.cpu_seconds
        number = secrets.randbits(53)  # a number that cannot be guessed: nobody answers what was not asked yet
        question = frames.encode({"id": number, "op": op, "params": dict(params)}, arrays)
        room = max(0, limits.answer_bytes - self._taken) if op in WITH_ARRAYS else 0
        exchange = _Exchange(question, limits, self._cpu_seconds(), room)
        try:
            frame = self._converse(exchange)
            self._taken += sum(array.nbytes for array in frame.arrays.values())
            return _opened(frame, number)
        except frames.TooLarge:
            allowed = size_text(limits.answer_bytes)
            return self._die(Death(kinds.ANSWER_LIMIT, f"an answer of more than the {allowed} that are taken in"))
        except FrameError as error:
            return self._die(Death(kinds.PROTOCOL, f"the worker's answer was not one: {error}"))
        except _Stopped as stop:
            return self._die(stop.death)

    def kill(self) -> None:
        """End the worker while somebody else waits for its answer, who then gets its death. Not to be called once the
        line is closed."""
        self._kill()

    def close(self) -> None:
        """Kill the worker and release everything. The zygote buries it."""
        self._kill()
        for stream in (*self._streams, self._handle):
            os.close(stream)
        self._line.close()
        self._status.close()

    def _converse(self, exchange: _Exchange) -> frames.Frame:
        with selectors.DefaultSelector() as selector:
            selector.register(self._line, selectors.EVENT_READ | selectors.EVENT_WRITE)
            for stream in self._streams:
                selector.register(stream, selectors.EVENT_READ)
            while True:
                for key, events in selector.select(POLL_SECONDS):
                    if key.fileobj is not self._line:
                        self._drain(int(key.fd), selector)
                        continue
                    if events & selectors.EVENT_WRITE and exchange.send(self._line):
                        selector.modify(self._line, selectors.EVENT_READ)
                    if events & selectors.EVENT_READ:
                        frame = exchange.receive(self._line)
                        if frame is not None:
                            self._drain_rest()
                            return frame
                if not exchange.due():
                    continue
                exchange.check(self._cpu_seconds(), self.output.total)
                if self._scratch and (excess := scratch.excess(self._scratch)):
                    raise _Stopped(Death(kinds.DISK_LIMIT, excess))

    def _drain(self, stream: int, selector: selectors.BaseSelector | None = None) -> bool:
        """Take what has been printed; returns whether there was something."""
        try:
            chunk = os.read(stream, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk and selector is not None:
            selector.unregister(stream)
        self.output.add(chunk)
        return bool(chunk)

    def _drain_rest(self) -> None:
        """What was printed before the answer must not be left in the pipe when the worker is killed."""
        for stream in self._streams:
            for _chunk in range(16):
                if not self._drain(stream):
                    break

    def _die(self, death: Death) -> Death:
        self._kill()
        self._drain_rest()
        if death.kind == kinds.EXITED:
            death = self._epitaph()
        self._death = death
        return death

    def _epitaph(self) -> Death:
        """Say how a worker ended that was not killed by us. Raises `SandboxError` when its walls were never up, and
        `WorkerLost` when nobody tells how it ended, since the zygote is gone."""
        while _wait_readable(self._status.fileno(), 5.0) and (message := self._status.recv(1 << 12)):
            self._said.append(json.loads(message))
        ended = next((said for said in self._said if "signal" in said), None)
        if ended is None:
            raise WorkerLost(_("a worker ended, and the zygote, which would know why, is gone"))
        number = ended["signal"]
        if {} not in self._said:
            if number == signal.SIGKILL:
                raise WorkerLost(_("a worker was killed before it was walled in"))
            raise SandboxError(_("a worker could not be walled in: {said}").format(said=self.output.text.strip()))
        if number in (signal.SIGXCPU, signal.SIGKILL):
            return self._killed(number, float(ended.get("cpu_seconds", 0)), int(ended.get("peak_bytes", 0)))
        if number:
            return Death(kinds.CRASHED, f"the process crashed: {signal.strsignal(number)} (signal {number})")
        return Death(kinds.EXITED, f"the code ended the whole process (exit status {ended.get('exit', '?')})")

    def _killed(self, number: int, cpu_seconds: float, peak_bytes: int) -> Death:
        """The kernel ended it, at its own limit of computing time or since the machine has no memory left."""
        spent = f"{cpu_seconds:.1f} s of computing time and {size_text(peak_bytes)} of memory"
        if number == signal.SIGXCPU or cpu_seconds >= self._granted:
            return Death(kinds.CPU_LIMIT, f"the kernel ended it, after {spent}")
        return Death(
            kinds.MEMORY_LIMIT, f"the kernel ended it, as it does when the machine has no memory left, after {spent}"
        )

    def _kill(self) -> None:
        if not _wait_readable(self._handle, 0.0):
            if self._death is None and _hung_up(self._line):
                _wait_readable(self._handle, 1.0)  # it is ending by itself: let it say how
            with contextlib.suppress(ProcessLookupError):  # it ended, and was waited for, meanwhile
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def _cpu_seconds(self) -> float:
        try:
            with open(f"/proc/{self._pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS


class _Stopped(Exception):
    def __init__(self, death: Death) -> None:
        self.death = death


class _Exchange:
    """One question under way: what is left to send, what has come, what may still be used up."""

    def __init__(self, question: bytes, limits: Limits, cpu_seconds: float, room: int) -> None:
        self._left = memoryview(question)
        self._limits = limits
        self._cpu_start = cpu_seconds
        self._deadline = time.monotonic() + limits.wall_seconds  # one for the whole exchange, however it drips
        self._next_look = 0.0
        self._reader = frames.Reader(room)

    def send(self, line: socket.socket) -> bool:
        """Send what fits; true when all is sent."""
        try:
            self._left = self._left[line.send(self._left) :] if self._left else self._left
        except BlockingIOError:
            return False
        except OSError as error:
            raise _Stopped(Death(kinds.EXITED, "")) from error
        return not self._left

    def receive(self, line: socket.socket) -> frames.Frame | None:
        """Take in what has come; the frame when it is complete."""
        try:
            chunk = line.recv(_CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            chunk = b""
        if not chunk:
            raise _Stopped(Death(kinds.EXITED, ""))
        frame = self._reader.feed(chunk)
        if frame is not None and self._left:
            raise FrameError("it came before the whole question was put")
        return frame

    def due(self) -> bool:
        """Whether to look at the limits again: now and then, not for every byte that drips in."""
        now = time.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + POLL_SECONDS
        return True

    def check(self, cpu_seconds: float, printed: int) -> None:
        """Stop the exchange when a limit is reached, naming it."""
        limits = self._limits
        if cpu_seconds - self._cpu_start > limits.cpu_seconds:
            raise _Stopped(Death(kinds.CPU_LIMIT, f"more than {limits.cpu_seconds:g} s of computing time"))
        if time.monotonic() > self._deadline:
            raise _Stopped(Death(kinds.WALL_LIMIT, f"no answer within {limits.wall_seconds:g} s"))
        if printed > limits.output_bytes:
            raise _Stopped(Death(kinds.OUTPUT_LIMIT, f"more than {size_text(limits.output_bytes)} printed"))


@dataclass(frozen=True)
class _Introduction:
    """What is known of a worker at its start: its pid here, the descriptor that kills it, the scratch folder to keep
    an eye on (empty where it has a size of its own), and what the worker itself said meanwhile."""

    pid: int
    handle: int
    scratch: str
    said: list[Any]


def _introduction(status: socket.socket) -> _Introduction:
    """Wait for the zygote to hand over its worker, which may be faster to speak than its maker."""
    status.settimeout(30.0)
    said: list[Any] = []
    while True:
        try:
            message, fds, *_rest = socket.recv_fds(status, 1 << 12, 1)
        except TimeoutError as error:
            raise WorkerLost(_("a worker could not be started within 30 s")) from error
        if fds:
            break
        if not message:
            raise WorkerLost(_("a worker could not be started: the zygote is gone"))
        said.append(json.loads(message))
    # The zygote may live in a pid namespace, where the worker has another number than here.
    with open(f"/proc/self/fdinfo/{fds[0]}") as info:
        pid = next(int(line.split()[1]) for line in info if line.startswith("Pid:"))
    return _Introduction(pid, fds[0], json.loads(message)["scratch"], said)


def _opened(frame: frames.Frame, number: int) -> Reply:
    header = frame.header
    if header.get("id") != number or type(header.get("id")) is not int:
        raise FrameError("it does not belong to the question asked")
    if set(header) == {"id", "answer"}:
        return Answer(header["answer"], frame.arrays)
    if set(header) == {"id", "problem"} and not frame.arrays:
        return strict.read(Problem, header["problem"])
    raise FrameError("its header has other keys than those agreed")


def _wait_readable(fd: int, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def _hung_up(line: socket.socket) -> bool:
    try:
        return line.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return False
