"""What attacks are compared with: an honest answer and a wrong one for each exercise that is attacked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

KIT = Path(__file__).parent / "kit"

_HONEST = {
    "layers.linear_module": "from victim import Right as linear_module, linear_functional\n",
    "build_methods.build_sequential_args": """
from torch import nn

def build_sequential_args(a, b, c):
    return nn.Sequential(nn.Flatten(), nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c))
""",
}
_WRONG = {
    "layers.linear_module": "from victim import Wrong as linear_module, linear_functional\n",
    "build_methods.build_sequential_args": """
from torch import nn

class Wrong(nn.Sequential):
    def forward(self, x):
        return super().forward(x) * 0

def build_sequential_args(a, b, c):
    return Wrong(nn.Flatten(), nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c))
""",
}


def honest(exercise: str) -> dict[str, bytes]:
    """A submission that earns full marks for the exercise."""
    return _files(exercise, _HONEST[exercise])


def wrong(exercise: str) -> dict[str, bytes]:
    """A submission of which everything but the values is right."""
    return _files(exercise, _WRONG[exercise])


@cache
def _kit() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in KIT.glob("*.py")}


def kit() -> dict[str, bytes]:
    """The files that lie beside every attack."""
    return dict(_kit())


def _files(exercise: str, code: str) -> dict[str, bytes]:
    return {"victim.py": kit()["victim.py"], f"{exercise.partition('.')[0]}.py": code.encode()}
