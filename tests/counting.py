"""A sandbox that counts the workers it is asked for."""

from __future__ import annotations

from typing import Any

from grader.sandbox.host import Zygote


class Counting:
    """The real sandbox, with a counter."""

    def __init__(self, zygote: Zygote) -> None:
        self._zygote, self.opened = zygote, 0

    def open(self, *args: Any) -> Any:
        """Count, and open."""
        self.opened += 1
        return self._zygote.open(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._zygote, name)
