"""The answers a worker may give, as frozen records: facts, never judgements.

Numbers that may be NaN or infinite travel as arrays beside the record; the docstrings name those arrays.
Shapes are tuples of ints; dtypes are torch's names without the prefix (``"float64"``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

PROJECTIONS = 3  # random projections per tensor in a digest
DIGEST_WIDTH = 2 + PROJECTIONS  # columns: norm, largest magnitude, projections
MOST_OPERATIONS = 600  # of one pass that are noted; ResNet18 has about 70
MOST_INPUTS = 16  # of one operation that are named
MOST_PASSAGES = 128  # of one pass that are noted; ResNet18 has 41 layers with parameters
MOST_GIVEN = 4  # arguments of one call that are noted
LARGEST_TENSOR = 1 << 40  # numbers; a worker's memory holds a thousandth of that
_MOST_AXES = 8  # of a tensor that a shape is told of
_NO_MEMORY = re.compile(
    r"(can't|cannot|unable to) allocate|alloc_cpu|not enough memory|bad_alloc|out of memory|Errno 12\b", re.IGNORECASE
)


def possible(shape: tuple[int, ...]) -> bool:
    """Whether a tensor may have this shape: no size below zero, and not so large that our own arithmetic explodes."""
    return len(shape) <= _MOST_AXES and all(size >= 0 for size in shape) and math.prod(shape) <= LARGEST_TENSOR


@dataclass(frozen=True)
class Frame:
    """One step of a traceback that lies in the student's own files."""

    file: str
    line: int
    function: str
    text: str


@dataclass(frozen=True)
class Problem:
    """An exception that left the student's code. `frames` go from the outermost call to the innermost.

    Where memory ran out, `unused_bytes` is what was left of the limit: little where it filled up bit by bit, much
    where one request was too large.
    """

    type: str
    message: str
    frames: tuple[Frame, ...]
    column: int | None  # of a syntax error, from 1
    unused_bytes: int | None = None

    @property
    def out_of_memory(self) -> bool:
        """Whether memory ran out: each library has words of its own for it."""
        return self.type in ("MemoryError", "OutOfMemoryError") or bool(_NO_MEMORY.search(self.message))


@dataclass(frozen=True)
class Stumble:
    """Top-level code that did not run to its end, without taking the rest down: a cell that raised, a statement that
    was interrupted. `place` says which, e.g. "cell 3" or "line 40"."""

    place: str
    problem: Problem


@dataclass(frozen=True)
class Loaded:
    """The submission's module was imported, but for the stumbles. `seconds` of CPU time it took."""

    seconds: float
    stumbles: tuple[Stumble, ...]


@dataclass(frozen=True)
class Found:
    """What a name of the module stands for. `kind` is "class", "function", "other" or "absent"."""

    kind: str
    bases: tuple[str, ...]  # qualified names of all classes it derives from, itself first; empty for functions
    type: str
    file: str | None
    line: int | None
    similar: tuple[str, ...]  # names in the module that resemble an absent one


@dataclass(frozen=True)
class Built:
    """The exercise was called with constructor arguments. `bases` are the qualified class names of the result."""

    is_module: bool
    type: str
    bases: tuple[str, ...]
    # How nn.Sequential objects came about: "args", "ordered_dict", "empty", and "add_module" for each later call.
    construction: tuple[str, ...]


@dataclass(frozen=True)
class ModuleRow:
    """One module of the tree, in order of registration. `path` is "" for the root."""

    path: str
    type: str
    bases: tuple[str, ...]
    training: bool


@dataclass(frozen=True)
class TensorRow:
    """One parameter or buffer, listed once even when it is registered twice.

    `shape` is in the standard orientation (a Linear weight is (out, in)); `stored` is as the student keeps it.
    `owner` is the path of the module that registers it, `layer` that module's type.
    """

    path: str
    owner: str
    layer: str
    role: str
    shape: tuple[int, ...]
    stored: tuple[int, ...]
    dtype: str
    parameter: bool
    trainable: bool
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class HiddenRow:
    """Something learnable that the module does not register. `container` is "list", "dict", "tuple" or "Tensor"."""

    path: str
    container: str
    count: int  # of numbers that are not registered


@dataclass(frozen=True)
class Passed:
    """What a call was given or gave. `kind` is "Tensor", the name of another type, or that with "…" where there is
    more than can be told; `shape` is that of a tensor, else empty."""

    kind: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Passage:
    """The first call of one module: its arguments, in order, and its result."""

    path: str
    given: tuple[Passed, ...]
    gave: Passed


@dataclass(frozen=True)
class Described:
    """The module tree and its tensors. `order` holds the paths of leaf modules in order of their first use,
    empty when no forward pass was made or it failed; `traced` says which of the two.

    `passages` are the first calls of modules that own parameters, the first MOST_PASSAGES of them: fewer are all there
    were. None were noted without a forward pass, nor in what was kept before they were asked for.
    """

    modules: tuple[ModuleRow, ...]
    tensors: tuple[TensorRow, ...]
    hidden: tuple[HiddenRow, ...]
    order: tuple[str, ...]
    traced: bool
    uninitialised: tuple[str, ...]
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class OutputInfo:
    """What a call returned. `kind` is "Tensor" or the name of another type; then shape is empty."""

    kind: str
    shape: tuple[int, ...]
    dtype: str
    device: str


