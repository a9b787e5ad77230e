"""One attack of the catalogue: what is handed in, and what must become of it. Read from `fixtures`, nothing is run."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from grader.sandbox.limits import MIB, Limits

FIXTURES = Path(__file__).parent / "fixtures"
VICTIM = "layers.linear_module"
NEIGHBOUR = "layers.linear_functional"
# Enough for honest code many times over, on a busy machine, too.
LIMITS = Limits(cpu_seconds=4.0, wall_seconds=12.0, answer_bytes=8 * MIB, memory_bytes=1024 * MIB, output_bytes=2 * MIB)
# For what would never end. Honest code needs a tenth of it.
SHORT = replace(LIMITS, cpu_seconds=0.6, wall_seconds=1.2)
_NAME = re.compile(r"(\d{3})-([a-z0-9-]+)")


@dataclass(frozen=True)
class Attack:
    """`files` are handed in, with the kit beside them, or what `setup` makes of them (see `setups`).

    The words that the report must hold are patterns: `says` in the finding of the check that `fails` (any, where that
    is empty) or in the reason of a refusal, `notes` in what is said of the submission as a whole.

    `score` is what it may earn at most: as much as a "wrong" answer, less than "full" marks where it is right in part,
    or "full" marks, for what is a nuisance and no lie. `breach` is what may be said of it at a tier where it is known
    not to be contained, on every machine or on some.
    """

    number: int
    name: str
    title: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    setup: str = ""
    folder: str = "mallory"  # what the submission is called
    exercise: str = VICTIM
    training: bool = False
    outcome: str = "graded"  # or "refused"
    fails: str = "forward"
    says: str = ""
    notes: str = ""
    score: str = "wrong"
    neighbour: bool = False  # another exercise of the same file must have full marks
    twins: bool = False  # handed in twice at the same time
    kit: bool = True
    limits: Limits = LIMITS
    needs: str = ""
    breach: str = ""
    tiers: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def at(self, tier: int) -> Attack:
        """The attack as it is expected to go at one tier."""
        return replace(self, **self.tiers.get(tier, {}))

    @property
    def id(self) -> str:
        return f"{self.number:03}-{self.name}"


def read_all() -> list[Attack]:
    """All attacks, by number. Raises ValueError for one that cannot be understood."""
    return [read(path) for path in sorted(FIXTURES.iterdir()) if not path.name.startswith(("_", "."))]


def read(path: Path) -> Attack:
    """One attack: a folder with an ``expect.toml``, or one Python file whose first comment is that."""
    if path.is_dir():
        files = {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}
        expected = files.pop("expect.toml").decode()
    else:
        files = {"layers.py": path.read_bytes()}
        lines = path.read_text(encoding="utf-8").splitlines()
        head = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
        expected = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[:head])
    name = _NAME.fullmatch(path.name.removesuffix(".py"))
    if name is None:
        raise ValueError(f"{path.name}: a fixture is called like 001-what-it-does")
    return _attack(int(name[1]), name[2], expected, files)


def _attack(number: int, name: str, expected: str, files: dict[str, bytes]) -> Attack:
    try:
        data = tomllib.loads(expected)
        tiers = {int(key.removeprefix("tier")): data.pop(key) for key in [*data] if key.startswith("tier")}
        if "limits" in data:
            data["limits"] = _limits(data["limits"])
        unknown = set(data) - {one.name for one in fields(Attack)}
        if unknown:
            raise ValueError(f"unknown: {sorted(unknown)}")
        return Attack(number, name, files=files, tiers=tiers, **data)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{number:03}-{name}: {error}") from error


def _limits(data: str | Mapping[str, float]) -> Limits:
    if isinstance(data, str):
        return {"short": SHORT}[data]
    return replace(LIMITS, **data)
