"""The viewer: comparing, walking and looking closely."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.walk import PICTURES_MS, ask, drop, faces, sign_up


@pytest.fixture
def board(page: Page) -> Page:
    """A board with a request of four pictures."""
    sign_up(page)
    drop(page, "bottle.jpg")
    ask(page, "on marble", model="mock-scene", variants=4)
    expect(faces(page, "on marble", "done")).to_have_count(4, timeout=PICTURES_MS)
    return page


def opened(page: Page, number: int = 0) -> Locator:
    page.locator("a[data-picture]").nth(number).click()
    viewer = page.locator("dialog.viewer")
    expect(viewer).to_be_visible()
    return viewer


def pictured(pane: Locator) -> str:
    """Which picture a pane shows."""
    return pane.locator("img").get_attribute("alt") or ""


def test_two_pictures_are_compared_in_three_ways(board: Page):
    viewer = opened(board, 1)
    first = pictured(viewer.locator(".pane-current"))
    board.keyboard.press("c")
    expect(viewer).to_have_attribute("data-compare", "slider")
    other = pictured(viewer.locator(".pane-other"))
    assert other != first

    slider = viewer.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuenow", "50")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "55")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    box = viewer.locator(".pane-current").bounding_box()
    assert box is not None
    handle = slider.bounding_box()
    assert handle is not None
    board.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    board.mouse.down()
    board.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 40, steps=4)
    board.mouse.up()
    expect(slider).to_have_attribute("aria-valuenow", "70")

    board.keyboard.press("m")
    expect(viewer).to_have_attribute("data-compare", "side")
    left, right = (viewer.locator(f".pane-{name}").bounding_box() for name in ("current", "other"))
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]

    board.keyboard.press("m")
    expect(viewer).to_have_attribute("data-compare", "flicker")
    expect(viewer).to_have_attribute("data-turned", "")  # by itself
    expect(viewer).not_to_have_attribute("data-turned", "")

    board.keyboard.press("x")
    expect(viewer.locator(".pane-current img")).to_have_attribute("alt", other)
    assert pictured(viewer.locator(".pane-other")) == first

    board.keyboard.press("c")
    expect(viewer).not_to_have_attribute("data-compare", "flicker")
    board.keyboard.press("Space")
    expect(viewer).to_be_hidden()
    expect(board.locator("a[data-picture]:focus")).to_have_count(1)


def test_any_other_can_be_chosen_to_compare_with(board: Page):
    viewer = opened(board, 0)
    board.keyboard.press("c")
    strip = viewer.locator(".compare-strip button")
    expect(strip).to_have_count(3)
    wanted = strip.last.locator("img").get_attribute("alt")
    strip.last.click()
    expect(viewer.locator(".pane-other img")).to_have_attribute("alt", wanted or "")
    expect(strip.last).to_have_attribute("aria-pressed", "true")
    board.keyboard.press("Alt+ArrowLeft")
    expect(viewer.locator(".pane-other img")).not_to_have_attribute("alt", wanted or "")


def test_both_are_zoomed_and_moved_alike(board: Page):
    viewer = opened(board, 0)
    board.keyboard.press("c")
    board.keyboard.press("m")
    for _ in range(12):
        board.keyboard.press("+")
    transforms = [viewer.locator(f".pane-{name} img").get_attribute("style") for name in ("current", "other")]
    assert transforms[0] == transforms[1]
    assert "scale(" in (transforms[0] or "")


def test_without_motion_the_pictures_turn_by_hand(board: Page):
    board.emulate_media(reduced_motion="reduce")
    viewer = opened(board, 0)
    board.keyboard.press("c")
    board.keyboard.press("m")
    board.keyboard.press("m")
    expect(viewer).to_have_attribute("data-compare", "flicker")
    turn = viewer.get_by_role("button", name="Turn", exact=True)
    turn.click()
    expect(viewer).to_have_attribute("data-turned", "")
    turn.click()
    expect(viewer).not_to_have_attribute("data-turned", "")


def test_a_picture_of_another_page_opens_by_its_address(board: Page):
    address = board.locator("a[data-picture]").first.get_attribute("data-picture")
    board.evaluate("document.querySelector('.request').remove()")
    board.evaluate(f"location.hash = '#{address}'")
    expect(board.locator("dialog.viewer")).to_be_visible()
    expect(board.locator(".pane-current img")).to_be_visible()
