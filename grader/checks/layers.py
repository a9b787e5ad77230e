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
from grader.checks.phrases import filled
from grader.language import N_, _, pgettext
from grader.wire.records import Described, TensorRow

Key = tuple[str, tuple[int, ...]]  # role and shape of one tensor
_KINDS = {"convolution": N_("convolution"), "layer": N_("layer")}  # the others are called by their class
_PARTS = {"shift": N_("bias"), "scale": N_("scale"), "weight": N_("weight")}
_ORDINALS = (N_("first"), N_("second"), N_("third"), N_("fourth"), N_("fifth"), N_("sixth"))


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
    def called(self) -> str:
        """Its kind, in the language of this run."""
        return _(_KINDS[self.kind]) if self.kind in _KINDS else self.kind

    @property
    def title(self) -> str:
        """Kind and sizes, e.g. ``Linear 784 → 300`` or ``BatchNorm over 300``."""
        if self._weight is None:
            return filled(_("{kind} over {width}"), kind=self.called, width=self._width) if self._width else self.called
        return " ".join(part for part in (self._window, self.called, self._ends) if part)

    @property
    def measures(self) -> str:
        """The sizes of its title, e.g. ``3×3 4 → 6`` or ``over 300``."""
        if self._weight is None:
            return _("over {width}").format(width=self._width) if self._width else ""
        return " ".join(part for part in (self._window, self._ends) if part)

    @property
    def _weight(self) -> tuple[int, ...] | None:
        return next((shape for role, shape in self.keys if role == "weight" and len(shape) >= 2), None)

    @property
    def _width(self) -> str:
        return str(self.keys[0][1][0]) if self.keys and self.keys[0][1] else ""

    @property
    def _window(self) -> str:
        return "×".join(map(str, self._weight[2:])) if self._weight else ""

    @property
    def _ends(self) -> str:
        return f"{self._weight[1]} → {self._weight[0]}" if self._weight else ""

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
    """What the student's layers have less, more, or in other sizes than the reference's, a sentence part each.

    Whole layers find each other first: a tensor of one layer is never counted for a neighbour of the same width.
    """
    left, lacking = _without_equals(reference, student)
    lacking = [layer for layer in lacking if not _take_loose(layer, left)]
    which = {layer.path: _which(layer, reference) for layer in lacking}
    told: dict[str, str] = {}  # by the path of the reference's layer; nothing to tell is an empty text
    for claim in (_same_weight, _something_shared, _same_kind, _loose_in_part):
        for layer in lacking:
            if layer.path not in told and (claimed := claim(layer, left, which[layer.path])) is not None:
                told[layer.path] = claimed
    missing = _("{layer} is missing")
    said = (told.get(layer.path, filled(missing, layer=which[layer.path])) for layer in lacking)
    return [*filter(None, said), *map(_too_many, left.over(student))]


@dataclass
class _Left:
    """What of the student's no layer of the reference has claimed yet.

    `loose` are tensors kept beside each other in one module, which may belong to any layer; `extra` are those that a
    claimed layer has beyond what was claimed.
    """

    layers: list[Layer]
    loose: Counter[Key]
    extra: list[Layer]

    def over(self, student: Sequence[Layer]) -> list[Layer]:
        """All of it as layers, in the student's order."""
        over = [*self.layers, *self.extra]
        for layer in filter(_is_heap, student):
            here = Counter(layer.keys) & self.loose
            self.loose.subtract(here)  # unlike -=, it does not look at all the others for every layer
            if here:
                over.append(Layer(layer.path, layer.type, tuple(here.elements())))
        place = {layer.path: index for index, layer in enumerate(student)}
        return sorted(over, key=lambda layer: place[layer.path])


def _without_equals(reference: Sequence[Layer], student: Sequence[Layer]) -> tuple[_Left, list[Layer]]:
    """What is left of both sides when each layer of the reference has found one with the very same tensors."""
    by_keys: dict[tuple[Key, ...], list[Layer]] = {}
    for layer in student:
        by_keys.setdefault(tuple(sorted(layer.keys)), []).append(layer)
    lacking, claimed = [], set()
    for layer in reference:
        equals = by_keys.get(tuple(sorted(layer.keys)))
        if equals:
            claimed.add(equals.pop(0).path)
        else:
            lacking.append(layer)
    rest = [layer for layer in student if layer.path not in claimed]
    loose = Counter(key for layer in rest if _is_heap(layer) for key in layer.keys)
    return _Left([layer for layer in rest if not _is_heap(layer)], loose, []), lacking


