"""The line to a worker that does not keep to the rules: every trick on the socket ends in a death with a name, in time.

The worker here is a thread that writes bytes, beside a process that does nothing and can be killed; no sandbox.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from grader.sandbox import limits as kinds
from grader.sandbox.channel import Answer, Channel, Reply
from grader.sandbox.limits import MIB, Death, Limits
from grader.wire import frames
from grader.wire.records import Problem

QUICK = Limits(cpu_seconds=5.0, wall_seconds=0.6, answer_bytes=MIB)
PATIENT = Limits(cpu_seconds=5.0, wall_seconds=20.0, answer_bytes=MIB)


@dataclass
class Peer:
    """The worker's end: it takes questions and sends whatever bytes it likes."""

    line: socket.socket

    def question(self) -> dict[str, Any]:
        """Read the next question whole and give its header."""
        reader = frames.Reader(1 << 30, frames.OWN)
        while True:
            frame = reader.feed(self.line.recv(1 << 20))
            if frame is not None:
                return frame.header

    def answer(self, header: dict[str, Any], **arrays: np.ndarray) -> None:
        """Send one frame."""
        self.line.sendall(frames.encode(header, arrays))


@contextmanager
def worker(behaviour: Callable[[Peer], None]) -> Iterator[Channel]:
    """A channel to a worker that behaves so."""
    line, theirs = socket.socketpair()
    status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    out, err = os.pipe(), os.pipe()
    with subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL) as process:
        handle = os.pidfd_open(process.pid)
        socket.send_fds(their_status, [json.dumps({"scratch": ""}).encode()], [handle])
        their_status.send(b"{}")
        channel = Channel(line, (out[0], err[0]), status)
        thread = threading.Thread(target=_behave, args=(behaviour, Peer(theirs)), daemon=True)
        thread.start()
        try:
            yield channel
        finally:
            channel.close()
            thread.join(10.0)
            for end in (theirs, their_status):
                end.close()
            for fd in (handle, out[1], err[1]):
                os.close(fd)


def _behave(behaviour: Callable[[Peer], None], peer: Peer) -> None:
    with contextlib.suppress(OSError):  # the grader hangs up: that is what most of these are for
        behaviour(peer)


def ask(channel: Channel, op: str = "run", limits: Limits = PATIENT, **arrays: np.ndarray) -> Reply:
    """Put a question that means nothing."""
    return channel.ask(op, {"some": "thing"}, arrays, limits)


def expect_death(reply: Reply, kind: str, words: str) -> None:
    """The reply should be the worker's death, of this kind and with these words."""
    assert isinstance(reply, Death), reply
    assert (reply.kind, words in reply.detail) == (kind, True), reply


def test_an_honest_worker_is_understood() -> None:
    """Answers and exceptions should come back as they are, one for each question."""

    def honest(peer: Peer) -> None:
        peer.answer({"id": peer.question()["id"], "answer": {"a": 1}}, x=np.arange(3.0))
        problem = {"type": "E", "message": "m", "frames": [], "column": None, "unused_bytes": None}
        peer.answer({"id": peer.question()["id"], "problem": problem})

    with worker(honest) as channel:
        first = ask(channel, x=np.zeros(1 << 17))
        assert isinstance(first, Answer)
        assert (first.body, first.arrays["x"].tolist()) == ({"a": 1}, [0.0, 1.0, 2.0])
        assert isinstance(ask(channel), Problem)


@pytest.mark.parametrize("drip", [frames.LENGTHS.pack(5_000, 0) + b" " * 5_000, bytes(7) + b" " + b"9" * 32])
def test_one_deadline_holds_for_the_whole_message(drip: bytes) -> None:
    """Bytes that drip in one by one should not move the deadline."""

    def dripping(peer: Peer) -> None:
        for byte in drip:
            peer.line.send(bytes([byte]))
            time.sleep(0.02)

    with worker(dripping) as channel:
        started = time.monotonic()
        expect_death(ask(channel, limits=QUICK), kinds.WALL_LIMIT, "no answer within 0.6 s")
        assert time.monotonic() - started < 3.0


def test_a_flood_of_single_bytes_costs_little() -> None:
    """Bytes sent one by one, as fast as they go, should not keep the grader busier than the worker."""
    data = frames.encode({"id": 0, "answer": "x" * 60_000})

    def flooding(peer: Peer) -> None:
        peer.question()
        for byte in data:
            peer.line.send(bytes([byte]))

    with worker(flooding) as channel:
        started = time.process_time()
        expect_death(ask(channel), kinds.PROTOCOL, "does not belong to the question")
        assert time.process_time() - started < 5.0  # of both of them together


@pytest.mark.parametrize(
    ("size", "kind", "words"),
    [
        ((1 << 19, 0), kinds.PROTOCOL, "an answer of 524288 + 0 bytes"),
        ((10, MIB + 1), kinds.ANSWER_LIMIT, "an answer of more than the 1 MiB"),
        ((1 << 31, 1 << 31), kinds.PROTOCOL, "an answer of 2147483648"),
    ],
)
def test_what_announces_too_much_dies_at_once(size: tuple[int, int], kind: str, words: str) -> None:
    """Eight bytes should be enough to refuse an answer."""

    def announcing(peer: Peer) -> None:
        peer.question()
        peer.line.sendall(frames.LENGTHS.pack(*size))
        peer.line.recv(1)

    with worker(announcing) as channel:
        expect_death(ask(channel), kind, words)


