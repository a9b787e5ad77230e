"""What ``grade explain`` and ``grade hint`` print."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text

from grader.catalogue import Group, Topic
from grader.language import _
from grader.report.screen import Screen


def show(topic: Topic, screen: Screen) -> None:
    """Print one topic: what it is called, then its paragraphs."""
    screen.put(Text.assemble((topic.id, "bold"), "  ", (topic.kind, "dim")))
    screen.put(topic.title)
    for heading, text in topic.parts:
        screen.blank()
        screen.put(Text(heading, "bold"), 2)
        screen.put(text, 4)


def show_all(groups: Iterable[Group], screen: Screen) -> None:
    """Print every topic on a line, and how to see more of one."""
    for group in groups:
        screen.put(Text(group.name, "bold"))
        widest = min(max(map(cell_len, group.topics), default=0), screen.width // 2 - 4)
        for id, title in group.topics.items():
            screen.put(title, 2, Text(id + " " * (max(0, widest - cell_len(id)) + 2), "dim"))
        screen.blank()
    screen.put(_("One of them: grade explain ID"))
