"""Bytes from a stranger become plain data, or an error with a name; nothing else can come of them."""

from __future__ import annotations

import dataclasses
import json
import math
import time
import tracemalloc
import types
import typing
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from safetensors import numpy as safetensors_numpy

from grader.wire import records, strict, tensors
from grader.wire.frames import ANSWER, LENGTHS, OWN, Frame, FrameError, Reader, TooLarge, decode, encode

FINITE = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 80), 1 << 80) | FINITE | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
SHAPES = numpy_strategies.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
ARRAYS = st.sampled_from(list(tensors.DTYPES.values())).flatmap(lambda dtype: numpy_strategies.arrays(dtype, SHAPES))
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
VALID = encode({"id": 1, "answer": {"a": [1, 2.5, "x", None]}}, {"x": np.ones((2, 3)), "y": np.arange(4)})
CAP = 1 << 16


def read_whole(data: bytes, cap: int = CAP) -> Frame | None:
    """Feed a reader all bytes at once."""
    return Reader(cap, dataclasses.replace(ANSWER, header=cap)).feed(data)


def table(entries: dict[str, Any] | bytes, data: bytes = b"") -> bytes:
    """Make safetensors bytes by hand, honest or not."""
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    """Make one row of a safetensors table."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@given(st.dictionaries(st.text(), PLAIN, max_size=5))
def test_headers_come_back_as_they_were(header: dict[str, Any]) -> None:
    """Any JSON object without NaN should survive the way through a frame."""
    assert read_whole(encode(header)) == Frame(header, {})


@settings(deadline=None)
@given(st.dictionaries(NAMES, ARRAYS, max_size=3))
def test_arrays_come_back_as_they_were(arrays: dict[str, np.ndarray]) -> None:
    """Arrays of every known dtype and of any shape should survive bit for bit."""
    frame = read_whole(encode({}, arrays), 1 << 20)
    assert frame is not None
    assert set(frame.arrays) == set(arrays)
    for name, array in arrays.items():
        got = frame.arrays[name]
        assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize("array", [np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(12.0)[::-3]])
def test_arrays_in_another_memory_order_keep_their_values(array: np.ndarray) -> None:
    """A transposed or strided array should arrive with the values that it shows."""
    frame = read_whole(encode({}, {"x": array}))
    assert frame is not None
    np.testing.assert_array_equal(frame.arrays["x"], array)


@given(st.lists(st.integers(1, 40), max_size=30))
def test_a_frame_may_come_in_any_pieces(sizes: list[int]) -> None:
    """However the bytes drip in, the frame should be complete with the last of them and not before."""
    reader, rest, frame = Reader(CAP), VALID, None
    for size in sizes:
        assert frame is None
        piece, rest = rest[: min(size, len(rest) - 1)], rest[min(size, len(rest) - 1) :]
        frame = reader.feed(piece)
    assert frame is None
    frame = reader.feed(rest)
    assert frame is not None
    assert frame.header["id"] == 1


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_encode_refuses_what_json_does_not_know(number: float) -> None:
    """NaN and infinity should never leave in a header."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"loss": number})


@pytest.mark.parametrize(("header", "payload"), [(101, 0), (0, 201), (2**32 - 1, 2**32 - 1)])
def test_long_announcements_are_refused_at_once(header: int, payload: int) -> None:
    """Eight bytes that announce too much should be refused before anything else arrives."""
    with pytest.raises(FrameError, match=rf"an answer of {header} \+ {payload} bytes, where 100 \+ 200 are allowed"):
        Reader(200, dataclasses.replace(ANSWER, header=100)).feed(LENGTHS.pack(header, payload))


def test_caps_are_the_last_sizes_allowed() -> None:
    """A frame that is exactly as long as allowed should be read, one byte more should not."""
    header, payload = LENGTHS.unpack_from(VALID)
    assert Reader(payload, dataclasses.replace(ANSWER, header=header)).feed(VALID) is not None
    for less in ((payload - 1, header), (payload, header - 1)):
        with pytest.raises(FrameError, match="allowed"):
            Reader(less[0], dataclasses.replace(ANSWER, header=less[1])).feed(VALID)


