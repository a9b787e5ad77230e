"""Every attack of the catalogue through the real grader: contained, named, and harmless to everybody else."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable
from pathlib import Path

import attack as attacks
import invariants
import pytest
from attack import Attack
from canaries import Canaries
from ground import Ground

ATTACKS = attacks.read_all()
README = Path(__file__).with_name("README.md")
TIERS = (3, 4, 2)
EVERYWHERE = "GRADER_ALL_TIERS" in os.environ
# At the tiers that CI visits only in passing: a file, a process, a socket, a program, memory, time, an answer.
HANDFUL = {1, 6, 26, 66, 70, 80, 82, 93, 101, 103, 105, 107}
# What harms nobody where it succeeds: it is tried without walls, too.
HARMLESS = {32, 66, 67, 70, 73, 74, 76, 80, 85, 93, 95, 97, 99, 100, 101, 102, 103, 104, 105, 107}
_HAVE = {"root": os.geteuid() == 0, "user": os.geteuid() != 0, "x86_64": platform.machine() == "x86_64", "": True}


def cases() -> list[tuple[int, Attack]]:
    """Which attack at which tier: all of them at tier 3, a handful at the others, or all everywhere."""
    return [(tier, one) for tier in TIERS for one in ATTACKS if tier == 3 or EVERYWHERE or one.number in HANDFUL]


@pytest.mark.parametrize(("tier", "attack"), cases(), ids=lambda value: getattr(value, "id", f"tier{value}"))
def test_it_is_contained(
    ground_at: Callable[[int], Ground],
    canaries: Canaries,
    record_property: Callable[[str, object], None],
    tmp_path: Path,
    tier: int,
    attack: Attack,
) -> None:
    """After the attack, all invariants hold; but for what is known of this tier."""
    expected = attack.at(tier)
    if not _HAVE[expected.needs]:
        pytest.skip(f"needs {expected.needs}")
    ground = ground_at(tier)
    record_property("tier", tier)
    record_property("attack", attack.id)
    outcome = ground.run(expected, tmp_path)
    try:
        invariants.hold(outcome, canaries)
    except AssertionError as error:
        if not expected.breach or not re.search(expected.breach, str(error)):
            raise
        record_property("became", "known")
    else:
        record_property("became", "contained")


@pytest.mark.skipif(not EVERYWHERE, reason="GRADER_ALL_TIERS is not set: by make attacks")
@pytest.mark.parametrize(
    ("tier", "attack"),
    [(0, one) for one in ATTACKS if one.number in HARMLESS and one.name != "metadata"],
    ids=lambda value: getattr(value, "id", f"tier{value}"),
)
def test_it_succeeds_without_walls(
    ground_at: Callable[[int], Ground], canaries: Canaries, tmp_path: Path, tier: int, attack: Attack
) -> None:
    """An attack that fails for its own mistakes proves nothing: without walls the invariants must see it succeed."""
    outcome = ground_at(tier).run(attack, tmp_path)
    with pytest.raises(AssertionError, match=r"BREACH|canaries of|changed|reached|left|still running"):
        invariants.hold(outcome, canaries)


def test_the_catalogue_is_covered() -> None:
    """Of the 140 numbers of the catalogue at least 120 have an attack; the README says why the others have none."""
    missing = set(range(1, 141)) - {one.number for one in ATTACKS}
    listed = set(map(int, re.findall(r"^\| (\d+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)))
    assert missing == listed
    assert len(missing) <= 20
