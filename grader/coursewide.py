"""What holds for a whole course: where it is, and the languages that it is taught in.

A course may have a file ``reference/course.toml`` with ``language = "zh"``: spoken where nobody asks for another.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from grader.errors import CourseError
from grader.language import TAGS, _, spoken

# In an installed package the course lies beside the code; in a checkout, at its root.
_PACKAGED = Path(__file__).parent / "_course"
_CHECKOUT = Path(__file__).parents[1]


def default_root() -> Path:
    """The folder of the course that comes with the program."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def copies() -> tuple[Path, ...]:
    """Every folder where a copy of that course lies, of this installation or of another one that Python can import.

    An editable installation leaves one beside the packages, and an environment may hold several: no worker may see any.
    """
    beside = (Path(entry).resolve() / "grader" / "_course" for entry in sys.path if entry)
    return tuple(dict.fromkeys([default_root(), *(path for path in beside if path.is_dir())]))


def title(data: dict[str, Any]) -> str:
    """The title of an assignment or exercise in the language spoken: a table has one for each, a text is for all.

    Raises ValueError where one is missing.
    """
    given = data["title"]
    texts = given if isinstance(given, dict) else dict.fromkeys(TAGS, given)
    if set(texts) != set(TAGS) or not all(isinstance(text, str) and text.strip() for text in texts.values()):
        raise ValueError(_("title needs a text, or a table with one in each of {names}").format(names=", ".join(TAGS)))
    return str(texts[spoken()])


def language(root: Path | None = None) -> str:
    """The language of the course below `root`, one of `TAGS`; "" where it names none. Raises `CourseError`."""
    file = (root or default_root()) / "reference" / "course.toml"
    if not file.is_file():
        return ""
    try:
        stated = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(f"{file}: {error}") from error
    if unknown := set(stated) - {"language"}:
        raise CourseError(_("{file}: unknown key {key}").format(file=file, key=sorted(unknown)[0]))
    asked = stated.get("language", "")
    if asked and asked not in TAGS:
        names = ", ".join(TAGS)
        raise CourseError(_("{file}: language must be one of {names}, not {asked!r}").format(
            file=file, names=names, asked=asked
        ))  # fmt: skip
    return str(asked)
