"""How far a batch is, and who looks on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UnderWay:
    """A submission that is being graded, and for how many seconds already."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Standing:
    """Submissions by what became of them. `known` of them were graded by an earlier run already; `unasked` are those
    that keep the grade they have, since the course asks now what their code never answered. `slowest` has been under
    way longest."""

    total: int
    graded: int = 0
    ungradable: int = 0
    errors: int = 0
    quarantined: int = 0
    known: int = 0
    unasked: int = 0
    slowest: UnderWay | None = None

    @property
    def done(self) -> int:
        return self.graded + self.ungradable + self.errors + self.quarantined + self.unasked


class Watch:
    """Who looks on. This one looks away."""

    def tell(self, standing: Standing) -> None:
        """Show how far it is; called often."""

    def say(self, name: str, text: str, ours: bool) -> None:
        """Say what became of a submission that was not simply graded, and whether that is our doing."""

    def note(self, text: str) -> None:
        """Say what takes longer just now."""

    def close(self) -> None:
        """Leave the terminal as it was."""