def test_arrays_may_be_too_large_and_headers_are_never() -> None:
    """Too large arrays should have a name of their own, since an honest mistake can make them; the rest should not."""
    with pytest.raises(TooLarge):
        Reader(200).feed(LENGTHS.pack(10, 201))
    for cap, header in ((0, 10), (200, ANSWER.header + 1)):
        with pytest.raises(FrameError) as refusal:
            Reader(cap).feed(LENGTHS.pack(header, 201))
        assert type(refusal.value) is FrameError


def test_nothing_beyond_the_announced_is_stored() -> None:
    """What follows a frame should be refused before it is kept, and what is announced is not set aside either."""
    reader = Reader(1 << 30, OWN)
    more = encode({}) + bytes(1 << 22)
    tracemalloc.start()
    assert reader.feed(LENGTHS.pack(10, 1 << 29)) is None
    with pytest.raises(FrameError, match="more bytes than announced"):
        Reader(CAP).feed(more)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 << 20  # one slice of what was handed over


@pytest.mark.parametrize("size", [1, 7, 256])
def test_dripping_bytes_cost_no_more_than_their_number(size: int) -> None:
    """Twice as long a frame in small pieces should take about twice as long, not four times."""

    def seconds(numbers: int) -> float:
        data, reader = encode({}, {"x": np.zeros(numbers)}), Reader(1 << 26)
        started = time.process_time()
        done = [reader.feed(data[place : place + size]) for place in range(0, len(data), size)]
        assert done[-1] is not None
        return time.process_time() - started

    numbers = 3_000 * size
    assert min(seconds(4 * numbers) for _ in range(3)) < 10 * min(seconds(numbers) for _ in range(3)) + 0.01


@pytest.mark.parametrize("pieces", [[VALID + b"x"], [VALID[:-1], VALID[-1:] + b"x"], [encode({}) + encode({})]])
def test_bytes_after_the_frame_are_refused(pieces: list[bytes]) -> None:
    """One question has one answer: whatever follows it should be refused."""
    reader = Reader(CAP)
    *first, last = pieces
    assert [reader.feed(piece) for piece in first] == [None] * len(first)
    with pytest.raises(FrameError, match="more bytes than announced"):
        reader.feed(last)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": [-Infinity]}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": 1e999}',
        b'{"a": [-1e999]}',
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "\\u0062": 2}}',
        '{"a": "é"}'.encode(),
        b"\xff\xfe",
        b'{"a": 1} {"b": 2}',
    ],
)
def test_headers_that_are_not_plain_json_are_refused(header: bytes) -> None:
    """Constants, infinities, keys given twice, endless digits, other encodings, rests: all have one name."""
    with pytest.raises(FrameError, match="the header is not plain JSON"):
        decode(header, b"")


@pytest.mark.parametrize("levels", [100, 900, 1_100, 4_900, 9_900])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_endless_nesting_breaks_nothing(levels: int, opening: bytes, closing: bytes) -> None:
    """However deep a header is, and how much of it this Python can parse, no record should come of it."""
    header = b'{"a":' + levels * opening + b"1" + levels * closing + b"}"
    with pytest.raises(FrameError, match=r"not plain JSON|expected exactly the keys"):
        strict.read(Inner, decode(header, b"").header["a"])


