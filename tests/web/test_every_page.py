"""Every page, in every language, theme and width: readable by everyone, closed to the network, without a complaint."""

from __future__ import annotations

import pytest

from grader import language
from web.conftest import Look
from web.pages import KINDS, Addresses
from web.watch import STOPS, UNFOLD

LOOKS = [("en", "light"), ("zh", "dark"), ("en", "dark"), ("zh", "light")]
# No colour depends on the language, and nothing but colours on the theme: the last two looks are for `make long`, and
# of pages that are built as others are, the last three.
BUILT_ALIKE = ("good student", "hostile class")
PAGES = [
    pytest.param(kind, *look, marks=[pytest.mark.long] if place > (kind not in BUILT_ALIKE) else [])
    for kind in KINDS
    if kind != "small class"
    for place, look in enumerate(LOOKS)
]
DAMAGED = """<!DOCTYPE html><html><head>
<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'; img-src file:"><title>x</title></head>
<body><p style="color: #999; background: #aaa; width: 2000px">pale</p><img src="missing.png">
<script>eval("1")</script></body></html>"""


def test_what_watches_sees(look: Look, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A page that does what ours must not: the request, what the policy stops, the violations, the width."""
    page = tmp_path_factory.mktemp("damaged") / "page.html"
    page.write_text(DAMAGED)
    seen = look(page.as_uri(), width=320)
    disturbances = "\n".join(seen.disturbances())
    assert "missing.png" in disturbances.splitlines()[0]
    assert "Content Security Policy" in disturbances
    assert seen.overhang() > 1000
    found = seen.violations()
    assert all(rule in found for rule in ("html-has-lang", "image-alt", "color-contrast"))
    assert "color-contrast" not in seen.violations(colours=False)


@pytest.mark.parametrize(("kind", "code", "scheme"), PAGES)
def test_it_is_accessible_and_closed(look: Look, address: Addresses, kind: str, code: str, scheme: str) -> None:
    """No violation of WCAG 2.2 AA, folded out; none on a phone, where nothing hangs over; no request, no complaint."""
    seen = look(address(kind, code), width=320, color_scheme=scheme)
    assert seen.page.evaluate("document.documentElement.lang") == language.TAGS[code]
    assert seen.overhang() == 0
    seen.page.evaluate(UNFOLD)
    assert seen.overhang() == 0
    assert seen.violations(colours=False) == ""
    seen.page.set_viewport_size({"width": 1280, "height": 800})
    assert seen.violations() == ""
    assert seen.disturbances() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["student", "small class"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    look: Look, address: Addresses, kind: str, scheme: str
) -> None:
    """Tab should stop at every control in the order of the page, in sight, with a ring around it."""
    seen = look(address(kind), color_scheme=scheme)
    stops = seen.page.evaluate(f"(window.stops = {STOPS}).length")
    seen.page.evaluate("""window.found = []; addEventListener("focusin", ({ target }) => {
        const style = getComputedStyle(target), box = target.getBoundingClientRect();
        const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        const sight = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
        window.found.push([window.stops.indexOf(target), ring, sight, target.outerHTML.slice(0, 200)]);
    })""")
    for _ in range(stops):
        seen.page.keyboard.press("Tab")
    found = seen.page.evaluate("window.found")
    assert stops > 20
    assert [stop for stop in found if not (stop[1] and stop[2])] == []
    assert [place for place, *_ in found] == list(range(stops)), [stop for stop in found if stop[0] < 0]


@pytest.mark.parametrize("kind", ["student", "small class"])
def test_details_open_with_enter(look: Look, address: Addresses, kind: str) -> None:
    """What is folded should open and close without a mouse."""
    seen = look(address(kind))
    seen.tab_to("details:not([open]) > summary")
    opened = []
    for _ in range(2):
        seen.page.keyboard.press("Enter")
        opened.append(seen.page.evaluate("document.activeElement.parentElement.open"))
    assert opened == [True, False]


BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize(("kind", "code"), [("student", "en"), ("small class", "zh")])
def test_a_button_changes_light_and_dark_and_is_remembered(
    look: Look, address: Addresses, kind: str, code: str
) -> None:
    """It should begin as the system is, say so, be large enough, be remembered, and have no place on paper."""
    light, dark = (
        look(address(kind, code), color_scheme=scheme).page.evaluate(BACKGROUND) for scheme in ("light", "dark")
    )
    seen = look(address(kind, code), color_scheme="dark")
    button = seen.page.locator("#theme")
    found = []
    for _ in range(3):
        found.append((button.get_attribute("aria-pressed"), seen.page.evaluate(BACKGROUND)))
        button.press("Enter")
    assert found == [("true", dark), ("false", light), ("true", dark)]
    assert seen.violations() == ""
    seen.again()
    assert (button.get_attribute("aria-pressed"), seen.page.evaluate(BACKGROUND)) == ("false", light)
    button.click()
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    assert seen.violations() == ""
    seen.page.emulate_media(media="print")
    assert not button.is_visible()
    assert seen.page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    assert seen.page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 28, 26)"
    assert seen.disturbances() == []


def test_the_theme_needs_neither_scripts_nor_memory(look: Look, address: Addresses) -> None:
    """Without scripts there should be no button; where nothing may be kept it should work, and nobody hear of it."""
    assert not look(address("student"), java_script_enabled=False).page.locator("#theme").is_visible()
    seen = look(address("student"), color_scheme="light")
    refused = "() => { throw new DOMException('no', 'SecurityError'); }"
    seen.page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ get: {refused} }})")
    seen.again()
    seen.page.locator("#theme").click()
    assert seen.page.locator("#theme").get_attribute("aria-pressed") == "true"
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert seen.disturbances() == []


@pytest.mark.parametrize("kind", ["student", "class"])
def test_nothing_is_folded_on_paper(look: Look, address: Addresses, kind: str) -> None:
    """A printed page cannot be opened: what is folded on the screen should be printed, in light colours."""
    seen = look(address(kind), color_scheme="light")
    # What has no place on paper at all, a link into the table for example, is not folded but left out.
    hidden = """[...document.querySelectorAll("details > :not(summary)")].filter(
        one => getComputedStyle(one).display !== "none" && !one.checkVisibility()).length"""
    assert seen.page.evaluate(hidden) > 0
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate(hidden) == 0
    assert seen.page.pdf().startswith(b"%PDF")
