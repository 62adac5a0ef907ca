"""The studio by keyboard, on a phone, in light and dark, and for a screen reader."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import SCHEMES
from tests.e2e.studio import Studio
from tests.e2e.walk import PICTURES_MS, ask, choose, faces, sign_up


def test_the_viewer_by_keyboard(page: Page):
    sign_up(page)
    ask(page, "three to look at", model="mock-scene", variants=3)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "three to look at", "done")).to_have_count(3, timeout=PICTURES_MS)
    first = page.locator("a.tile-picture").first
    first.focus()
    page.keyboard.press("Enter")
    viewer = page.locator("dialog.viewer")
    expect(viewer).to_be_visible()
    place = page.locator(".viewer-place")
    before = place.inner_text()
    page.keyboard.press("ArrowRight")
    expect(place).not_to_have_text(before)
    assert page.url.split("#")[1]
    ground = viewer.get_attribute("data-ground")
    page.keyboard.press("b")
    expect(viewer).not_to_have_attribute("data-ground", ground or "")
    page.keyboard.press("i")
    expect(page.locator(".viewer-details")).to_contain_text("Seed")
    zoom = page.locator(".viewer-zoom").inner_text()
    page.keyboard.press("+")
    expect(page.locator(".viewer-zoom")).not_to_have_text(zoom)
    link = page.locator("[data-save]")
    answer = page.request.get(link.get_attribute("href") or "")
    assert answer.ok
    assert "attachment" in answer.headers["content-disposition"]
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('a.tile-picture')"), (
        "the focus comes back to the picture"
    )


def test_a_picture_has_an_address_of_its_own(page: Page):
    sign_up(page)
    ask(page, "one to point at", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "one to point at", "done")).to_have_count(1, timeout=PICTURES_MS)
    page.locator("a.tile-picture").click()
    expect(page.locator("dialog.viewer")).to_be_visible()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("dialog.viewer")).to_be_visible()


def test_the_whole_road_without_a_mouse(page: Page):
    sign_up(page)
    page.keyboard.press("Escape")
    page.locator("body").press("p")
    expect(page.locator("#prompt")).to_be_focused()
    choose(page, "mock-scene")
    page.locator("#prompt").focus()
    page.keyboard.type("by hand alone")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "by hand alone", "done")).to_have_count(4, timeout=PICTURES_MS)


def fits(page: Page, what: str) -> None:
    """Nothing scrolls sideways, and nothing to click is too small for a finger."""
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{what} scrolls sideways by {overflow} px"
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], select, input:not([type=hidden])')]
            .filter(e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}))
            .map(e => [e.getBoundingClientRect(), e])
            .filter(([r, e]) => r.width > 1 && r.height > 1 && (r.width < 24 || r.height < 24)
                && getComputedStyle(e).display !== 'inline'
                && !e.closest('label'))
            .map(([r, e]) => e.outerHTML.slice(0, 120) + ` ${r.width}x${r.height}`)"""
    )
    assert small == [], f"targets under 24 px on {what}"


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_sticks_out_and_controls_can_be_touched(browser: Browser, studio: Studio, width):
    context = browser.new_context(
        base_url=studio.address,
        viewport={"width": width, "height": 780},
        has_touch=width < 700,
    )
    page = context.new_page()
    sign_up(page)
    pages = ["/", "/settings/", "/settings/sessions"]
    ask(page, "narrow or wide", model="mock-scene", variants=4)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "narrow or wide", "done")).to_have_count(4, timeout=PICTURES_MS)
    pages.append(page.url)
    for address in pages:
        page.goto(address)
        page.locator("main, body").first.wait_for()
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            fits(page, f"{address} at {width}, {scheme}")
    context.close()


def test_a_screen_reader_hears_that_pictures_are_ready(page: Page):
    sign_up(page)
    ask(page, "to be heard", model="mock-scene", variants=2)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "to be heard", "done")).to_have_count(2, timeout=PICTURES_MS)
    live = page.locator("[aria-live], [role=status], [role=log]")
    expect(live.filter(has_text=re.compile("ready|done|finished", re.IGNORECASE)).first).to_be_attached()
