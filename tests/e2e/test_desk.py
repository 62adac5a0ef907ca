"""The desk around the work: keys, the palette, the queue, on a wide page and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.walk import PICTURES_MS, ask, choose, faces, request, sign_up

HEAR = """() => {
    window.heard = [];
    document.addEventListener("studio:action", (event) => window.heard.push(event.detail.action));
}"""


def heard(page: Page) -> list[str]:
    """What was asked for since the last look."""
    found: list[str] = page.evaluate("window.heard.splice(0)")
    return found


def test_keys_become_actions_and_keep_quiet_while_one_types(page: Page):
    sign_up(page)
    page.evaluate(HEAR)
    page.locator("#prompt").fill("typing")
    page.keyboard.type("p?x")
    assert heard(page) == []
    page.evaluate("document.activeElement.blur()")
    for key in ("x", "Shift+KeyX", "Control+z", "Delete", "ArrowLeft", "i", "Control+Alt+k"):
        page.keyboard.press(key)
    assert heard(page) == ["toggle", "undo", "trash", "move"]

    # A letter is the one on the key, wherever the key lies; without Latin letters, the one at its place.
    press = """(init) => document.body.dispatchEvent(
        new KeyboardEvent("keydown", {bubbles: true, cancelable: true, ...init}))"""
    page.evaluate(press, {"key": "x", "code": "KeyB"})
    page.evaluate(press, {"key": "ч", "code": "KeyX"})
    page.evaluate(press, {"key": "x", "code": "KeyX", "isComposing": True})
    page.evaluate(press, {"key": "x", "code": "KeyX", "repeat": True})
    assert heard(page) == ["toggle", "toggle"]
    page.evaluate(press, {"key": ".", "ctrlKey": True, "altKey": True, "modifierAltGraph": True})
    assert heard(page) == ["favourite"], "AltGr belongs to the sign that it writes"
    page.evaluate(press, {"key": "/", "code": "Digit7", "shiftKey": True})
    assert heard(page) == ["search"], "and so does Shift, but for letters"


def test_the_sheet_opens_closes_and_gives_the_focus_back(page: Page):
    sign_up(page)
    boards = page.get_by_role("link", name="Boards").first
    boards.focus()
    page.evaluate(HEAR)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Shortcuts")
    expect(sheet).to_be_visible()
    page.keyboard.press("x")
    assert heard(page) == ["shortcuts"], "under an open dialog nothing else happens"
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(boards).to_be_focused()


@pytest.mark.parametrize("way", ["Control+z", "button"])
def test_the_last_message_is_undone_by_key(page: Page, way):
    sign_up(page)
    page.locator("#prompt").fill("A first board")
    choose(page, "mock-scene")
    page.locator("#prompt").press("Control+Enter")
    page.wait_for_url("**/boards/*/**")
    title = page.locator("input[name=title]").first
    title.fill("Another name")
    title.press("Enter")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    if way == "button":
        undo.click()
    else:
        page.locator("body").press(way)
    expect(page.locator("input[name=title]").first).to_have_value("A first board")


def test_the_palette_finds_boards_pictures_pages_and_actions(page: Page):
    sign_up(page)
    ask(page, "Blue bottle on slate", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "Blue bottle", "done")).to_have_count(1, timeout=PICTURES_MS)
    board = page.url
    page.goto("/")
    page.locator("#prompt").focus()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Find")
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    chosen = palette.locator("[role=option][aria-selected=true]")
    expect(palette.get_by_role("group", name="Worked on last").get_by_role("option")).to_have_count(1)
    expect(chosen).to_contain_text("Blue bottle on slate")

    # Pages by part of a word, without the server.
    page.keyboard.type("sess")
    expect(chosen).to_have_text("Settings: Sessions")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")

    field.fill("slate blue")
    expect(palette.get_by_role("group", name="Boards").get_by_role("option")).to_have_count(1)
    expect(palette.get_by_role("group", name="Pictures").get_by_role("option")).to_have_count(1)
    expect(palette.locator("[data-count]")).to_have_text("Results: 2")
    expect(chosen).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_attribute("href", re.compile("/boards/.+#"))
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_attribute("href", re.compile("/boards/[^#]+$"))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("dialog.viewer")).to_be_visible()
    assert page.url.startswith(board)
    page.keyboard.press("Escape")

    page.locator("body").press("/")
    field.fill("these shortcuts")
    expect(chosen).to_contain_text("Show these shortcuts")
    page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()


def test_the_palette_says_when_there_is_nothing_and_goes_by_escape(page: Page):
    sign_up(page)
    find = page.get_by_role("button", name="Find")
    find.click()
    palette = page.get_by_role("dialog", name="Find")
    palette.get_by_role("combobox").fill("no such thing anywhere")
    expect(palette.get_by_text("Nothing here has these words.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(palette).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(find).to_be_focused()


def test_the_palette_waits_for_an_answer_that_is_on_its_way(page: Page):
    sign_up(page)
    ask(page, "Quick fingers", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    board = page.url
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("quick f")
    page.keyboard.press("Enter")
    page.wait_for_url(board)


def test_the_queue_lists_what_is_under_way_and_cancels_it(page: Page):
    sign_up(page)
    ask(page, 'first {"delay_s": 60}', model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    ask(page, 'second {"delay_s": 60}', model="mock-scene", variants=2)
    expect(request(page, "second").locator(".tile")).to_have_count(2)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("q")
    queue = page.locator("#queue")
    expect(queue.get_by_role("listitem")).to_have_count(2)
    queue.get_by_role("button", name=re.compile("Cancel second")).click()
    queue.get_by_role("button", name=re.compile("Cancel first")).click()
    expect(page.locator(".tile[data-face=cancelled]")).to_have_count(3, timeout=PICTURES_MS)
    expect(queue).to_contain_text("Nothing is under way.")
    expect(page.locator("#balance")).to_have_text(re.compile(r"\b500\b"))


def test_from_right_to_left_nothing_scrolls_sideways(page: Page):
    sign_up(page)
    ask(page, "the other way", model="mock-scene", variants=4)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "the other way", "done")).to_have_count(4, timeout=PICTURES_MS)
    for path in (page.url, "/", "/library", "/settings/"):
        page.goto(path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{path} at {width}"
        page.set_viewport_size({"width": 1280, "height": 800})
        rail, main = page.locator(".rail").bounding_box(), page.locator("main").bounding_box()
        assert rail is not None
        assert main is not None
        assert rail["x"] > main["x"], "the rail stands where reading begins"
