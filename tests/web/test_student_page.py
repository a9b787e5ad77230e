"""A student's page: every exercise and check can be linked to, and all of it is there without JavaScript."""

from __future__ import annotations

from grader.report import summary
from web.conftest import Look
from web.pages import Addresses, everything
from web.watch import IN_SIGHT, SHOWN, UNFOLD

FIND = "document.getElementById(decodeURIComponent(location.hash.slice(1)))"
FOLLOW = f"""async places => {{
    const found = [];
    for (const place of places) {{
        const target = document.getElementById(place), shown = target.checkVisibility();
        location.hash = place;
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        found.push([place, shown, ({IN_SIGHT})(target)]);
    }}
    return found;
}}"""


def places() -> list[str]:
    """The ids of all exercises and checks."""
    return [
        summary.anchor(exercise, check) for exercise in everything().exercises for check in (None, *exercise.checks)
    ]


def test_every_exercise_and_check_can_be_linked_to(look: Look, address: Addresses) -> None:
    """A link to it should bring it into sight, unfolded where it was folded."""
    seen = look(address("student"))
    found = seen.page.evaluate(FOLLOW, places())
    assert [place for place, _, arrived in found if not arrived] == []
    folded = [place for place, shown, _ in found if not shown]
    assert len(folded) > 3
    seen = look(f"{address('student')}#{folded[-1]}")
    seen.page.wait_for_function(f"({IN_SIGHT})({FIND})")


def test_what_to_do_next_leads_to_the_check(look: Look, address: Addresses) -> None:
    """Each card should lead to its check by the keyboard alone, and Tab go on from there."""
    seen = look(address("student"))
    cards = seen.page.locator(".cards a").count()
    for _ in range(cards):
        seen.tab_to(".cards a")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_function(f"({IN_SIGHT})({FIND})")
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate(f"{FIND}.compareDocumentPosition(document.activeElement) & 4")
        seen.page.go_back()
    assert cards > 1
    assert seen.disturbances() == []


def test_without_scripts_it_is_whole(look: Look, address: Addresses) -> None:
    """With JavaScript off the page should say, and be able to show, the same."""
    with_scripts, without = (look(address("student"), java_script_enabled=on) for on in (True, False))
    for seen in (with_scripts, without):
        seen.page.evaluate(UNFOLD)
    with_scripts.page.evaluate("document.getElementById('theme').remove()")
    texts = [seen.page.locator("body").inner_text() for seen in (with_scripts, without)]
    assert texts[0] == texts[1]
    assert all(without.page.evaluate(f"({SHOWN})(document.getElementById({place!r}))") for place in places())
    assert without.disturbances() == []
