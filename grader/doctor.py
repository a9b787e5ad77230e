"""`grade doctor`: what this machine can do to wall in student code, why not more, and how to get more.

Nothing is read off a version or a flag: every wall is put up in a throw-away child, then a real worker is started at
the best tier, and a drill of what an attacker tries first is run in it.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import socket
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from grader.errors import GraderError, SandboxError
from grader.language import N_, _
from grader.sandbox import promises, survey
from grader.sandbox.channel import Answer
from grader.sandbox.host import Zygote
from grader.sandbox.limits import Limits
from grader.sandbox.survey import Step
from grader.sandbox.tiers import NAMES, STRONG, STRONG_PLUS

Say = Callable[[str], object]
DRILL = Path(survey.__file__).with_name("drill.py")


def examine(say: Say) -> int:
    """Say all that was found; the exit code is 0 where student code can be walled in, else 2."""
    kernel = os.uname()
    say(
        _("{system} {release} on {machine}, Python {python}, uid {uid}").format(
            system=kernel.sysname, release=kernel.release, machine=kernel.machine, python=platform.python_version(),
            uid=os.getuid(),
        )
    )  # fmt: skip
    say("")
    steps = survey.steps()
    for step in steps:
        stands = _("yes") if step.stands else _("NO")
        say(f"  {_padded(stands, 3)}  {_padded(step.name, 32)}{step.detail}")
    say("")
    code = _try_out(say)
    for line in advice(steps):
        say(line)
    return code


def _try_out(say: Say) -> int:
    """Start the real thing at its best tier, and run the drill in it."""
    try:
        with Zygote() as zygote:
            facts = zygote.facts
            line = promises.said(facts.protection).line
            say(_("{line}.").format(line=f"{line[0].upper()}{line[1:]}"))
            say(_("torch {version}, {cpu} instructions.").format(version=facts.torch, cpu=facts.cpu))
            breaches = drill(zygote)
    except GraderError as error:
        say(_("Nothing can be graded here safely: {reason}.").format(reason=error))
        return 2
    tried = len(breaches)
    got_through = {name: what for name, what in breaches.items() if what}
    said = _("Drill: {refused} of {tried} attempts of a hostile submission were refused.")
    say(said.format(refused=tried - len(got_through), tried=tried))
    for name, what in got_through.items():
        say(_("  NOT refused: {attempt} ({loot})").format(attempt=_(name), loot=what))
    return 2 if got_through else 0


def drill(zygote: Zygote) -> dict[str, str]:
    """What a hostile submission got away with in a worker: for each attempt the loot, empty where it was refused.

    Raises `SandboxError` when the drill did not come to its end.
    """
    limits = Limits(cpu_seconds=20, wall_seconds=40)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(folder, 0o777)
        bait = Path(folder) / "bait.txt"
        bait.write_text(secrets.token_hex())
        bait.chmod(0o666)
        names = {
            "BAIT_FILE": str(bait),
            "BAIT_PORT": server.getsockname()[1],
            "BAIT_PID": os.getpid(),
            "BAIT_NAME": next((name for name in ("LOGNAME", "SHELL", "PWD") if name in os.environ), "LOGNAME"),
        }
        lines = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        source = DRILL.read_text(encoding="utf-8")
        future = "from __future__ import annotations\n"
        code = source.replace(future, future + lines, 1).encode()
        line = zygote.open(limits, 30)
        try:
            params = {"paths": ["drill.py"], "module": "drill", "cells": 0}
            reply = line.ask("load", params, {"0": np.frombuffer(code, dtype=np.uint8)}, limits)
            if not isinstance(reply, Answer):
                raise SandboxError(_("the drill did not come to its end: {reply}").format(reply=reply))
            found: dict[str, str] = json.loads(line.output.text)
            return found
        finally:
            line.close()


def advice(steps: list[Step]) -> Iterator[str]:
    """What an administrator can do to get a better tier."""
    missing = {step.id: step for step in steps if not step.stands}
    if not missing:
        return
    yield ""
    if "user-namespace" in missing or "private-root" in missing:
        yield _("For tier {tier} ({name}) unprivileged user namespaces are needed:").format(
            tier=STRONG, name=NAMES[STRONG]
        )
        yield from (f"  {line}" for line in _namespace_remedies())
    if "bubblewrap" in missing:
        yield _("For tier {tier} ({name}) bubblewrap is needed:").format(tier=STRONG_PLUS, name=NAMES[STRONG_PLUS])
        yield _("  install it: `apt install bubblewrap`, `dnf install bubblewrap` or `pacman -S bubblewrap`")
    if "landlock" in missing:
        needed = _(
            "Landlock is needed at every tier: Linux 5.13 or newer, with `landlock` in the list of\n"
            "  /sys/kernel/security/lsm (boot option lsm=landlock,…). WSL 2 may need a newer kernel."
        )
        yield from needed.splitlines()
    if "seccomp" in missing:
        yield _("libseccomp is needed at every tier: `apt install libseccomp2` or `apk add libseccomp`")
    if "pidfd" in missing:
        yield _("Process descriptors need Linux 5.3 or newer.")


def _namespace_remedies() -> Iterator[str]:
    """What keeps user namespaces away on this machine, as far as it can be read, and what to do about it."""
    said = False
    for setting, bad, command, why in _SETTINGS:
        if _setting(setting) == bad:
            said = True
            said_so = _("{setting} is {value} ({reason}): as root, `sysctl -w {command}`")
            yield said_so.format(setting=setting, value=bad, reason=_(why), command=command)
    if _in_container():
        said = True
        forbidden = _(
            "this is a container whose profile forbids them: start it with\n"
            "`--security-opt seccomp=unconfined --security-opt apparmor=unconfined`, or grade outside it"
        )
        yield from forbidden.splitlines()
    if not said:
        yield _("no known setting forbids them here: ask whoever runs this machine about its security modules")


_SETTINGS = (
    ("user.max_user_namespaces", "0", "user.max_user_namespaces=15000", N_("none may be made")),
    ("kernel.unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1", N_("Debian's old switch")),
    (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "kernel.apparmor_restrict_unprivileged_userns=0",
        N_("Ubuntu takes their privileges away; an AppArmor profile for this Python with `userns,` is the gentler way"),
    ),
)


# What drill.py calls its attempts. It runs in a worker, and speaks English.
ATTEMPTS = (
    N_("read a file of this machine"),
    N_("change a file of this machine"),
    N_("add a file beside it"),
    N_("add a module to Python"),
    N_("list home folders"),
    N_("read the grader's environment"),
    N_("inherit the grader's environment"),
    N_("connect to a port of this machine"),
    N_("look up a name"),
    N_("open a Unix socket"),
    N_("start a program"),
    N_("start a process"),
    N_("signal the grader"),
    N_("trace the grader"),
    N_("make a namespace"),
    N_("mount a file system"),
    N_("outlive its time"),
    N_("raise its limits"),
    N_("get memory that no limit counts"),
    N_("read kernel messages"),
)


def _padded(text: str, width: int) -> str:
    """That text with blanks up to so many columns; a Chinese character takes two."""
    columns = sum(2 if unicodedata.east_asian_width(char) in "FW" else 1 for char in text)
    return text + " " * (width - columns)


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name.replace(".", "/")).read_text().strip()
    except OSError:
        return ""


def _in_container() -> bool:
    return any(os.path.exists(mark) for mark in ("/.dockerenv", "/run/.containerenv"))