@pytest.mark.parametrize("bracket", [b"[", b"{", b"[{"])
def test_a_header_of_brackets_is_not_parsed(bracket: bytes) -> None:
    """More lists and objects than any answer has should be refused by counting them."""
    header = b'{"a": ' + bracket * (ANSWER.containers // len(bracket) + 1) + b"}"
    with pytest.raises(FrameError, match="the header holds more than 10000 lists and objects"):
        decode(header, b"")


@pytest.mark.parametrize("header", [b"[]", b"1", b'"{}"', b"null", b"true"])
def test_headers_that_are_not_objects_are_refused(header: bytes) -> None:
    """A header should be an object and nothing else."""
    with pytest.raises(FrameError, match="the header is not an object"):
        decode(header, b"")


@pytest.mark.parametrize(
    "payload",
    [
        table({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, bytes(12)),
        table({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)}, bytes(12)),
        table({"a": entry("F32", [2], 0, 8)}, bytes(4)),
        table({"a": entry("F32", [2], 0, 8)}, bytes(12)),
        table({"a": entry("F32", [3], 0, 8)}, bytes(8)),
        table({"a": entry("F32", [-2], 0, 8)}, bytes(8)),
        table({"a": entry("F32", [2], 8, 0)}, bytes(8)),
        table({"a": entry("F32", [1 << 62, 4], 0, 0)}),
        table({"a": entry("F32", [0, 1 << 62, 1 << 62], 0, 0)}),
        table({"a": entry("F99", [2], 0, 8)}, bytes(8)),
        table({"a": entry("BF16", [2], 0, 4)}, bytes(4)),
        table({"a": {"dtype": "F32"}}),
        table({"a": {**entry("F32", [1], 0, 4), "more": 1}}, bytes(4)),
        table({"a": 1}),
        table({"__metadata__": {"a": "b"}}),
        table({"a": entry("F32", [0] * 17, 0, 0)}),
        table({"a": entry("F32", [True], 0, 4)}, bytes(4)),
        table({"a": entry("F32", [1.0], 0, 4)}, bytes(4)),  # type: ignore[list-item]
        table({"a": {**entry("F32", [1], 0, 4), "dtype": ["F32"]}}, bytes(4)),
        table({"a": {**entry("F32", [1], 0, 4), "shape": 1}}, bytes(4)),
        table({"a": {**entry("F32", [1], 0, 4), "data_offsets": [0]}}, bytes(4)),
        table({"a": {**entry("F32", [1], 0, 4), "data_offsets": [0, 4, 4]}}, bytes(4)),
        table({"b": entry("F32", [1], 4, 8), "a": entry("F32", [1], 0, 4)}, bytes(8)),
        table(b'{"a": {"dtype": "F32", "shape": [0], "shape": [0], "data_offsets": [0, 0]}}'),
        table({"a": entry("BOOL", [2], 0, 2)}, b"\x01\xff"),
        table({"a": entry("F32", [0] * 100_000, 0, 0)}),
        table({format(n): entry("F32", [0], 0, 0) for n in range(65)}),
        table({"a": entry("F32", [1], 0, 4)}, bytes(4))[:-1],
        table({"a": entry("F32", [1], 0, 4)}, bytes(5)),
        table(b"[]"),
        table(b"not json"),
        table(b"\xff" * 8),
        (1 << 10).to_bytes(8, "little") + b"{}",
    ],
)
def test_hostile_tensors_are_refused(payload: bytes) -> None:
    """Tensors that overlap, leave holes, lie about their size or are of an unknown kind should be refused."""
    with pytest.raises(FrameError, match="tensor"):
        decode(b"{}", payload)


@pytest.mark.parametrize("dtype", ["U16", "U32", "U64"])
def test_dtypes_that_no_worker_sends_are_refused(dtype: str) -> None:
    """A dtype that safetensors knows and we do not should be refused by name."""
    with pytest.raises(FrameError, match="unknown dtype"):
        decode(b"{}", table({"a": entry(dtype, [0], 0, 0)}))


@pytest.mark.parametrize("size", [ANSWER.table + 1, 1 << 63, (1 << 64) - 1])
def test_a_tensor_table_that_is_too_long_is_not_read(size: int) -> None:
    """A table over its cap should be refused by the length that it announces."""
    with pytest.raises(FrameError, match="the tensor table is too large"):
        decode(b"{}", size.to_bytes(8, "little") + b"{}")


@pytest.mark.parametrize("length", range(1, 8))
def test_a_payload_without_room_for_a_length_is_refused(length: int) -> None:
    """Fewer than eight bytes should not count as tensors."""
    with pytest.raises(FrameError, match="tensor table"):
        decode(b"{}", bytes(length))


def test_as_many_tensors_as_allowed_are_read() -> None:
    """The last number of tensors, and of axes, that are allowed should be taken."""
    found = decode(b"{}", table({format(n): entry("F32", [0] * 16, 0, 0) for n in range(64)})).arrays
    assert (len(found), found["7"].ndim) == (64, 16)


def test_our_own_frames_may_hold_more() -> None:
    """A question with a file, or a cell, in each of many arrays should arrive."""
    files = {f"cell {n}": np.frombuffer(b"x = 1\n", np.uint8) for n in range(3_000)}
    question = encode({"op": "load", "params": {"paths": ["[{" * 20] * 3_000}}, files)
    found = Reader(1 << 30, OWN).feed(question)
    assert found is not None
    assert set(found.arrays) == set(files)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=3), st.data())
