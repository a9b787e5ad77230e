"""What tells of saves in a folder, whatever becomes of the folder meanwhile."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

DEBOUNCE = 200  # ms: a save is told of at the latest then, however long an editor goes on
STEP = 50  # ms without another change, after which a save is over
_LOOKS = 1000  # ms between two looks whether the folder is still the same
_ABSENT = 0.3  # seconds between two looks whether it is there again
# What editors write for themselves: Vim's probe and swap files, Emacs's locks, backups, files to be renamed at the end.
_TEMPORARY = re.compile(r"^4913$|~$|^\.|^#.*#$|\.sw.$|\.tmp$|\.bak$|___jb_\w+___$|\.crswap$|^flycheck_")


class Saved(DefaultFilter):
    """Lets through what may be a save of a file that is graded; the name of the `folder` itself says nothing."""

    def __init__(self, folder: str = "") -> None:
        super().__init__()
        self._folder = folder

    def __call__(self, change: Change, path: str) -> bool:
        inside = path.removeprefix(self._folder)
        return not _TEMPORARY.search(os.path.basename(path)) and super().__call__(change, inside)


class Saves:
    """Calls `saved` after each save below `folder`, from a thread of its own; with `polling`, by looking at all files
    now and then, where the system does not tell (network drives)."""

    def __init__(self, folder: Path, saved: Callable[[], None], polling: bool) -> None:
        self._folder, self._saved, self._polling = folder, saved, polling
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saves", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Tell of nothing more."""
        self._stop.set()

    def _run(self) -> None:
        """Watch the folder; where it goes away, wait until it is there again."""
        while not self._stop.is_set():
            try:
                held = os.open(self._folder, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                self._stop.wait(_ABSENT)
                continue
            self._saved()
            try:
                self._watch(os.fstat(held))
            except FileNotFoundError:  # it went away before it could be watched
                self._stop.wait(_ABSENT)
            except (OSError, RuntimeError):  # the system has no more watches to give
                self._polling = True
                self._stop.wait(_ABSENT)
            finally:
                os.close(held)  # as long as it is held, no other folder gets its number
            if not self._stop.is_set():
                self._saved()

    def _watch(self, same: os.stat_result) -> None:
        """Watch until it is another folder, or none."""
        changes = watch(
            self._folder, watch_filter=Saved(str(self._folder)), debounce=DEBOUNCE, step=STEP, stop_event=self._stop,
            rust_timeout=_LOOKS, yield_on_timeout=True, raise_interrupt=False, ignore_permission_denied=True,
            force_polling=True if self._polling else None,
        )  # fmt: skip
        begun = False
        for changed in changes:
            if not self._is(same):
                return
            if changed or not begun:  # it may have changed before it was watched
                self._saved()
            begun = True

    def _is(self, same: os.stat_result) -> bool:
        try:
            return os.path.samestat(self._folder.stat(), same)
        except OSError:
            return False
