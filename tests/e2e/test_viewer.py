"""The viewer: comparing, walking and looking closely."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.pictures import library
from tests.e2e.studio import Studio
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
    expect(viewer).to_have_attribute("data-compare", "slider")
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
    expect(viewer).to_have_attribute("data-compare", "slider")
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


def test_the_panel_reviews_and_walks_to_where_a_picture_comes_from(board: Page):
    viewer = opened(board, 1)
    board.keyboard.press("i")
    panel = viewer.locator(".viewer-details")
    expect(panel).to_contain_text("Lineage")
    board.keyboard.press("y")
    expect(panel.locator(".panel-review")).to_contain_text("Approved")
    expect(panel.get_by_role("button", name="Approve")).to_have_attribute("aria-pressed", "true")
    board.keyboard.press("y")
    expect(panel.locator(".panel-review")).to_have_count(0)
    board.keyboard.press("o")
    expect(viewer.locator(".pane-current img")).to_have_attribute("alt", "bottle.jpg")
    expect(panel.locator("h2")).to_have_text("bottle.jpg")
    made = panel.locator(".lineage a[data-picture]:not([aria-current])")
    expect(made).to_have_count(4)
    made.first.click()
    expect(panel.locator("h2")).not_to_have_text("bottle.jpg")


def test_words_of_a_picture_are_kept_and_taken_back(board: Page):
    viewer = opened(board, 1)
    board.keyboard.press("i")
    title = viewer.get_by_label("Title")
    title.fill("Amber on marble")
    title.press("Tab")
    expect(viewer.locator("h2")).to_have_text("Amber on marble")
    viewer.get_by_label("Tags, with commas between").fill("Spring, hero")
    viewer.get_by_label("Tags, with commas between").press("Tab")
    expect(board.locator("#toasts")).to_contain_text("The words are kept.")
    board.goto("/library?q=amber+hero")
    expect(board.locator("[data-cell]")).to_have_count(1)


def test_details_leave_the_composer_alone_until_they_are_asked(board: Page):
    board.locator("#prompt").fill("half a thought")
    viewer = opened(board, 1)
    board.keyboard.press("i")
    expect(viewer.locator(".viewer-details")).to_contain_text("Use again")
    board.keyboard.press("Escape")
    expect(board.locator("#prompt")).to_have_value("half a thought")
    opened(board, 1)
    board.keyboard.press("p")
    expect(viewer).to_be_hidden()
    expect(board.locator("#prompt")).to_have_value("on marble")


def test_a_clip_plays_in_a_player(board: Page):
    ask(board, "turning", model="mock-clip")
    expect(faces(board, "turning", "done")).to_have_count(1, timeout=PICTURES_MS)
    board.locator("a[data-picture]").last.click()
    video = board.locator("dialog.viewer video")
    expect(video).to_be_visible()
    assert video.get_attribute("controls") is not None
    board.wait_for_function("() => document.querySelector('dialog.viewer video').readyState >= 2")
    board.evaluate(
        "() => { const v = document.querySelector('dialog.viewer video'); v.muted = true; return v.play(); }"
    )
    board.wait_for_function("() => document.querySelector('dialog.viewer video').currentTime > 0")
    board.keyboard.press("Escape")
    expect(video).to_have_count(0)


def test_the_viewer_walks_past_what_the_page_shows_of_a_long_list(page: Page, studio: Studio):
    library(page, studio, 130)
    page.locator("[data-cell] a[data-picture]").nth(59).click()
    place = page.locator(".viewer-place")
    expect(place).to_contain_text("60 of 130")
    for number in (61, 62):
        page.keyboard.press("ArrowRight")
        expect(place).to_contain_text(f"{number} of 130")
