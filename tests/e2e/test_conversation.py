"""The thread as a conversation: follow-ups, remix, again, retries, what was sent, and what a machine says of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.studio import Studio
from tests.e2e.walk import PICTURES_MS, ask, available, choose, drop, faces, request, shows, sign_up


def begun(page: Page, prompt: str = "on slate", count: int = 2) -> None:
    """A board with one finished request."""
    sign_up(page)
    ask(page, prompt, model="mock-scene", variants=count)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, prompt, "done")).to_have_count(count, timeout=PICTURES_MS)


def test_a_follow_up_changes_a_picture_and_says_which(page: Page):
    begun(page)
    tile = faces(page, "on slate", "done").nth(1)
    tile.hover()
    asset = tile.locator("a.tile-picture").get_attribute("data-picture")
    tile.get_by_role("button", name="Follow up picture 2").click()
    expect(page.get_by_text("About this picture")).to_be_visible()
    expect(page.locator("#prompt")).to_be_focused()
    expect(page.locator(".model-now")).to_have_text("Edit by words")
    choose(page, "mock-edit")
    ask(page, "warmer, on wood", variants=1)
    line = request(page, "warmer, on wood")
    expect(faces(page, "warmer, on wood", "done")).to_have_count(1, timeout=PICTURES_MS)
    expect(line.locator(".request-about")).to_have_attribute("href", f"#{asset}")
    expect(page.locator(".about")).to_be_hidden()
    expect(page.locator("#prompt")).to_have_value("")
    line.locator("summary").first.click()
    expect(line.locator("dl").first).to_contain_text("Made before with")
    expect(line.locator("dl").first).to_contain_text("on slate")
    expect(line.locator("dl").nth(1)).to_contain_text("1 of 1 picture")
    line.locator(".request-about").click()
    expect(page.locator("dialog.viewer")).to_be_visible()
    page.keyboard.press("Escape")


def test_taking_the_picture_back_gives_back_the_model(page: Page):
    begun(page, count=1)
    choose(page, "mock-scene")
    tile = faces(page, "on slate", "done").first
    tile.hover()
    tile.get_by_role("button", name="Follow up picture 1").click()
    expect(page.locator(".model-now")).to_have_text("Edit by words")
    page.get_by_role("button", name="Not about this picture").click()
    expect(page.locator(".model-now")).to_have_text("Mock scene")
    expect(page.locator(".about")).to_be_hidden()


def test_the_local_engine_edits_its_own_scene(page: Page):
    sign_up(page)
    drop(page, "mug.jpg")
    ask(page, "On white marble, soft light", model="local-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "On white marble", "done")).to_have_count(1, timeout=PICTURES_MS)
    tile = faces(page, "On white marble", "done").first
    tile.hover()
    tile.get_by_role("button", name="Follow up picture 1").click()
    expect(page.locator(".about img")).to_have_attribute("src", re.compile("/"))
    ask(page, "warmer, on wood", variants=1)
    expect(faces(page, "warmer, on wood", "done")).to_have_count(1, timeout=PICTURES_MS)


def test_remix_again_seed_and_copies(page: Page):
    begun(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    line = request(page, "on slate")
    page.locator("#prompt").fill("something else")
    line.get_by_role("button", name="Remix").click()
    expect(page.locator("#prompt")).to_have_value("on slate")
    expect(page.locator("input[name=lock]")).not_to_be_checked()

    more = line.get_by_role("button", name="More for: on slate")
    more.click()
    page.get_by_role("button", name="Use this seed").click()
    expect(page.locator("input[name=lock]")).to_be_checked()
    page.get_by_role("button", name="More for: on slate").first.click()
    page.get_by_role("button", name="Copy the prompt").click()
    assert page.evaluate("navigator.clipboard.readText()") == "on slate"
    more.click()
    page.get_by_role("button", name="Copy as API call").click()
    told = page.evaluate("navigator.clipboard.readText()")
    assert told.startswith(f"curl -X POST '{page.url.split('/boards')[0]}/v1/generations'")
    assert "$PACKSHOT_KEY" in told
    expect(page.locator("#toasts")).to_contain_text("It takes an API key")
    before = available(page)
    more.click()
    page.get_by_role("button", name=re.compile(r"Again\s*4 credits")).click()
    expect(page.locator("section.request")).to_have_count(2)
    expect(page.locator('.tile[data-face="done"]')).to_have_count(4, timeout=PICTURES_MS)
    expect(page.locator("#balance button.balance")).to_contain_text(str(before - 4))


def test_a_picture_is_worked_on_by_its_menu_with_the_keyboard(page: Page):
    begun(page, count=1)
    tile = faces(page, "on slate", "done").first
    more = tile.get_by_role("button", name="More for picture 1")
    more.focus()
    page.keyboard.press("Enter")
    menu = page.locator(".menu-popover:popover-open")
    expect(menu.get_by_role("button", name=re.compile(r"Remove background\s*1 credit"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Follow up")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Use as style")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    menu.get_by_role("button", name=re.compile("One more like this")).click()
    expect(page.locator("section.request")).to_have_count(2)
    tile.hover()
    more.click()
    menu.get_by_role("button", name="Use as reference").click()
    expect(page.locator(".chips .chip[data-kind=reference]")).to_have_count(1)


def test_what_failed_is_said_by_reason_and_tried_again_together(page: Page):
    sign_up(page)
    script = '{"fail": "provider_unavailable", "only": [1, 3], "message": "The mock is out of film."}'
    ask(page, f"two of four {script}", model="mock-scene", variants=4)
    page.wait_for_url("**/boards/*/**")
    line = request(page, "two of four")
    summary = line.locator(".request-summary")
    expect(summary).to_contain_text(
        "2 and 4 failed: The mock is out of film. 4 credits came back.", timeout=PICTURES_MS
    )
    shows(page, 496)
    before = [tile.get_attribute("hx-post") for tile in line.locator("[hx-post*=retry]").all()]
    summary.get_by_role("button", name=re.compile(r"Try failed again \(2\)\W+4 credits")).click()
    expect(line.locator(f'[hx-post="{before[0]}"]')).to_have_count(0, timeout=PICTURES_MS)
    expect(summary).to_contain_text("2 and 4 failed", timeout=PICTURES_MS)
    shows(page, 496)


def test_what_is_picked_up_by_an_address_is_in_the_form(page: Page):
    begun(page, count=1)
    here = page.url.split("#")[0]
    asset = page.locator("a.tile-picture").get_attribute("data-picture")
    page.goto("about:blank")
    page.goto(here + '#reuse={"prompt":"from elsewhere","variants":3,"negative":"flowers"}')
    expect(page.locator("#prompt")).to_have_value("from elsewhere")
    expect(page.locator("select[name=variants]")).to_have_value("3")
    assert "#reuse" not in page.url
    page.goto("about:blank")
    page.goto(here + f'#refer={{"asset":"{asset}","as":"follow"}}')
    expect(page.get_by_text("About this picture")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_bars_the_way(browser: Browser, studio: Studio, width):
    context = browser.new_context(base_url=studio.address, viewport={"width": width, "height": 844})
    page = context.new_page()
    begun(page, 'half of it {"fail": "provider_unavailable", "only": [1]}', count=1)
    ask(page, 'fails {"fail": "provider_unavailable"}', model="mock-scene", variants=2)
    expect(faces(page, "fails", "failed")).to_have_count(2, timeout=PICTURES_MS)
    page.locator("section.request summary").first.click()
    tile = faces(page, "half of it", "done").first
    tile.hover()
    tile.get_by_role("button", name="More for picture 1").click()
    page.locator(".menu-popover:popover-open .menu-item").first.wait_for()
    assert in_both_schemes(page, "the menu of a picture") == []
    page.locator(".menu-popover:popover-open").get_by_role("button", name="Follow up").click()
    expect(page.get_by_text("About this picture")).to_be_visible()
    assert in_both_schemes(page, "about a picture") == []
    context.close()
