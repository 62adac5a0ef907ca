"""The desk around the work: keys, the palette, the queue, on a wide page and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.walk import sign_up

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
    page.evaluate(press, {"key": "/", "code": "Digit7", "shiftKey": True})
    assert heard(page) == ["toggle", "toggle", "search"]
    page.evaluate(press, {"key": ".", "ctrlKey": True, "altKey": True, "modifierAltGraph": True})
    assert heard(page) == ["favourite"], "AltGr belongs to the sign that it writes"


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
    page.locator("select[name=model]").select_option("mock-scene")
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
