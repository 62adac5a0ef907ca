"""The credits page in a browser: from the chip to the picture that was paid for, and what an owner decides there."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.walk import PICTURES_MS, ask, balance, faces, join, leave, sign_up

pytestmark = pytest.mark.browser


def test_from_the_chip_to_what_was_paid_for(page: Page, studio):
    sign_up(page)
    ask(page, "A mug on oak", model="mock-scene", variants=2)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "A mug on oak", "done")).to_have_count(2, timeout=PICTURES_MS)
    page.locator("#balance button.balance").click()
    page.get_by_role("link", name="History, usage and forecast").click()
    page.wait_for_url("**/settings/credits")
    expect(page.get_by_role("link", name="Credits", exact=True)).to_have_attribute("aria-current", "page")
    lines = page.locator(".history-line")
    expect(lines).to_have_count(3)
    expect(lines.nth(0).locator("img")).to_be_visible()
    expect(lines.nth(2)).to_contain_text("Monthly allowance")
    expect(page.get_by_role("row", name=re.compile("Generate"))).to_contain_text("100 %")
    expect(page.locator(".day-chart svg[role=img]")).to_be_visible()

    # Filters are in the address; the CSV follows them.
    page.get_by_label("Entries").select_option("in")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(lines).to_have_count(1)
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(downloaded.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["kind"] for row in rows] == ["monthly_reset"]
    page.get_by_role("link", name="Without filter").first.click()
    expect(lines).to_have_count(3)

    # A line leads to its picture.
    lines.nth(0).get_by_role("link").click()
    page.wait_for_url("**/boards/*/#*")
    expect(page.locator("dialog.viewer")).to_be_visible()


def test_what_an_owner_decides_and_a_member_meets(page: Page, studio, browser):
    owner = sign_up(page)
    other = browser.new_context(base_url=studio.address)
    theirs = other.new_page()
    member = sign_up(theirs)
    join(studio, owner, member)

    page.keyboard.press("Control+k")
    page.locator("dialog.palette input").fill("credits")
    page.get_by_role("option", name="Settings: Credits").click()
    page.get_by_role("link", name="Caps, notices and top-ups").click()
    page.wait_for_url("**/settings/credits/rules")
    row = page.locator("form.cap-line", has_text="Tom Okafor")
    row.get_by_role("textbox").fill("3")
    row.get_by_role("button", name="Save").click()
    expect(page.locator("form.cap-line", has_text="Tom Okafor")).to_contain_text("of 3 used this month")
    page.get_by_label("Credits", exact=True).fill("100")
    page.locator("form.rule-form").get_by_role("button", name="Save").click()
    expect(page.get_by_label("Credits", exact=True)).to_have_value("100")

    theirs.goto("/")
    ask(theirs, "A mug on oak", model="mock-scene", variants=2)
    dialog = theirs.get_by_role("dialog")
    expect(dialog).to_contain_text("Your monthly cap of 3 credits is reached; an owner can raise it.")
    dialog.get_by_role("link", name="Your credits").click()
    theirs.wait_for_url("**/settings/credits")
    expect(theirs.locator(".credits-figures")).to_contain_text("left of your monthly cap of 3")
    theirs.goto("/settings/credits/rules")
    expect(theirs.get_by_role("heading", level=1)).to_have_text("That did not work")
    other.close()

    leave(studio, owner, left=50)
    page.goto("/")
    expect(balance(page).get_by_role("img", name="Few credits are left.")).to_be_visible()
    page.goto("/settings/credits")
    expect(page.locator(".alert-warning")).to_contain_text("Fewer than the 100 credits are left")


def test_with_something_in_it_everybody_can_read_it(page: Page, studio):
    """No violation that a machine finds, wide and narrow, light and dark; and nothing scrolls sideways."""
    sign_up(page)
    ask(page, "A mug on oak", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "A mug on oak", "done")).to_have_count(1, timeout=PICTURES_MS)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for address in ("/settings/credits", "/settings/credits/rules"):
            page.goto(address)
            assert in_both_schemes(page, f"{address} at {width}") == []
            assert page.evaluate(
                "[...document.querySelectorAll('html, #main')].every(e => e.scrollWidth <= e.clientWidth)"
            )
