"""The tiers of protection, best first, and the words for them. A report always says which one was on.

4  *strong+*: tier 3, and the zygote itself inside bubblewrap: two independent layers.
3  *strong*: namespaces, a private read-only root, no capabilities, limits, Landlock, seccomp.
2  *standard*: Landlock, seccomp and limits, where namespaces are not to be had.
0  *none*: limits only. Never chosen by itself; ``--unsafe-no-sandbox`` asks for it, and every report is stamped.

There is no tier 1: walls with one of Landlock and seccomp missing leak, so they count as none.
"""

from __future__ import annotations

from grader.model import Protection

STRONG_PLUS, STRONG, STANDARD, NONE = 4, 3, 2, 0
SAFE = (STRONG_PLUS, STRONG, STANDARD)
NAMES = {STRONG_PLUS: "strong+", STRONG: "strong", STANDARD: "standard", NONE: "none"}

_WALLS = (
    "own user, mount, pid, network, ipc and uts namespaces; private read-only root; no capabilities; limits; "
    "Landlock; seccomp"
)
_WORDS = {
    STRONG_PLUS: f"bubblewrap around it all; {_WALLS}",
    STRONG: _WALLS,
    STANDARD: (
        "Landlock, seccomp and limits, no namespaces: whether a file exists can be seen, and disk use is only watched"
    ),
    NONE: "UNSANDBOXED: limits only. Student code could read your files, use the network and harm this machine",
}


def protection(tier: int, why: str = "") -> Protection:
    """What a tier is, in a line for people; `why` is what kept this machine from a better one."""
    reason = f" (not better because: {why})" if why else ""
    return Protection(tier, NAMES[tier], f"sandbox tier {tier}, {NAMES[tier]}: {_WORDS[tier]}{reason}")