def test_what_is_read_is_what_the_library_reads(arrays: dict[str, np.ndarray], data: st.DataObject) -> None:
    """Whatever bytes our own reader takes, safetensors should take, too, and see the same arrays in them."""
    payload = bytearray(tensors.encode(arrays))
    for place in data.draw(st.lists(st.integers(0, len(payload) - 1), max_size=2)):
        payload[place] = data.draw(st.sampled_from(list(b'0123456789[]{}",:FIU')))
    try:
        found = tensors.decode(payload, ANSWER.table, ANSWER.tensors)
    except FrameError:
        return
    theirs = safetensors_numpy.load(bytes(payload))
    assert {n: (a.dtype, a.shape, a.tobytes()) for n, a in found.items()} == {
        n: (a.dtype, a.shape, a.tobytes()) for n, a in theirs.items()
    }


@settings(deadline=None)
@given(st.binary(max_size=200) | st.builds(lambda h, p: LENGTHS.pack(len(h), len(p)) + h + p, st.binary(), st.binary()))
def test_random_bytes_give_a_frame_or_a_frame_error(data: bytes) -> None:
    """Whatever arrives, the reader should wait, give a frame or refuse, and never break."""
    expect_frame_or_refusal(data)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.binary(max_size=3)), min_size=1, max_size=4))
@example([(0, b"\xff")])
@example([(len(VALID) - 1, b"")])
def test_damaged_frames_give_a_frame_or_a_frame_error(damage: list[tuple[int, bytes]]) -> None:
    """A valid frame with bytes changed, taken out or put in should be read or refused, and never break the reader."""
    data = bytearray(VALID)
    for place, content in damage:
        data[place : place + 1] = content
    expect_frame_or_refusal(bytes(data))
    header, _ = LENGTHS.unpack_from(VALID)
    split = LENGTHS.size + header
    expect_frame_or_refusal(LENGTHS.pack(header, len(data) - split) + bytes(data[LENGTHS.size :]))


def expect_frame_or_refusal(data: bytes) -> None:
    """Feed bytes to a reader: nothing but a frame, None or a FrameError may come of it."""
    try:
        frame = read_whole(data)
    except FrameError:
        return
    assert frame is None or (type(frame.header) is dict and type(frame.arrays) is dict)


@dataclasses.dataclass(frozen=True)
class Inner:
    """A record inside another."""

    count: int


@dataclasses.dataclass(frozen=True)
class Outer:
    """A record with a field of every kind that the wire knows."""

    flag: bool
    count: int
    share: float
    name: str
    sizes: tuple[int, ...]
    inner: Inner | None
    many: tuple[Inner, ...]


GOOD = {"flag": True, "count": 1, "share": 0.5, "name": "a", "sizes": [1, 2], "inner": None, "many": [{"count": 3}]}


def test_strict_builds_the_record() -> None:
    """Data of the right form should become the record, lists as tuples."""
    assert strict.read(Outer, GOOD) == Outer(True, 1, 0.5, "a", (1, 2), None, (Inner(3),))
    assert strict.read(Outer, {**GOOD, "inner": {"count": 7}}).inner == Inner(7)