def _is_heap(layer: Layer) -> bool:
    """Whether a module keeps tensors of several layers, or some that make up none: two weights, or only a bias."""
    return len({role for role, _ in layer.keys}) < len(layer.keys) or layer.kind == "layer"


def _take_loose(layer: Layer, left: _Left) -> bool:
    need = Counter(layer.keys)
    if not need <= left.loose:
        return False
    left.loose -= need
    return True


def _same_weight(layer: Layer, left: _Left, which: str) -> str | None:
    """The same layer, with a part less or more. A part less may be kept elsewhere."""
    weights = [key for key in layer.keys if key[0] == "weight"]
    partner = next((other for other in left.layers if weights and weights[0] in other.keys), None)
    if partner is None:
        return None
    left.layers.remove(partner)
    gone, extra = Counter(layer.keys) - Counter(partner.keys), Counter(partner.keys) - Counter(layer.keys)
    elsewhere = gone & left.loose
    left.loose -= elsewhere
    if extra:
        left.extra.append(Layer(partner.path, partner.type, tuple(extra.elements())))
    return _lacks(gone - elsewhere, which)


def _something_shared(layer: Layer, left: _Left, which: str) -> str | None:
    """A layer of the same kind and other sizes, but not in all of its parts."""
    return _other_sizes(layer, left, which, [other for other in left.layers if set(other.keys) & set(layer.keys)])


def _same_kind(layer: Layer, left: _Left, which: str) -> str | None:
    """A layer of the same kind and other sizes."""
    return _other_sizes(layer, left, which, left.layers)


def _other_sizes(layer: Layer, left: _Left, which: str, among: Sequence[Layer]) -> str | None:
    partner = next((other for other in among if other.kind == layer.kind), None)
    if partner is None:
        return None
    left.layers.remove(partner)
    got = _("{sizes} ({path})").format(sizes=partner.sizes, path=f"`{partner.path}`") if partner.path else partner.sizes
    return filled(_("{layer} is {got}, not {wanted}"), layer=which, got=got, wanted=layer.sizes)


def _loose_in_part(layer: Layer, left: _Left, which: str) -> str | None:
    """Some of its tensors among the loose ones; a bias alone makes no layer."""
    present = Counter(layer.keys) & left.loose
    if all(role == "shift" for role, _shape in present):
        return None
    left.loose -= present
    return _lacks(Counter(layer.keys) - present, which)


def _lacks(gone: Counter[Key], which: str) -> str:
    names = (_(_PARTS.get(role, role)) for role, _shape in gone)
    parts = pgettext("between parts", " and ").join(names)
    return filled(_("{layer} has no {parts}"), layer=which, parts=parts) if gone else ""


def _too_many(layer: Layer) -> str:
    if layer.path:
        return filled(_("there is a {layer} too many ({path})"), layer=layer.title, path=f"`{layer.path}`")
    return filled(_("there is a {layer} too many"), layer=layer.title)


def _which(layer: Layer, among: Sequence[Layer]) -> str:
    """``the second BatchNorm (over 100)``: which of its kind it is, in order of use."""
    same = [other for other in among if other.kind == layer.kind]
    if len(same) == 1:
        return filled(_("the {layer}"), layer=layer.title)
    position = next(index for index, other in enumerate(same) if other is layer)
    ordinal = _(_ORDINALS[position]) if position < len(_ORDINALS) else _("{number}th").format(number=position + 1)
    return filled(_("the {ordinal} {kind} ({sizes})"), ordinal=ordinal, kind=layer.called, sizes=layer.measures)


def summary(described: Described) -> str:
    """``267 410 parameters in 5 layers``."""
    number = total(described)
    return _("{parameters} in {layers}").format(
        parameters=words.plural(number, N_("parameter"), shown=words.count(number)),
        layers=words.plural(len(layers(described)), N_("layer")),
    )
