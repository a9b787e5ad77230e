"""A class's page finds whom it is asked for, by links and by the keyboard, and shows everybody without a script."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from classes import answered, entry, hostile_class, mistaken, sample_class

from grader.report import overview
from web.conftest import Look
from web.pages import class_page
from web.watch import Watch


@pytest.fixture(scope="package")
def room(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page of 130 students: three pages of the table."""
    entries = [*sample_class(), entry("Müller, Änne", mistaken("training.fit", "no-step"))]
    entries += [entry(f"s{n:03}", answered("layers.linear_module", n % 2 == 0)) for n in range(122)]
    path = tmp_path_factory.mktemp("class") / "index.html"
    path.write_text(class_page(entries), encoding="utf-8")
    return path.as_uri()


def names(seen: Watch) -> list[str]:
    """Who is shown."""
    return [one.strip() for one in seen.page.locator("#rows th").all_text_contents()]


def count(seen: Watch) -> str:
    """What is said of how many are shown."""
    return seen.page.locator("#count").text_content() or ""


def mark(seen: Watch) -> str:
    """What stands behind the # of the address, once the page has had the time to write it."""
    seen.page.wait_for_timeout(400)
    return str(seen.page.evaluate("location.hash"))


def test_it_shows_a_part_of_a_large_class(look: Look, room: str) -> None:
    """Opened from disk, the page should ask for itself alone, and show the first fifty."""
    seen = look(room)
    assert seen.requests == [room]
    assert len(names(seen)) == 50
    assert count(seen) == "130 students"
    assert seen.disturbances() == []


def test_without_scripts_all_are_there(look: Look, room: str) -> None:
    """With JavaScript off, every row should be shown, and nothing that would need it."""
    seen = look(room, java_script_enabled=False)
    assert seen.page.locator("#rows tr:visible").count() == 130
    assert seen.page.locator(".scripted:visible, form:visible, button:visible").count() == 0
    assert seen.disturbances() == []


def test_a_link_restores_the_view(look: Look, room: str) -> None:
    """What stands behind the # should be who is shown, in what order, and be kept there."""
    seen = look(room)
    for state, expected in {
        "q=muller+anne": ["Müller, Änne"],
        "q=BIAS-missing": ["emil", "张伟"],
        "misconception=bias-missing": ["emil", "张伟"],
        "misconception=bias-missing&look=quarantined": ["emil"],
        "look=any": ["alice", "bob", "carol", "dora", "emil"],
        "look=changed": ["bob"],
        "look=no-grade": ["carol"],
        "exercise=training.fit": ["Müller, Änne"],
        "exercise=layers.linear_module&standing=absent": ["zoe"],
        "standing=undecided": ["alice", "bob"],
        "q=nobody+at+all": [],
        "sort=-score&look=any": ["bob", "alice", "dora", "emil", "carol"],
    }.items():
        seen.again(f"#{state}")
        assert names(seen) == expected, state
        assert count(seen) == f"{len(expected)} of 130 students"


def test_it_is_used_with_the_keyboard_alone(look: Look, room: str) -> None:
    """Search by typing, filter with the arrows, sort and clear with Enter, turn the pages; the address says it all."""
    seen = look(room)
    seen.tab_to("#q")
    seen.page.keyboard.type("MULLER")
    assert names(seen) == ["Müller, Änne"]
    seen.page.keyboard.press("Control+A")
    seen.page.keyboard.press("Delete")
    assert count(seen) == "130 students"
    seen.tab_to("#misconception")
    seen.page.keyboard.press("ArrowDown")
    asked = seen.page.locator("#misconception").input_value()
    assert asked
    assert 0 < len(names(seen)) < 10
    assert f"misconception={asked}" in mark(seen)
    seen.tab_to("#filters button[type=reset]")
    seen.page.keyboard.press("Enter")
    assert mark(seen) == "#students"
    assert count(seen) == "130 students"
    seen.tab_to("#after")
    seen.page.keyboard.press("Enter")
    assert "page=2" in mark(seen)
    seen.tab_to("#table th[data-sort=score] button")
    found = []
    for _ in range(2):
        seen.page.keyboard.press("Enter")
        found.append((seen.page.locator("#table th[data-sort=score]").get_attribute("aria-sort"), names(seen)[0]))
    assert found == [("ascending", "carol"), ("descending", "bob")]
    assert seen.page.locator("#table th[aria-sort]").count() == 1
    assert mark(seen) == "#sort=-score"
    assert seen.disturbances() == []


