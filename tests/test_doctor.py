"""`grade doctor`: what it finds is found by doing, and what it advises can be done."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from tiers_here import available

from grader import doctor
from grader.cli import main
from grader.sandbox import survey
from grader.sandbox.host import Zygote
from grader.sandbox.survey import Step


def test_the_drill_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without walls most of it succeeds, and the doctor says so and fails."""
    monkeypatch.setattr(doctor, "Zygote", lambda: Zygote("cpu", (), (0,)))
    lines: list[str] = []
    assert doctor.examine(lines.append) == 2
    refused = [line for line in lines if "NOT refused" in line]
    for name in ("read a file", "change a file", "connect to a port", "start a process", "signal the grader"):
        assert any(name in line for line in refused), (name, lines)


def test_every_attempt_can_be_said() -> None:
    """What the drill calls its attempts, in English, should all be texts that have translations."""
    known = {node.value for node in ast.walk(ast.parse(doctor.DRILL.read_text())) if isinstance(node, ast.Constant)}
    assert set(doctor.ATTEMPTS) <= known
    assert len(doctor.ATTEMPTS) == doctor.DRILL.read_text().split("ATTEMPTS", 1)[1].split("}\n")[0].count('\n    "')


def test_the_command_tells_the_tier_and_what_it_tried() -> None:
    """One table of walls, one line for the tier, one for the drill."""
    with available(2):
        result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    for words in ("Landlock", "seccomp", "user namespace", "bubblewrap", "Sandbox tier", "Drill: "):
        assert words in result.output


def test_every_wall_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall that does not stand is in the table with its reason, and the others are still tried."""

    def refuse() -> str:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(survey, "_private_root", refuse)
    steps = {step.id: step for step in survey.steps()}
    assert not steps["private-root"].stands
    assert "not permitted" in steps["private-root"].detail
    assert steps["pidfd"].stands


def advised(*missing: str) -> str:
    """The advice for a machine where these walls do not stand."""
    walls = ("bubblewrap", "user-namespace", "private-root", "landlock", "seccomp", "pidfd")
    return "\n".join(doctor.advice([Step(id_, id_, id_ not in missing, "") for id_ in walls]))


def test_where_nothing_is_missing_nothing_is_advised() -> None:
    """No news is good news."""
    assert advised() == ""


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("bubblewrap", "apt install bubblewrap"),
        ("landlock", "lsm=landlock"),
        ("seccomp", "libseccomp2"),
        ("pidfd", "5.3"),
    ],
)
def test_advice_names_what_to_install(missing: str, words: str) -> None:
    """Each wall that is missing has its own way to get it."""
    assert words in advised(missing)


@pytest.mark.parametrize(
    ("setting", "value", "command"),
    [
        ("user.max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
        ("kernel.unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            "kernel.apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_the_setting_that_forbids_namespaces_is_named(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, command: str
) -> None:
    """An administrator gets the command to type, for the setting that is in the way and for no other."""
    say: Callable[[str], str] = lambda name: value if name == setting else ""  # noqa: E731
    monkeypatch.setattr(doctor, "_setting", say)
    monkeypatch.setattr(doctor, "_in_container", lambda: False)
    assert advised("user-namespace").count("sysctl -w") == 1
    assert command in advised("user-namespace")


def test_a_container_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a container the profile is the cause, and its options are named."""
    monkeypatch.setattr(doctor, "_setting", lambda name: "")
    monkeypatch.setattr(doctor, "_in_container", lambda: True)
    assert "seccomp=unconfined" in advised("private-root")