def test_answers_without_arrays_bring_none() -> None:
    """Arrays where the question has none should be refused by the length that they announce."""

    def generous(peer: Peer) -> None:
        peer.answer({"id": peer.question()["id"], "answer": {}}, x=np.zeros(1))

    with worker(generous) as channel:
        expect_death(ask(channel, "find"), kinds.PROTOCOL, "bytes, where 262144 + 0 are allowed")


def test_all_answers_share_what_is_taken_in() -> None:
    """Many answers that are each within the limit should not fill the grader's memory together."""

    def hoarding(peer: Peer) -> None:
        while True:
            peer.answer({"id": peer.question()["id"], "answer": {}}, x=np.zeros(40_000))

    with worker(hoarding) as channel:
        replies = [ask(channel) for _ in range(4)]
        assert [isinstance(reply, Answer) for reply in replies] == [True, True, True, False]
        expect_death(replies[-1], kinds.ANSWER_LIMIT, "1 MiB")


def test_nobody_answers_before_being_asked() -> None:
    """Answers sent in advance, to any number that a question could have been given in turn, should not count."""

    def eager(peer: Peer) -> None:
        number = peer.question()["id"]
        for guess in range(number, number + 2):
            peer.answer({"id": guess, "answer": {}})

    with worker(eager) as channel:
        replies = [ask(channel), ask(channel)]
        assert isinstance(replies[1], Death)
        assert replies[1].kind == kinds.PROTOCOL


def test_an_answer_to_an_earlier_question_is_refused() -> None:
    """An answer that was right once should not be taken again."""

    def replaying(peer: Peer) -> None:
        number = peer.question()["id"]
        peer.answer({"id": number, "answer": {}})
        peer.question()
        peer.answer({"id": number, "answer": {}})

    with worker(replaying) as channel:
        assert isinstance(ask(channel), Answer)
        expect_death(ask(channel), kinds.PROTOCOL, "does not belong to the question")


def test_two_answers_are_one_too_many() -> None:
    """A second answer should be refused, whether it comes with the first or before the next question."""

    def twice(peer: Peer) -> None:
        frame = frames.encode({"id": peer.question()["id"], "answer": {}})
        peer.line.sendall(frame + frame)

    def once_more(peer: Peer) -> None:
        frame = frames.encode({"id": peer.question()["id"], "answer": {}})
        peer.line.sendall(frame)
        time.sleep(0.2)
        peer.line.sendall(frame)

    with worker(twice) as channel:
        expect_death(ask(channel), kinds.PROTOCOL, "more bytes than announced")
    with worker(once_more) as channel:
        assert isinstance(ask(channel), Answer)
        time.sleep(0.4)
        expect_death(ask(channel), kinds.PROTOCOL, "does not belong to the question")


def test_who_has_not_read_the_question_cannot_answer_it() -> None:
    """An answer that comes while the question is still being sent should be refused."""

    def hasty(peer: Peer) -> None:
        start = peer.line.recv(200)
        number = json.loads(start[8 : start.index(b",", 8)] + b"}")["id"]
        peer.answer({"id": number, "answer": {}})

    with worker(hasty) as channel:
        expect_death(ask(channel, x=np.zeros(1 << 20)), kinds.PROTOCOL, "before the whole question was put")


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"answer": {}},
        {"id": True, "answer": {}},
        {"id": 1.0, "answer": {}},
        {"id": "1", "answer": {}},
        {"id": None, "answer": {}},
        {"id": 1, "answer": {}, "score": 100},
        {"id": 1, "answer": {}, "problem": {}},
        {"id": 1, "problem": {}},
        {"id": 1, "problem": {"type": "E", "message": "", "frames": [], "column": True, "unused_bytes": None}},
    ],
)
def test_envelopes_are_checked_to_the_letter(header: dict[str, Any]) -> None:
    """Another number, another key, or a problem that is none should be the worker's death."""

    def posting(peer: Peer) -> None:
        number = peer.question()["id"]
        peer.answer({key: number if type(value) is int else value for key, value in header.items()})

    with worker(posting) as channel:
        expect_death(ask(channel), kinds.PROTOCOL, "the worker's answer was not one")


def test_a_float_is_no_number_of_a_question() -> None:
    """An id that equals the question's, as a float, should be refused."""

    def floating(peer: Peer) -> None:
        peer.answer({"id": float(peer.question()["id"]), "answer": {}})

    with worker(floating) as channel:
        expect_death(ask(channel), kinds.PROTOCOL, "does not belong to the question")


def test_descriptors_are_not_delivered() -> None:
    """Descriptors that a worker sends along should never be opened here."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no /proc")
    sent: list[int] = []

    def sending(peer: Peer) -> None:
        frame = frames.encode({"id": peer.question()["id"], "answer": {}})
        with open("/dev/null") as nothing:
            for place in range(0, len(frame), 4):
                socket.send_fds(peer.line, [frame[place : place + 4]], [nothing.fileno()] * 60)
                sent.append(60)

    with worker(sending) as channel:
        before = len(os.listdir("/proc/self/fd"))
        assert isinstance(ask(channel), Answer)
        assert len(os.listdir("/proc/self/fd")) <= before + 1  # the peer's own file may still be open
    assert sum(sent) > 60


def test_after_its_death_a_worker_is_not_asked_again() -> None:
    """Every later question should get the same death, at once."""

    def lying(peer: Peer) -> None:
        peer.question()
        peer.line.sendall(b"\xff" * 8)
        peer.line.recv(1)

    with worker(lying) as channel:
        assert ask(channel) == ask(channel)
