"""The composer as a person uses it: with hands, with the keyboard alone, on a phone, and what a machine says of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.studio import Studio
from tests.e2e.walk import PHOTOS, PICTURES_MS, ask, choose, drop, faces, request, sign_up


def send_button(page: Page):
    return page.locator("studio-composer button[type=submit]")


def chips(page: Page, kind: str):
    return page.locator(f".chips .chip[data-kind={kind}]")


def open_menu(page: Page, name: str) -> None:
    menu = page.locator(f"details.{name}")
    if menu.get_attribute("open") is None:
        menu.locator("summary").first.click()


def thumbs(page: Page) -> list[str]:
    return chips(page, "reference").evaluate_all("chips => chips.map(chip => chip.dataset.asset)")


def test_only_what_a_model_takes_is_offered_and_the_price_is_said(page: Page):
    sign_up(page)
    expect(send_button(page)).to_have_text(re.compile(r"Generate 4\W+8 credits"))
    expect(page.locator(".cost-left")).to_have_text("492 left after")
    page.locator("select[name=variants]").select_option("8")
    expect(send_button(page)).to_have_text(re.compile(r"Generate 8\W+16 credits"))
    open_menu(page, "more")
    page.locator("select[name=size]:visible").select_option("2048")
    expect(send_button(page)).to_have_text(re.compile(r"Generate 8\W+32 credits"))
    expect(page.locator(".cost-left")).to_have_text("468 left after")
    page.keyboard.press("Escape")

    open_menu(page, "models")
    cutout = page.locator(".model", has_text="Background remover").first
    expect(cutout).to_contain_text("needs a photo")
    expect(cutout.locator("input")).to_be_disabled()
    expect(cutout).to_contain_text(re.compile(r"\d+ (to \d+ )?s"))
    page.keyboard.press("Escape")
    drop(page, "mug.jpg")
    choose(page, "local-cutout")
    expect(page.locator("details.shape")).to_be_hidden()
    expect(page.locator("select[name=variants]")).to_be_hidden()
    expect(page.locator("#prompt")).to_be_hidden()
    expect(send_button(page)).to_have_text(re.compile(r"Remove background\W+1 credit"))


def test_photos_are_ordered_by_keyboard_and_by_dragging_and_styles_stand_last(page: Page):
    sign_up(page)
    choose(page, "mock-scene")
    drop(page, "mug.jpg")
    drop(page, "jar.png")
    expect(chips(page, "reference")).to_have_count(2)
    first, second = thumbs(page)
    chips(page, "reference").first.locator("[data-move]").focus()
    page.keyboard.press("ArrowRight")
    assert thumbs(page) == [second, first]
    expect(page.locator("#live-region")).to_contain_text("Place 2 of 2")
    boxes = [chip.bounding_box() for chip in chips(page, "reference").all()]
    page.mouse.move(boxes[0]["x"] + 30, boxes[0]["y"] + 50)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + 40, boxes[1]["y"] + 50, steps=6)
    page.mouse.up()
    assert thumbs(page) == [first, second]

    open_menu(page, "more")
    page.locator("[data-style]").set_input_files(PHOTOS / "bottle.jpg")
    expect(chips(page, "style")).to_have_attribute("data-state", "ready", timeout=60_000)
    page.locator("input[name=negative]").fill("flowers")
    page.keyboard.press("Escape")
    ask(page, "in the style of another")
    page.wait_for_url("**/boards/*/**")
    line = request(page, "in the style of another")
    line.locator("summary").first.click()
    expect(line.locator(".references img")).to_have_count(3)
    expect(line.locator("figcaption")).to_have_text("style")
    expect(line.locator("dl").first).to_contain_text("flowers")


def test_a_draft_is_kept_restored_and_discarded_and_gone_when_sent(page: Page):
    sign_up(page)
    drop(page, "mug.jpg")
    choose(page, "mock-scene")
    page.locator("#prompt").fill("half a thought")
    page.locator("select[name=variants]").select_option("2")
    page.reload()
    expect(page.locator("#prompt")).to_have_value("half a thought")
    expect(page.get_by_text("Draft restored")).to_be_visible()
    expect(send_button(page)).to_have_text(re.compile(r"Generate 2\W+4 credits"))
    expect(chips(page, "reference")).to_have_count(1)
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#prompt")).to_have_value("")
    page.reload()
    expect(page.locator("#prompt")).to_have_value("")
    ask(page, "a whole thought", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    page.goto("/")
    expect(page.locator("#prompt")).to_have_value("")


def test_past_prompts_by_keyboard(page: Page):
    sign_up(page)
    ask(page, "the first", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    ask(page, "the second", model="mock-scene", variants=1)
    expect(request(page, "the second")).to_be_visible()
    prompt = page.locator("#prompt")
    prompt.fill("")
    prompt.press("ArrowUp")
    expect(prompt).to_have_value("the second")
    prompt.press("ArrowUp")
    expect(prompt).to_have_value("the first")
    prompt.press("ArrowDown")
    expect(prompt).to_have_value("the second")
    prompt.press("ArrowDown")
    expect(prompt).to_have_value("")
    prompt.fill("a new one")
    prompt.press("ArrowUp")
    expect(prompt).to_have_value("a new one")  # what is being written is not lost to an arrow
    prompt.press("Alt+ArrowUp")
    expect(prompt).to_have_value("the second")
    prompt.press("Alt+ArrowDown")
    expect(prompt).to_have_value("a new one")


def test_snippets_are_kept_inserted_renamed_deleted_and_brought_back(page: Page):
    sign_up(page)
    prompt = page.locator("#prompt")
    prompt.fill("soft window light")
    opener = page.get_by_role("button", name="Snippets")
    opener.click()
    page.locator(".snippet-keep").wait_for()
    expect(page.locator("#snippets")).to_be_visible()
    # Beside its button, not over it.
    below = "([menu, button]) => menu.top >= button.bottom || menu.bottom <= button.top"
    rects = "nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"
    assert page.evaluate(below, page.locator("#snippets, .snippets-open").evaluate_all(rects)[::-1])
    page.get_by_label("Name of the snippet").first.fill("Light")
    page.get_by_role("button", name="Keep the prompt").click()
    expect(page.locator("#toasts")).to_contain_text("Kept as Light.")
    prompt.fill("On oak,")
    opener.click()
    menu = page.locator("#snippets")
    menu.locator("[data-insert]").click()
    expect(prompt).to_have_value("On oak, soft window light")
    expect(prompt).to_be_focused()
    opener.click()
    menu.locator("summary").click()
    menu.locator("li form input[name=name]").fill("Window")
    menu.get_by_role("button", name="Rename").click()
    expect(page.locator("#toasts")).to_contain_text("Renamed to Window.")
    if not menu.is_visible():
        opener.click()
    menu.get_by_role("button", name="Delete Window").click()
    expect(menu.locator("[data-insert]")).to_have_count(0)
    page.locator("#toasts", has_text="Window is deleted.").get_by_role("button", name="Undo").last.click()
    expect(page.locator("#toasts")).to_contain_text("Window is back.")
    expect(menu.locator("[data-insert]")).to_have_count(1)


def test_all_of_it_without_a_mouse(page: Page):
    sign_up(page)
    page.locator("#prompt").press("Escape")
    page.keyboard.press("p")
    expect(page.locator("#prompt")).to_be_focused()
    page.keyboard.type("by hand")
    page.locator("details.models summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".model-now")).to_have_text("Mock scene")
    page.keyboard.press("Escape")
    expect(page.locator("details.models summary")).to_be_focused()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "by hand", "done")).to_have_count(4, timeout=PICTURES_MS)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_bars_the_way(browser: Browser, studio: Studio, width):
    context = browser.new_context(
        base_url=studio.address, viewport={"width": width, "height": 844}, has_touch=width < 500
    )
    page = context.new_page()
    sign_up(page)
    page.locator("#prompt").focus()
    for menu in ("models", "shape", "more"):
        open_menu(page, menu)
        assert in_both_schemes(page, menu) == []
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Snippets").click()
    page.locator(".snippet-keep").wait_for()
    assert in_both_schemes(page, "snippets") == []
    context.close()


def test_on_a_phone_the_composer_is_a_sheet(browser: Browser, studio: Studio):
    context = browser.new_context(
        base_url=studio.address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    sign_up(page)
    ask(page, "from a phone", model="mock-scene", variants=2)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "from a phone", "done")).to_have_count(2, timeout=PICTURES_MS)
    expect(page.locator(".composer-options")).to_be_hidden()
    page.locator("#prompt").tap()
    expect(page.locator(".composer-options")).to_be_visible()
    open_menu(page, "models")
    sheet = page.locator("form.composer").bounding_box()
    assert sheet is not None
    assert sheet["y"] >= 0
    assert sheet["height"] <= 844 * 0.75
    page.locator(".model", has_text="Mock scene").tap()
    expect(send_button(page)).to_be_visible()
    page.locator("#prompt").fill("once more")
    send_button(page).tap()
    tiles = request(page, "once more").locator(".tile")
    expect(tiles.first).to_be_visible()
    expect(faces(page, "once more", "done")).to_have_count(tiles.count(), timeout=PICTURES_MS)
    expect(page.locator(".composer-options")).to_be_hidden()  # the sheet has made way
    tile = faces(page, "once more", "done").first
    expect(tile.locator(".tile-actions").get_by_role("button")).to_have_count(1)
    tile.get_by_role("button", name="More for picture 1").tap()
    page.locator(".menu-popover:popover-open").get_by_role("button", name="Follow up").tap()
    expect(page.get_by_text("About this picture")).to_be_visible()
    context.close()
