"""Closing the door behind a worker: every wall of its tier, in the order in which they can be put up.

This is the one place where protection is added or taken away; `tiers` says what a tier promises, `probe` finds the
one that this machine gives.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass

from grader.sandbox import landlock, namespaces, root, seccomp, tiers
from grader.sandbox import syscalls as sc

FIRST = 1  # the pid of a worker in a pid namespace of its own
BOX = "/box"  # the worker's only writable folder, behind a private root


@dataclass(frozen=True)
class Plan:
    """What the walls of one worker are made of.

    `way` is how namespaces are made (see `namespaces`), empty where the tier has none. `hide` are folders that must
    not be seen even though they lie below one of `show`. `box` is the scratch folder. `memory_bytes` comes on top of
    what the zygote already maps; zero means no limit, as CUDA needs.
    """

    tier: int
    way: str
    show: tuple[str, ...]
    hide: tuple[str, ...] = ()
    box: str = BOX
    memory_bytes: int = 0
    cpu_seconds: int = 0
    base_bytes: int = 0
    gpu: bool = False

    @property
    def private_root(self) -> bool:
        return self.tier >= tiers.STRONG


def prepare(gpu: bool = False) -> str:
    """In the zygote: make ready what could not be found, or would be slow to make, behind walls. Returns what this
    machine lacks, or nothing."""
    problem = seccomp.problem()
    if not problem:
        seccomp.compiled(seccomp.policy(FIRST, True, gpu))
    if not landlock.abi():
        problem = problem or "this kernel has no Landlock, or it is switched off"
    return problem


def fork_apart(way: str) -> int:
    """Fork a worker-to-be: as process 1 of its own pid namespace, where there is a way to one."""
    return namespaces.fork_apart() if way else os.fork()


def close_the_door(plan: Plan) -> None:
    """In the worker, before any student code. Raises OSError when a wall cannot be put up."""
    sc.prctl(sc.PR_SET_PDEATHSIG, 9)
    if plan.private_root:
        namespaces.enter()
        root.build(plan.show, plan.hide, plan.box)
        namespaces.become_nobody()
    sc.drop_capabilities()
    sc.prctl(sc.PR_SET_NO_NEW_PRIVS, 1)
    # Becoming someone else clears the parent-death signal, hence once more.
    sc.prctl(sc.PR_SET_PDEATHSIG, 9)
    _set_limits(plan)
    if plan.tier >= tiers.STANDARD:
        landlock.enforce(_file_rules(plan))
        seccomp.load(seccomp.policy(os.getpid(), plan.private_root, plan.gpu))


def _file_rules(plan: Plan) -> tuple[landlock.Rule, ...]:
    if plan.private_root:  # what is hidden lies under covers; /etc and /proc are the worker's own
        return landlock.policy((*plan.show, "/etc", "/proc"), (), (plan.box, "/dev/shm"), plan.gpu)
    return landlock.policy(plan.show, plan.hide, (plan.box,), plan.gpu)


def _set_limits(plan: Plan) -> None:
    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 256, resource.RLIMIT_FSIZE: root.SCRATCH_BYTES}
    if plan.private_root:
        wanted[resource.RLIMIT_NPROC] = 64  # counted per user namespace, so it bounds this worker alone
    if plan.cpu_seconds:
        wanted[resource.RLIMIT_CPU] = plan.cpu_seconds
    if plan.memory_bytes:
        wanted[resource.RLIMIT_AS] = plan.base_bytes + plan.memory_bytes
    for kind, value in wanted.items():
        resource.setrlimit(kind, (value, value))
