"""Stand-ins: what takes the place of an exercise that others are built on, so that those are judged apart from it.

A network whose block is wrong cannot be compared with a network whose block is right, and one whose block stops cannot
be run at all. So the student's network is asked once more with the course's stand-in for that block, and compared with
the reference network with the same stand-in. A stand-in solves nothing (``reference/<assignment>/stand_ins.py``), so
that it may lie beside student code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader import bank
from grader.course import Assignment
from grader.plan import Job, Probe

QUESTION = "stand-in"


def there_are(assignment: Assignment, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names for which the course has a stand-in."""
    known = bank.definitions(assignment.stand_ins)
    return tuple(name for name in names if name in known)


def built_on(source: bytes, assignment: Assignment, names: Iterable[str]) -> bytes:
    """A solution of the assignment, the right one or a mistaken one, with stand-ins in place of these exercises.

    Only the definitions are taken: a stand-in uses what its solution imports, and nothing else from around it.
    """
    known = bank.definitions(assignment.stand_ins)
    for name in names:
        source = bank.replaced(source, name, known[name])
    return source


def asked_with(job: Job, assignment: Assignment, names: tuple[str, ...]) -> Job:
    """The job with the stand-ins put in place before any other question."""
    params = {"source": assignment.stand_ins.decode(), "names": list(names)}
    first = Probe(QUESTION, "stand_in", params, limits=job.probes[0].limits)
    others = (replace(probe, needs=(QUESTION, *probe.needs)) for probe in job.probes)
    return replace(job, probes=(first, *others))