@dataclass(frozen=True)
class Ran:
    """One forward pass with canonical weights, and, where asked for, one backward pass.

    Arrays: "output"; with a backward pass also "input_gradient" (where there is one) and "gradients"
    (parameters × DIGEST_WIDTH, NaN rows where a gradient is absent). After a train-mode pass "buffers"
    (buffers × DIGEST_WIDTH). `gradient_of` and `buffer_of` name the rows by path.
    """

    output: OutputInfo
    dtype: str
    input_changed: bool
    has_input_gradient: bool
    gradient_of: tuple[str, ...]
    missing: tuple[str, ...]  # parameters without a gradient
    buffer_of: tuple[str, ...]
    buffers_changed: tuple[str, ...]
    stuck: tuple[str, ...]  # modules whose training flag did not follow .train() / .eval()
    repeats: bool  # a second pass on the same input gave the same values
    backward_problem: Problem | None
    double_problem: Problem | None  # why float64 could not be used, when `dtype` is float32


@dataclass(frozen=True)
class Sampled:
    """One forward pass on plain weights, in float32. Array: "output", where the output is a tensor.

    `steady` says that neither rounding nor random numbers decide the output; `comparable`, that its weights are the
    reference's: none is kept the other way round, or all are equal anyway.
    """

    output: OutputInfo
    steady: bool
    comparable: bool


@dataclass(frozen=True)
class Operation:
    """One call into torch: its name without marks of spelling, the shape of its (first) result, the path of the module
    that was running, and the operations that its inputs came from, by index. `file` and `line` say where it is written,
    or where the layer was made that does it; "" and 0 where that is not the student's own."""

    name: str
    shape: tuple[int, ...]
    module: str
    inputs: tuple[int, ...]
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Operated:
    """The operations of one forward pass with canonical weights, in order. Array: "values" (operations × DIGEST_WIDTH).

    `result` is the index of the one that made the output, -1 where none did; `complete` says that none was left out;
    `problem` ended the pass after the last of them.
    """

    operations: tuple[Operation, ...]
    result: int
    dtype: str
    complete: bool
    problem: Problem | None


@dataclass(frozen=True)
class Dried:
    """A forward pass where fixed devices show: on meta, or, for a model that `reads_values`, on the CPU, where
    everything made without naming the input's device is made elsewhere."""

    output: OutputInfo
    reads_values: bool
    problem: Problem | None


@dataclass(frozen=True)
class Begun:
    """The first steps of a short training run. Arrays: "losses" (steps,), "state" (32,), a hash of what the rest of
    the run depends on, and "scores" (test samples × classes) after these steps."""

    steps: int


@dataclass(frozen=True)
class Trained:
    """A short training run. Arrays: "losses" (steps,), "scores" (test samples × classes) after the last step.

    `taken_over` says that it is the reference's, since both began alike (see `trajectory`). No worker may say so.
    """

    steps: int
    seconds: float
    taken_over: bool = False


@dataclass(frozen=True)
class Fact:
    """Something observed that is not a number: its name, and what was seen, in a word or two."""

    name: str
    value: str


@dataclass(frozen=True)
class Observed:
    """What one call of a function or loop did. Numbers are in the arrays, named as the facts are.

    `problem` is an exception that the call was allowed to raise, or that ended it half way.
    """

    facts: tuple[Fact, ...]
    problem: Problem | None

    def fact(self, name: str) -> str:
        """What was seen under `name`; empty when nothing was."""
        return next((fact.value for fact in self.facts if fact.name == name), "")


@dataclass(frozen=True)
class Adapted:
    """What the worker took for something else, so that the code could run here: `notes` name it, with a figure where
    there is one. The words for people are in checks/hints.py."""

    notes: tuple[Fact, ...]


@dataclass(frozen=True)
class Form:
    """The normal form of the code that one exercise can reach, as a hash (see worker/forms.py), and where it begins;
    "" and 0 where the top level does not define it."""

    exercise: str
    digest: str
    file: str
    line: int


@dataclass(frozen=True)
class Forms:
    """The normal forms of those exercises that have one."""

    forms: tuple[Form, ...]


@dataclass(frozen=True)
class StoodIn:
    """Stand-ins took the place of these exercises, wherever the submission's own modules knew them."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class SourceFact:
    """Something seen in the source. `name` is a key of DETECTORS in worker/facts.py, `detail` a word or two; `line` is
    counted in `file`, which may be a cell: "layers.ipynb, cell 3"."""

    name: str
    detail: str
    file: str
    line: int


@dataclass(frozen=True)
class Place:
    """Where a method or function is written, from its first line to its last."""

    name: str
    file: str
    line: int
    end: int


@dataclass(frozen=True)
class Source:
    """What the source of an exercise shows: `facts` in the order of the text, its own `methods`, and which other
    exercises it `uses`. All empty where there is no source that can be read."""

    facts: tuple[SourceFact, ...]
    methods: tuple[Place, ...]
    uses: tuple[str, ...]
