"""The main road in a real browser: sign up, drop a photo, write a prompt, four pictures, exact credits."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.walk import (
    PHOTOS,
    PICTURES_MS,
    ask,
    available,
    balance,
    drop,
    faces,
    leave,
    request,
    shows,
    sign_up,
    sign_up_by_page,
)


def test_from_sign_up_to_four_pictures(page: Page):
    sign_up_by_page(page)
    drop(page, "mug.jpg")
    expect(page.get_by_role("button", name=re.compile(r"Generate 4\W+8 credits"))).to_be_enabled()
    ask(page, "On a rough oak table, warm evening light")

    page.wait_for_url("**/boards/*/**")
    tiles = request(page, "On a rough oak table").locator(".tile")
    expect(tiles).to_have_count(4)
    size = tiles.first.bounding_box()
    expect(faces(page, "On a rough oak table", "done")).to_have_count(4, timeout=PICTURES_MS)
    assert tiles.first.bounding_box() == size, "a tile has its final size from the start"

    # Four different pictures, really decoded, charged by exactly the quote, nothing left held.
    sources = page.locator("a.tile-picture").evaluate_all("links => links.map(link => link.dataset.full)")
    bodies = {page.request.get(source).body() for source in sources}
    assert len(bodies) == 4
    widths = page.locator("a.tile-picture img.picture").evaluate_all(
        "async images => Promise.all(images.map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert min(widths) >= 256
    expect(balance(page)).to_have_text(re.compile(r"\b492\b"))
    expect(balance(page)).not_to_have_text(re.compile("held"))

    # And it is still so for who comes back.
    page.reload()
    expect(faces(page, "On a rough oak table", "done")).to_have_count(4)
    shows(page, 492)
    page.get_by_role("link", name="Boards").first.click()
    expect(page.get_by_role("link", name=re.compile("On a rough oak table"))).to_be_visible()


def test_the_held_credits_are_shown_while_work_is_under_way_and_come_back_on_cancel(page: Page):
    sign_up(page)
    ask(page, 'a slow one {"delay_s": 60}', model="mock-scene", variants=4)
    page.wait_for_url("**/boards/*/**")
    expect(balance(page)).to_have_text(re.compile("held"))
    held = available(page)
    assert held < 500
    request(page, "a slow one").get_by_role("button", name="Cancel all").click()
    expect(faces(page, "a slow one", "cancelled")).to_have_count(4, timeout=60_000)
    expect(balance(page)).to_have_text(re.compile(r"\b500\b"))
    expect(balance(page)).not_to_have_text(re.compile("held"))


def test_a_partial_batch_says_which_failed_and_what_came_back_and_is_tried_again_in_place(page: Page):
    sign_up(page)
    script = '{"fail": "provider_unavailable", "only": [2], "message": "The mock is out of film."}'
    ask(page, f"one of four {script}", model="mock-scene", variants=4)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "one of four", "done")).to_have_count(3, timeout=PICTURES_MS)
    failed = faces(page, "one of four", "failed")
    expect(failed).to_contain_text("The mock is out of film.")
    expect(failed).to_contain_text("2 credits came back")
    shows(page, 494)
    again = failed.get_by_role("button", name=re.compile("Try again"))
    first_attempt = again.get_attribute("hx-post")
    again.click()
    # The new attempt stands in the old one's place, is paid for anew, and fails as the mock was told to.
    expect(again).not_to_have_attribute("hx-post", first_attempt or "", timeout=PICTURES_MS)
    expect(failed).to_contain_text("The mock is out of film.", timeout=PICTURES_MS)
    expect(request(page, "one of four").locator(".tile")).to_have_count(4)
    expect(balance(page)).to_have_text(re.compile(r"\b494\b"))
    expect(balance(page)).not_to_have_text(re.compile("held"))


def test_too_few_credits_open_a_dialog_that_offers_what_is_affordable(page: Page, watch, studio):
    watch.allowed.append("402")
    email = sign_up(page)
    leave(studio, email, left=5)
    page.reload()
    ask(page, "more than there is", model="mock-scene", variants=4)
    dialog = page.get_by_role("dialog", name="Not enough credits")
    expect(dialog).to_contain_text("Nothing was sent and nothing was charged.")
    expect(dialog).to_contain_text("8 credits")
    expect(dialog).to_contain_text("5 credits")
    dialog.get_by_role("button", name="Make 2 instead").click()
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "more than there is", "done")).to_have_count(2, timeout=PICTURES_MS)
    expect(balance(page)).to_have_text(re.compile(r"\b1\b"))


@pytest.mark.parametrize("name", ["bottle.jpg", "jar.png", "sneaker.webp", "plush.avif"])
def test_every_kind_of_photo_is_taken(page: Page, name):
    sign_up(page)
    drop(page, name)


def test_what_is_no_picture_is_refused_in_words_and_costs_nothing(page: Page, watch, tmp_path):
    watch.allowed += ["415", "413", "422"]
    lie = tmp_path / "lie.jpg"
    lie.write_text("these are words")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((PHOTOS / "mug.jpg").read_bytes()[:4000])
    sign_up(page)
    for path in (lie, broken):
        page.locator("input[type=file]").first.set_input_files(path)
        expect(page.locator(".chips .chip").last).to_have_attribute(
            "data-state", re.compile("rejected|failed")
        )
        expect(page.locator(".chips .chip .chip-state").last).not_to_be_empty()
        page.locator(".chips .chip [data-remove]").last.click()
    shows(page, 500)
