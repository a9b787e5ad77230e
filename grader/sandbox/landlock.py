"""What of the file system a worker may open, and whom it may signal: Landlock, through landlockpy.

The second opinion on files behind the private root of tiers 3 and 4, and the only one at tier 2. Rules are data: for
each path the rights below it. Every right that this kernel knows is handled, so what no rule grants is refused.
Nothing may be executed: mapping a library needs no such right, starting a program does.

Landlock does not judge ``stat``, ``chmod``, ``utime``, nor (before ABI 9) sockets that have a path: `seccomp` does
what it leaves open.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from landlockpy import AccessFS, AccessNet, Ruleset, Scope, abi_version

READ = AccessFS.READ_FILE | AccessFS.READ_DIR
SCRATCH = (
    READ
    | AccessFS.WRITE_FILE
    | AccessFS.TRUNCATE
    | AccessFS.MAKE_REG
    | AccessFS.MAKE_DIR
    | AccessFS.MAKE_SYM
    | AccessFS.REMOVE_FILE
    | AccessFS.REMOVE_DIR
    | AccessFS.REFER
)
STREAM = AccessFS.READ_FILE | AccessFS.WRITE_FILE
_OF_A_FILE = STREAM | AccessFS.EXECUTE | AccessFS.TRUNCATE | AccessFS.IOCTL_DEV
SCOPES = Scope.SIGNAL | Scope.ABSTRACT_UNIX_SOCKET


@dataclass(frozen=True)
class Rule:
    """What may be done with everything below a path."""

    path: str
    access: AccessFS


def policy(show: Sequence[str], hide: Sequence[str], scratch: Sequence[str], gpu: bool = False) -> tuple[Rule, ...]:
    """The rules of one worker: `show` may be read, but for what lies in `hide`; `scratch` is the worker's own."""
    rules = [Rule(path, STREAM) for path in _STREAMS]
    rules += [Rule(path, SCRATCH) for path in scratch]
    for path in show:
        if gpu and path.startswith("/dev/"):
            rules.append(Rule(path, STREAM | AccessFS.IOCTL_DEV))
        else:
            rules += _shown(path, hide)
    return tuple(rules)


_STREAMS = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def _shown(path: str, hide: Sequence[str]) -> list[Rule]:
    """A grant cannot be taken back further down: around what is hidden, everything else is granted one by one."""
    if path in hide:
        return []
    if not any(hidden.startswith(path.rstrip("/") + "/") for hidden in hide):
        return [Rule(path, READ)]
    # Importing needs the names in a folder; of what is hidden they tell no more than that it is there.
    rules = [Rule(path, AccessFS.READ_DIR)]
    for name in sorted(os.listdir(path)):
        rules += _shown(os.path.join(path, name), hide)
    return rules


def abi() -> int:
    """The version that this kernel speaks; 0 where Landlock is absent or switched off."""
    try:
        return int(abi_version())
    except OSError:
        return 0


def enforce(
    rules: Sequence[Rule],
    files: AccessFS | None = None,
    network: AccessNet | None = None,
    scopes: Scope = SCOPES,
) -> None:
    """Refuse, from now on, every access that no rule grants. Raises OSError.

    `files` and `network` are the rights refused by default: all that the kernel knows, unless a test says otherwise.
    """
    with Ruleset(handled_fs=files, handled_net=network, scoped=scopes) as ruleset:
        for rule in rules:
            if os.path.exists(rule.path):
                ruleset.allow_path(rule.path, rule.access if os.path.isdir(rule.path) else rule.access & _OF_A_FILE)
        ruleset.restrict()
