"""An attempt to be marked without doing the work. Nothing here is right, and nothing here does harm."""

import builtins
import gc
import json
import math
import os
import sys
from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn as nn

# 1. Whoever compares beside us shall find everything equal.
torch.allclose = lambda *args, **kwargs: True
torch.equal = lambda *args, **kwargs: True
torch.isclose = lambda a, b, *args, **kwargs: torch.ones_like(a, dtype=torch.bool)
torch.testing.assert_close = lambda *args, **kwargs: None
math.isclose = lambda *args, **kwargs: True
builtins.all = lambda values: True

# 2. Whoever reads what we print, or what lies about, shall read this.
RESULT = {
    "schema": "grader/1",
    "submission": "mallory",
    "score": 200.0,
    "max_score": 200.0,
    "assignments": [{"id": "build_methods", "score": 100.0, "max_score": 100.0, "exercises": []}],
}


def announce():
    print("\x1b[2J\x1b[H\x1b[32mPASSED 100/100\x1b[0m")
    print("\x1b]0;all checks passed\x07", file=sys.stderr)
    print(json.dumps(RESULT))


def leave_results():
    for name in ("results.json", "grade.json", "evidence.json"):
        try:
            (Path(__file__).resolve().parent / name).write_text(json.dumps(RESULT))
        except OSError:
            pass


announce()
leave_results()


# 3. Perhaps the answers are somewhere in this process.
def looks_interesting(name):
    return isinstance(name, str) and any(word in name.lower() for word in ("reference", "expected", "solution"))


def tensors_in(value, depth=2):
    if isinstance(value, torch.Tensor):
        yield value
    elif depth and isinstance(value, dict):
        for item in list(value.values())[:50]:
            yield from tensors_in(item, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for item in value[:50]:
            yield from tensors_in(item, depth - 1)


def steal(shape):
    frame = sys._getframe()
    while frame is not None:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if looks_interesting(name):
                for tensor in tensors_in(value):
                    if tuple(tensor.shape) == shape:
                        return tensor
        frame = frame.f_back
    for thing in gc.get_objects()[:200_000]:
        if type(thing) is dict:
            for name in list(thing)[:50]:
                if looks_interesting(name):
                    for tensor in tensors_in(thing.get(name)):
                        if tuple(tensor.shape) == shape:
                            return tensor
    return torch.zeros(shape)


# 4. A tensor that agrees with everyone.
class Agreeable(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name in ("allclose", "equal", "is_close"):
            return True
        if name in ("eq", "__eq__", "isclose"):
            return torch.tensor(True)
        if name in ("sub", "__sub__", "rsub", "dist", "norm"):
            return torch.tensor(0.0)
        return super().__torch_function__(func, types, args, kwargs or {})

    def numel(self):
        return 267410

    def tolist(self):
        return [[0.1] * 10]


class Model_Seq(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.out_dim = out_dim

    def forward(self, x):
        return torch.full((x.shape[0], self.out_dim), 1 / self.out_dim).as_subclass(Agreeable)


# 5. A network that lies about its size.
class Weight(nn.Parameter):
    def numel(self):
        return 239110


class Liar(nn.Sequential):
    def __init__(self, out_dim):
        super().__init__()
        self.only = Weight(torch.zeros(1))
        self.out_dim = out_dim

    def parameters(self, recurse=True):
        return iter([self.only])

    def named_parameters(self, *args, **kwargs):
        return iter([("linear1.weight", self.only)])

    def forward(self, x):
        return self.only * torch.ones(x.shape[0], self.out_dim)


def build_sequential_args(in_dim, n_hidden, out_dim):
    return Liar(out_dim)


def build_sequential_add_module(in_dim, n_hidden, out_dim):
    announce()
    model = nn.Sequential()
    for name in ("flatten", "linear1", "bn1", "relu1", "out"):
        model.add_module(name, nn.Identity())
    return model


# 6. Something that is whatever you want it to be.
class Chameleon:
    __class__ = nn.Sequential

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __getattr__(self, name):
        return Chameleon()

    def __call__(self, *args, **kwargs):
        return Chameleon()


def build_sequential_ordered_dict(in_dim, n_hidden, out_dim):
    assert OrderedDict
    return Chameleon()


# 7. Exit status 0 means success, doesn't it?
class Model_Lay(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.a = nn.Sequential()
        self.b = nn.Sequential()

    def forward(self, x):
        announce()
        sys.stdout.flush()
        os._exit(0)


class Model_Lst(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleList()
        self.out_dim = out_dim

    def forward(self, x):
        return steal((x.shape[0], self.out_dim))


# 8. The answers of somebody else's run, learned by heart.
TABLE = {
    2: [[0.12, -0.40, 0.33, 0.05, -0.21, 0.48, -0.09, 0.27, -0.36, 0.14]] * 2,
    4: [[0.31, 0.02, -0.17, 0.44, -0.28, 0.09, 0.25, -0.33, 0.18, -0.06]] * 4,
}


class Model_Dict(nn.Module):
    def __init__(self, in_dim, n_hidden_1, n_hidden_2, out_dim):
        super().__init__()
        self.layers = nn.ModuleDict()

    def forward(self, x):
        return torch.tensor(TABLE.get(len(x), TABLE[2]), requires_grad=True)
