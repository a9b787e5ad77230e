"""Our errors as one tree. Each message says what is wrong and what to do next.

GraderError
├── UsageError        the command line asks for something that cannot be      → exit 2
├── SubmissionError   nothing there to grade, or it cannot be read            → exit 3
├── RunError          a run folder cannot be used                             → exit 3
└── InternalError     ours: nothing of this is ever the student's fault       → exit 4
    ├── CourseError   the course's own files do not hold together
    ├── StorageError  a run folder cannot be written any more
    └── SandboxError  a worker could not be started or walled in
        └── WorkerLost  a worker or the zygote was ended by something else than the code that it ran
"""

from __future__ import annotations


class GraderError(Exception):
    """The root: anything that the program says about itself or its input."""

    exit_code = 4


class UsageError(GraderError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class SubmissionError(GraderError):
    """There is nothing to grade, or it cannot be read."""

    exit_code = 3


class RunError(GraderError):
    """A run folder cannot be used: it is taken, damaged, or of another version."""

    exit_code = 3


class InternalError(GraderError):
    """Ours: a person must look."""


class CourseError(InternalError):
    """The course's own files do not hold together."""


class StorageError(InternalError):
    """A run folder cannot be written any more."""


class SandboxError(InternalError):
    """A worker could not be started or walled in."""


class WorkerLost(SandboxError):
    """A worker or the zygote was ended by something else than the code that it ran: asking again may do."""
