"""The tiers of protection, best first; `promises` has the words for them. A report always says which one was on.

4  *strong+*: tier 3, and the zygote itself inside bubblewrap: two independent layers.
3  *strong*: namespaces, a private read-only root, no capabilities, limits, Landlock, seccomp.
2  *standard*: Landlock, seccomp and limits, where namespaces are not to be had.
0  *none*: limits only. Never chosen by itself; ``--unsafe-no-sandbox`` asks for it, and every report is stamped.

There is no tier 1: walls with one of Landlock and seccomp missing leak, so they count as none.
"""

from __future__ import annotations

STRONG_PLUS, STRONG, STANDARD, NONE = 4, 3, 2, 0
SAFE = (STRONG_PLUS, STRONG, STANDARD)
NAMES = {STRONG_PLUS: "strong+", STRONG: "strong", STANDARD: "standard", NONE: "none"}
