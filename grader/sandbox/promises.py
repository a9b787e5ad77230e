"""What each tier of protection promises, in words. Kept in English, as a part of what answers depend on; `said` puts it
into the language of the run that shows it.

Like all of the grader's side this is never imported by the zygote or a worker.
"""

from __future__ import annotations

from dataclasses import replace

from grader.language import N_
from grader.model import Protection
from grader.retold import Sayings
from grader.sandbox.tiers import NAMES, NONE, STANDARD, STRONG, STRONG_PLUS

_WORDS = {
    STRONG_PLUS: N_(
        "sandbox tier 4, strong+: bubblewrap around it all; own user, mount, pid, network, ipc and uts namespaces; "
        "private read-only root; no capabilities; limits; Landlock; seccomp"
    ),
    STRONG: N_(
        "sandbox tier 3, strong: own user, mount, pid, network, ipc and uts namespaces; private read-only root; "
        "no capabilities; limits; Landlock; seccomp"
    ),
    STANDARD: N_(
        "sandbox tier 2, standard: Landlock, seccomp and limits, no namespaces: whether a file exists can be seen, and "
        "disk use is only watched"
    ),
    NONE: N_(
        "sandbox tier 0, none: UNSANDBOXED: limits only. Student code could read your files, use the network and harm "
        "this machine"
    ),
}
_NOT_BETTER = N_("{what} (not better because: {reason})")
NO_BUBBLEWRAP = N_("bubblewrap is not installed")
BROKEN_BUBBLEWRAP = N_("bubblewrap does not work here: {reason}")
# As lockdown.py says it, in the zygote.
NO_LANDLOCK = N_("this kernel has no Landlock, or it is switched off")
NO_REASON = N_("no reason given")

_REASONS = (NO_BUBBLEWRAP, BROKEN_BUBBLEWRAP, NO_LANDLOCK, NO_REASON)
_WHY = Sayings(*_REASONS)
_LINES = Sayings(_NOT_BETTER, *_WORDS.values(), *_REASONS)


def protection(tier: int, why: str = "") -> Protection:
    """What a tier is, in a line for people; `why` is what kept this machine from a better one."""
    line = _NOT_BETTER.format(what=_WORDS[tier], reason=why) if why else _WORDS[tier]
    return Protection(tier, NAMES[tier], line)


def said(kept: Protection) -> Protection:
    """The same with its line in the language of this run."""
    return replace(kept, line=_LINES.again(kept.line))


def reason(why: str) -> str:
    """Why a machine gives no better tier, in the language of this run."""
    return _WHY.again(why)
