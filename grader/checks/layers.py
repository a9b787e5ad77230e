"""A model's parameters as layers, and how two lists of layers differ, in words.

The verdict compares the multiset of (role, shape) of all parameters, which no naming or nesting can change; layers
are only how the difference is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from grader.checks import words
from grader.wire.records import Described, TensorRow

Key = tuple[str, tuple[int, ...]]  # role and shape of one tensor


@dataclass(frozen=True)
class Layer:
    """The parameters of one module: its path and type, and the role and shape of each."""

    path: str
    type: str
    keys: tuple[Key, ...]

    @property
    def count(self) -> int:
        """How many numbers it learns."""
        return sum(prod(shape) for _, shape in self.keys)

    @property
    def kind(self) -> str:
        """What it is called in the handouts, told from its tensors when the student wrote it."""
        for name in ("Linear", "Conv", "BatchNorm", "LayerNorm", "GroupNorm"):
            if name in self.type:
                return {"Conv": "convolution"}.get(name, name)
        roles = {role for role, _ in self.keys}
        widest = max((len(shape) for _, shape in self.keys), default=0)
        if widest == 4:
            return "convolution"
        if widest == 2:
            return "Linear"
        return "BatchNorm" if roles == {"scale", "shift"} else "layer"

    @property
    def title(self) -> str:
        """Kind and sizes, e.g. ``Linear 784 → 300`` or ``BatchNorm over 300``."""
        weight = next((shape for role, shape in self.keys if role == "weight" and len(shape) >= 2), None)
        if weight is None:
            return f"{self.kind} over {self.keys[0][1][0]}" if self.keys and self.keys[0][1] else self.kind
        window = f"{'×'.join(map(str, weight[2:]))} " if len(weight) > 2 else ""
        return f"{window}{self.kind} {weight[1]} → {weight[0]}"

    @property
    def sizes(self) -> str:
        """The shapes, e.g. ``(300, 784) + (300,)``."""
        return " + ".join(str(shape) for _, shape in self.keys)


def layers(described: Described) -> list[Layer]:
    """Layers with parameters, in order of use as far as known, then of registration."""
    grouped: dict[str, list[TensorRow]] = {}
    for row in described.tensors:
        if row.parameter:
            grouped.setdefault(row.owner, []).append(row)
    place = {path: index for index, path in enumerate(described.order)}
    owners = sorted(grouped, key=lambda owner: place.get(owner, len(place)))
    return [
        Layer(owner, grouped[owner][0].layer, tuple((row.role, row.shape) for row in grouped[owner]))
        for owner in owners
    ]


def keys(described: Described) -> Counter[Key]:
    """The multiset of roles and shapes of all parameters."""
    return Counter((row.role, row.shape) for row in described.tensors if row.parameter)


def total(described: Described) -> int:
    """How many numbers the model learns."""
    return sum(prod(row.shape) for row in described.tensors if row.parameter)


def differences(reference: Sequence[Layer], student: Sequence[Layer]) -> list[str]:
    """What the student's layers have less, more, or in other sizes than the reference's, a sentence part each."""
    lacking, spare = _unmatched(reference, student)
    said: list[str] = []
    for layer, present in lacking:
        partner = next((other for other in spare if other.kind == layer.kind), None)
        if present:
            gone = Counter(layer.keys) - present
            said.append(f"the {_ordinal(layer, reference)} has no {_parts(gone)}")
        elif partner is not None:
            spare.remove(partner)
            name = f" (`{partner.path}`)" if partner.path else ""
            said.append(f"the {_ordinal(layer, reference)} is {partner.sizes}{name}, not {layer.sizes}")
        else:
            said.append(f"the {_ordinal(layer, reference)} is missing")
    for other in spare:
        name = f" (`{other.path}`)" if other.path else ""
        said.append(f"there is a {other.title} too many{name}")
    return said


def _unmatched(
    reference: Sequence[Layer], student: Sequence[Layer]
) -> tuple[list[tuple[Layer, Counter[Key]]], list[Layer]]:
    """Reference layers that the student's tensors do not make up (with what is there), and the student's left-overs."""
    pool = Counter(key for layer in student for key in layer.keys)
    lacking: list[tuple[Layer, Counter[Key]]] = []
    for layer in reference:
        need = Counter(layer.keys)
        if need <= pool:
            pool -= need
        else:
            lacking.append((layer, Counter()))
    for index, (layer, _) in enumerate(lacking):
        present = Counter(layer.keys) & pool
        if any(role == "weight" for role, _ in present):  # a bias alone makes no layer
            pool -= present
            lacking[index] = (layer, present)
    spare = []
    for layer in student:
        left = tuple(key for key in layer.keys if pool[key] > 0)
        if left:
            pool -= Counter(left)
            spare.append(Layer(layer.path, layer.type, left))
    return lacking, spare


def _ordinal(layer: Layer, among: Sequence[Layer]) -> str:
    """``second BatchNorm (over 100)``: which of its kind it is, in order of use."""
    same = [other for other in among if other.kind == layer.kind]
    position = next(index for index, other in enumerate(same) if other is layer)
    ordinals = ("first", "second", "third", "fourth", "fifth", "sixth")
    if len(same) == 1:
        return layer.title
    which = ordinals[position] if position < len(ordinals) else f"{position + 1}th"
    return f"{which} {layer.kind} ({' '.join(layer.title.replace(layer.kind, '').split())})"


def _parts(gone: Counter[Key]) -> str:
    names = {"shift": "bias", "scale": "scale", "weight": "weight"}
    return " and ".join(names.get(role, role) for role, _ in gone)


def summary(described: Described) -> str:
    """``267 410 parameters in 5 layers``."""
    number = total(described)
    parameters = f"{words.count(number)} parameter{'' if number == 1 else 's'}"
    return f"{parameters} in {words.plural(len(layers(described)), 'layer')}"