@pytest.mark.parametrize("data", [{**GOOD, "more": 1}, {k: v for k, v in GOOD.items() if k != "flag"}, {}, [], None])
def test_strict_wants_exactly_the_keys(data: Any) -> None:
    """A key too many, a key too few or no object at all should be refused."""
    with pytest.raises(FrameError, match="Outer: expected exactly the keys"):
        strict.read(Outer, data)


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("flag", 1, "Outer.flag: expected bool"),
        ("flag", None, "Outer.flag: expected bool"),
        ("count", True, "Outer.count: expected int"),
        ("count", 1.0, "Outer.count: expected int"),
        ("count", "1", "Outer.count: expected int"),
        ("count", 1 << 63, "Outer.count: not a 64-bit integer"),
        ("count", -(1 << 63), "Outer.count: not a 64-bit integer"),
        ("share", 1, "Outer.share: expected float"),
        ("share", True, "Outer.share: expected float"),
        ("share", math.nan, "Outer.share: not a finite number"),
        ("share", math.inf, "Outer.share: not a finite number"),
        ("share", -math.inf, "Outer.share: not a finite number"),
        ("name", None, "Outer.name: expected str"),
        ("name", ["a"], "Outer.name: expected str"),
        ("sizes", "12", "Outer.sizes: expected a list"),
        ("sizes", {"0": 1}, "Outer.sizes: expected a list"),
        ("sizes", [1, True], r"Outer.sizes\[1\]: expected int"),
        ("sizes", [0] * (strict.LIST_CAP + 1), "Outer.sizes: expected a list of at most"),
        ("inner", {"count": "3"}, "Outer.inner.count: expected int"),
        ("inner", [], "Outer.inner: expected exactly the keys"),
        ("many", [None], r"Outer.many\[0\]: expected exactly the keys"),
        ("many", [{"count": 1}, {"count": 1, "x": 2}], r"Outer.many\[1\]: expected exactly the keys"),
    ],
)
def test_strict_names_the_place_that_is_wrong(name: str, value: Any, place: str) -> None:
    """Types should be exact (True is no int, 1 is no float), numbers finite, and the refusal should say where."""
    with pytest.raises(FrameError, match=place):
        strict.read(Outer, {**GOOD, name: value})


def test_strict_takes_lists_and_integers_up_to_their_caps() -> None:
    """The longest list and the largest integers allowed should be taken."""
    biggest = (1 << 63) - 1
    read = strict.read(Outer, {**GOOD, "sizes": [biggest, -biggest] + [0] * (strict.LIST_CAP - 2)})
    assert (read.sizes[:2], len(read.sizes)) == ((biggest, -biggest), strict.LIST_CAP)


def test_a_list_that_is_too_long_has_a_name_of_its_own() -> None:
    """A model of too many layers should be told from a lie, wherever the list stands in the record."""
    with pytest.raises(TooLarge, match=r"Outer.many: expected a list of at most"):
        strict.read(Outer, {**GOOD, "many": [{"count": 1}] * (strict.LIST_CAP + 1)})


def test_strict_caps_long_text() -> None:
    """A text over the cap should be cut, not refused."""
    assert strict.read(Outer, {**GOOD, "name": "ab" * strict.TEXT_CAP}).name == "ab" * (strict.TEXT_CAP // 2)


def test_strict_writes_lone_surrogates_out() -> None:
    """Half characters, which no file can hold, should be written out, and the rest kept."""
    assert strict.read(Outer, {**GOOD, "name": json.loads(r'"é\ud800\ud83d\ude00"')}).name == "é\\ud800😀"


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Make any value of an annotated type, as the wire carries it."""
    arguments = typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return st.builds(kind, **{name: values(hint) for name, hint in typing.get_type_hints(kind).items()})
    if typing.get_origin(kind) is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return st.one_of([st.none() if item is types.NoneType else values(item) for item in arguments])
    return {bool: st.booleans(), int: st.integers(-(1 << 62), 1 << 62), float: FINITE, str: st.text(max_size=20)}[kind]


@pytest.mark.parametrize("kind", [kind for kind in vars(records).values() if dataclasses.is_dataclass(kind)])
@settings(deadline=None, max_examples=30)
@given(st.data())
def test_every_record_comes_back_as_it_was(kind: Any, data: st.DataObject) -> None:
    """Any record that a worker can make should be read back from JSON as the same record."""
    record = data.draw(values(kind))
    assert strict.read(kind, json.loads(json.dumps(dataclasses.asdict(record)))) == record
