"""One sandbox for each tier, among the canaries; and how many attacks were contained, said at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from attack import read_all
from canaries import Canaries, laid_out
from ground import Ground

from grader import course as courses
from grader import coursewide
from grader.errors import UsageError
from grader.sandbox.host import Zygote
from grader.store import Store

collect_ignore = ["fixtures", "kit"]  # hostile code, a conftest.py among it
THOROUGH = "GRADER_ALL_TIERS" in os.environ


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    """What attacks want: files, a process, sockets."""
    with laid_out(tmp_path_factory.mktemp("ground")) as found:
        yield found


@pytest.fixture(scope="module")
def ground_at(
    request: pytest.FixtureRequest, canaries: Canaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Ground]]:
    """The ground at a tier. The next tier's sandbox is started meanwhile; the last one's is closed."""
    course = courses.load(canaries.course)
    cache = tmp_path_factory.mktemp("cache")
    # What the command line hides: the course, the class, the cache.
    hidden = tuple(map(str, (course.root, *coursewide.copies(), canaries.folder / "submissions", cache)))
    wanted = _tiers(request.session.items)
    grounds: dict[int, Ground | str] = {}  # or why there is none

    def start(tier: int) -> Ground | str:
        home = str(tmp_path_factory.mktemp("matplotlib"))
        try:
            zygote = Zygote("cpu", hidden, (tier,), home)
        except UsageError as error:
            return str(error)
        crowd = tuple(attack.at(tier) for attack in read_all()) if tier == 3 else ()
        return Ground(tier, zygote, course, canaries, Store(cache), home.encode(), crowd, THOROUGH)

    def at(tier: int) -> Ground:
        for other in [*grounds]:
            if other not in wanted[wanted.index(tier) : wanted.index(tier) + 2]:
                _close(grounds.pop(other))
        for soon in wanted[wanted.index(tier) : wanted.index(tier) + 2]:
            if soon not in grounds:
                grounds[soon] = start(soon)
        return _expect(tier, grounds)

    yield at
    for ground in grounds.values():
        _close(ground)


def _tiers(items: list[pytest.Item]) -> list[int]:
    """The tiers that tests ask for, in their order."""
    params = (getattr(item, "callspec", None) for item in items)
    return list(dict.fromkeys(found.params["tier"] for found in params if found and "tier" in found.params))


def _expect(tier: int, grounds: dict[int, Ground | str]) -> Ground:
    """The ground, if this machine has one of that tier. Skipped where it has not, and a failure where it must."""
    ground = grounds[tier]
    if isinstance(ground, Ground):
        try:
            assert ground.zygote.facts.protection.tier == tier
        except UsageError as error:
            _close(ground)
            grounds[tier] = ground = str(error)
    if isinstance(ground, Ground):
        return ground
    if os.environ.get("GRADER_EXPECT_TIER") == str(tier):
        pytest.fail(f"tier {tier} is expected here, and absent: {ground}")
    pytest.skip(f"no tier {tier} on this machine: {ground}")


def _close(ground: Ground | str) -> None:
    if isinstance(ground, Ground):
        ground.zygote.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many attacks were contained at each tier."""
    became: dict[int, dict[str, str]] = {}
    for report in (*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())):
        said = dict(report.user_properties)
        if report.when == "call" and "attack" in said:
            became.setdefault(said["tier"], {})[said["attack"]] = said.get("became", "not contained")
    for tier, attacks in sorted(became.items(), reverse=True):
        contained = sum(each == "contained" for each in attacks.values())
        known = sorted(name for name, each in attacks.items() if each == "known")
        line = f"tier {tier}: {contained} of {len(attacks)} attacks contained"
        terminalreporter.write_line(line + (f"; known not to be: {', '.join(known)}" if known else ""))