def test_what_is_typed_and_chosen_can_be_linked_to(look: Look, room: str) -> None:
    """The address should say what is shown, so that a bookmark of it shows the same."""
    seen = look(room)
    seen.page.locator("#q").fill("É, & #")
    seen.page.locator("#look").select_option("any")
    seen.again(mark(seen))
    assert [seen.page.locator(one).input_value() for one in ("#q", "#look")] == ["É, & #", "any"]
    assert names(seen) == []


def test_links_of_the_page_filter_it(look: Look, room: str) -> None:
    """A misconception's own link should show who has it, and bring the table into view."""
    seen = look(room)
    seen.page.locator("details:has(a[href='#misconception=bias-missing']) > summary").click()
    seen.page.locator("a[href='#misconception=bias-missing']").click()
    seen.page.wait_for_function("document.activeElement.id === 'students'")
    assert names(seen) == ["emil", "张伟"]
    seen.page.locator("#filters button[type=reset]").click()
    assert "misconception" not in mark(seen)


def test_the_table_turns_its_pages(look: Look, room: str) -> None:
    """Everybody should be on one page and no other."""
    seen = look(room)
    found = names(seen)
    for _ in range(2):
        seen.page.locator("#after").click()
        found += names(seen)
    assert len(found) == len(set(found)) == 130
    assert seen.page.locator("#after").is_disabled()
    assert "page=3" in mark(seen)


def test_all_who_are_found_are_printed(look: Look, room: str) -> None:
    """Paper has no pages to turn: who is found should be printed, and be gone from the screen afterwards."""
    seen = look(f"{room}#q=s0")
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(names(seen)) == 100
    seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(names(seen)) == 50


def test_many_misconceptions_are_folded_but_for_what_is_asked(look: Look, tmp_path: Path) -> None:
    """Three should be named and the rest counted; a filter should bring its own to the front; a press shows all."""
    parts = [mistaken(f"a.part{n}", f"mistake-{n}") for n in range(6)]
    seen = look(overview.write([entry("ann", *parts)], tmp_path, {}).as_uri())
    cell = seen.page.locator("#rows td:nth-child(5)")
    assert cell.text_content() == "mistake-0, mistake-1, mistake-2+3"
    seen.again("#misconception=mistake-5")
    assert cell.text_content() == "mistake-5, mistake-0, mistake-1+3"
    cell.locator("button").press("Enter")
    assert (cell.text_content() or "").count("mistake-") == 6


def test_hostile_text_runs_nothing(look: Look, tmp_path: Path) -> None:
    """Filters, sorting and every row of a hostile class should run nothing and load nothing."""
    page = overview.write(hostile_class(), tmp_path, {one.name: one.name for one in hostile_class()}).as_uri()
    attack = quote('"><img src=x onerror=alert(1)>')
    seen = look(f"{page}#q=%3Cscript%3Ealert(1)%3C/script%3E&look={attack}&sort=__proto__")
    seen.page.locator("#filters button[type=reset]").click()
    seen.page.wait_for_timeout(400)
    seen.page.evaluate("document.querySelectorAll('th button').forEach(one => one.click())")
    assert len(names(seen)) == len(hostile_class())
    assert seen.disturbances() == []
    assert seen.page.locator("script:not([type]), img").count() == 2
