"""Putting questions to workers: a job, a fresh worker for it, and the evidence that comes back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader import evidence
from grader.evidence import Evidence, Outcome
from grader.plan import Job, Probe
from grader.sandbox.host import Sandbox
from grader.sandbox.limits import Limits
from grader.submission import Module
from grader.wire.records import Problem


def run_job(
    sandbox: Sandbox, job: Job, files: dict[str, bytes], module: Module, imports: tuple[str, ...] = ()
) -> Evidence:
    """Put a job's questions to a fresh worker that has the files; questions whose needs failed are not put."""
    load = loading(files, module, job.probes[0].limits)
    budget = sum(probe.limits.cpu_seconds for probe in (load, *job.probes))
    line = sandbox.open(load.limits, budget, (*job.imports, *imports))
    outcomes: dict[str, Outcome] = {}
    try:
        for probe in (load, *job.probes):
            if not all(
                isinstance(outcomes.get(need), evidence.Answered)
                for need in ("load", *probe.needs)[: None if probe is not load else 0]
            ):
                continue
            known = job.known(probe, outcomes)
            if known is not None:
                outcomes[probe.id] = known
                continue
            reply = line.ask(probe.op, probe.params, probe.arrays, probe.limits)
            outcomes[probe.id] = evidence.validate(probe.op, reply, probe.params)
            if not isinstance(outcomes[probe.id], (evidence.Answered, Problem)):
                break  # the worker is dead; what was not asked stays unanswered
        return Evidence(outcomes, line.output.text)
    finally:
        line.close()


def loading(files: dict[str, bytes], module: Module, limits: Limits) -> Probe:
    """The question that hands over the files, and has the module imported."""
    paths = sorted(path for path in files if not path.endswith(".ipynb"))
    arrays = {str(index): _bytes(files[path]) for index, path in enumerate(paths)}
    arrays |= {f"cell {index}": _bytes(cell.encode()) for index, cell in enumerate(module.cells)}
    params = {"paths": paths, "module": module.stem, "cells": len(module.cells)}
    return Probe("load", "load", params, arrays, limits=limits)


def _bytes(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)


def merge(parts: Sequence[Evidence]) -> Evidence:
    """The evidence of several workers on one exercise. What ended badly in any of them stays so."""
    outcomes: dict[str, Outcome] = {}
    for part in parts:
        for probe, outcome in part.outcomes.items():
            if probe not in outcomes or isinstance(outcomes[probe], evidence.Answered):
                outcomes[probe] = outcome
    return Evidence(outcomes, parts[-1].output)
