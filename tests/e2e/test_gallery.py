"""Galleries as people use them: scrolled deep, selected from, changed in bulk, found again; by mouse, keys, fingers."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.pictures import MOST_TILES, bar, cells, fill, focused, library, picked, scroll_deep, toast
from tests.e2e.studio import Studio
from tests.e2e.walk import ask, faces, leave, shows, sign_up


def test_a_deep_list_stays_small_and_a_range_reaches_over_what_is_not_loaded(page: Page, studio: Studio):
    library(page, studio, 10_000)
    cells(page).first.hover()
    first = cells(page).first.get_attribute("data-cell")
    cells(page).first.locator("[data-pick]").click()
    expect(bar(page)).to_contain_text("1 selected")

    assert scroll_deep(page, 30) <= MOST_TILES
    assert page.locator("[data-list] > ul[data-empty]").count() > 20  # they have left the page
    last = (
        page.locator("[data-list] > ul:not([data-empty])").last.locator("[data-cell]").last.element_handle()
    )
    # One and the same cell: "the last" is another one as soon as the next rows have come.
    place = int(last.query_selector("a").get_attribute("data-place") or 0)
    assert place >= 1_700
    last.query_selector("[data-pick]").click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text(f"{place:,} selected")

    # What was picked stays picked where it is not seen, in another width, and while the viewer is open.
    page.set_viewport_size({"width": 900, "height": 800})
    page.evaluate("document.querySelector('main').scrollTop = 0")
    expect(page.locator(f'[data-cell="{first}"][data-picked]')).to_be_visible()
    cells(page).nth(1).locator("a").click()
    expect(page.locator("dialog.viewer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer")).to_be_hidden()
    expect(bar(page)).to_contain_text(f"{place:,} selected")
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()
    expect(picked(page)).to_have_count(0)


def test_everything_is_moved_and_moved_back(page: Page, studio: Studio):
    library(page, studio, 2_500)
    expect(page.locator("#count")).to_have_text("1,000+ pictures")
    page.keyboard.press("Control+a")
    expect(bar(page)).to_contain_text("2,500 selected")
    cells(page).nth(1).locator("[data-pick]").click()
    expect(bar(page)).to_contain_text("2,499 selected")

    bar(page).get_by_role("button", name="Move", exact=True).click()
    dialog = page.get_by_role("dialog", name="Move to a board")
    dialog.get_by_label("Or a new board").fill("Archive of mugs")
    dialog.get_by_role("button", name="Move", exact=True).click()
    done = toast(page, "2,499 pictures moved to Archive of mugs.")
    expect(done).to_be_visible(timeout=60_000)
    expect(dialog).to_be_hidden()
    expect(bar(page)).to_be_hidden()
    page.keyboard.press("Control+z")
    expect(toast(page, "Undone for 2,499 pictures.")).to_be_visible(timeout=60_000)


def test_all_of_it_by_keyboard_alone(page: Page, studio: Studio):
    library(page, studio, 130)
    ids = cells(page).evaluate_all("cells => cells.map(cell => cell.dataset.cell)")
    columns = int(
        page.locator("[data-list] > ul").first.evaluate(
            "ul => getComputedStyle(ul).getPropertyValue('--columns')"
        )
    )
    assert 60 % columns == 0
    page.keyboard.press("ArrowRight")  # nothing has the focus: the list takes it
    assert focused(page) == ids[0]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page) == ids[1 + columns]
    page.keyboard.press("x")
    expect(bar(page)).to_contain_text("1 selected")
    like = bar(page).get_by_role("link", name="More like this")
    expect(like).to_have_attribute("href", f"/library?like={focused(page)}")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(bar(page)).to_contain_text("3 selected")
    page.keyboard.press("Shift+ArrowLeft")
    expect(bar(page)).to_contain_text("2 selected")
    page.keyboard.press(".")
    expect(toast(page, "2 favourites more.")).to_be_visible()
    expect(page.locator("[data-list] [data-facts~=favourite]")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()

    # The last of all is read to be come to.
    page.keyboard.press("End")
    expect(page.locator("[data-list] > ul")).to_have_count(3)
    page.keyboard.press("Home")
    page.wait_for_function(
        "id => document.activeElement.closest('[data-cell]')?.dataset.cell === id", arg=ids[0]
    )

    # Enter opens, Escape comes back to the same picture.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("dialog.viewer")).to_be_visible()
    page.keyboard.press("Escape")
    assert focused(page) == ids[1]

    # Into the trash: the focus goes to the neighbour, and Undo brings it back.
    page.keyboard.press("Delete")
    expect(toast(page, "1 picture is in the trash for 30 days.")).to_be_visible()
    expect(page.locator(f'[data-cell="{ids[1]}"]')).to_have_count(0)
    expect(page.locator("#count")).to_have_text("129 pictures")
    page.wait_for_function(
        "id => document.activeElement.closest('[data-cell]')?.dataset.cell === id", arg=ids[2]
    )
    page.keyboard.press("Control+z")
    expect(page.locator(f'[data-cell="{ids[1]}"]')).to_be_visible()
    expect(page.locator("#count")).to_have_text("130 pictures")
    assert cells(page).evaluate_all("cells => cells.map(cell => cell.dataset.cell)")[:60] == ids[:60]


def test_the_rubber_band_picks_what_it_touches_and_more_by_scrolling(page: Page, studio: Studio):
    library(page, studio, 200)
    box = cells(page).first.bounding_box()
    other = cells(page).nth(7).bounding_box()
    assert box
    assert other
    page.mouse.move(box["x"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(other["x"] + other["width"] / 2, other["y"] + other["height"] / 2, steps=8)
    expect(page.locator(".band")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".band")).to_have_count(0)
    expect(page.locator("dialog.viewer")).to_be_hidden()  # it was no click
    columns = int(
        page.locator("[data-list] > ul").first.evaluate(
            "ul => getComputedStyle(ul).getPropertyValue('--columns')"
        )
    )
    expect(bar(page)).to_contain_text(f"{2 * (7 % columns + 1)} selected")

    # With Shift it adds; at the lower edge the list comes along.
    page.mouse.move(other["x"] + 5, other["y"] + 5)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(other["x"] + 60, 790, steps=6)
    page.wait_for_function("() => document.querySelector('main').scrollTop > 900")
    page.mouse.up()
    page.keyboard.up("Shift")
    number = int(re.findall(r"\d+", bar(page).locator("[data-count]").inner_text())[0])
    assert number > 2 * (7 % columns + 1) + 3


def test_fingers_press_long_and_then_tap(browser: Browser, studio: Studio):
    context = browser.new_context(
        base_url=studio.address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
        extra_http_headers={"X-Forwarded-For": "9.8.7.6"},
    )  # fmt: skip
    page = context.new_page()
    try:
        library(page, studio, 20)
        first = cells(page).first.locator("a")
        box = first.bounding_box()
        assert box
        touch = context.new_cdp_session(page)
        point = {"x": box["x"] + 60, "y": box["y"] + 60}
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        expect(bar(page)).to_contain_text("1 selected")
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        cells(page).nth(1).locator("a").tap()
        expect(bar(page)).to_contain_text("2 selected")
        expect(page.locator("dialog.viewer")).to_be_hidden()
        cells(page).first.locator("a").tap()
        cells(page).nth(1).locator("a").tap()
        expect(bar(page)).to_be_hidden()
        cells(page).nth(1).locator("a").tap()
        expect(page.locator("dialog.viewer")).to_be_visible()
    finally:
        context.close()


def test_the_trash_gives_back_and_lets_go(page: Page, studio: Studio):
    library(page, studio, 5)
    for place in range(3):
        cells(page).nth(place).locator("[data-pick]").click()
    page.keyboard.press("Delete")
    expect(toast(page, "3 pictures are in the trash for 30 days.")).to_be_visible()
    expect(cells(page)).to_have_count(2)
    page.get_by_role("link", name="Trash").click()
    expect(cells(page)).to_have_count(3)
    expect(cells(page).first).to_contain_text("30 days left")
    cells(page).first.locator("[data-pick]").click()
    bar(page).get_by_role("button", name="Restore").click()
    expect(toast(page, "1 picture restored.")).to_be_visible()
    expect(cells(page)).to_have_count(2)
    page.get_by_role("button", name="Select all").click()
    bar(page).get_by_role("button", name="Delete now").click()
    expect(toast(page, "2 pictures deleted for good.")).to_be_visible()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    page.goto("/library")
    expect(cells(page)).to_have_count(3)


def test_a_few_originals_come_at_once(page: Page, studio: Studio):
    library(page, studio, 3)
    for number in (0, 1):
        cells(page).nth(number).locator("[data-pick]").check(force=True)
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog")
    with page.expect_download(timeout=60_000) as waiting:
        dialog.get_by_role("button", name=re.compile("Download|Export")).click()
    with zipfile.ZipFile(waiting.value.path()) as packed:
        assert packed.testzip() is None
        assert len(packed.namelist()) == 2


def test_a_zip_holds_what_was_picked_under_the_names_that_were_shown(page: Page, studio: Studio):
    library(page, studio, 4)
    page.keyboard.press("Control+a")
    bar(page).get_by_role("button", name="Download").click()
    dialog = page.get_by_role("dialog", name="Download")
    dialog.get_by_label("Form").select_option("webp")
    dialog.get_by_label("Longer side, px").fill("200")
    dialog.get_by_role("textbox", name="File name").fill("mug-{n}")
    names = dialog.get_by_role("list", name="The first file names")
    expect(names).to_contain_text("mug-3.webp")
    with page.expect_download(timeout=90_000) as waiting:
        dialog.get_by_role("button", name="Download").click()
    content = Path(waiting.value.path()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        assert sorted(packed.namelist()) == [f"mug-{n}.webp" for n in range(1, 5)]
        assert packed.read("mug-1.webp")[8:12] == b"WEBP"
    expect(page.locator("studio-toast").get_by_role("link", name="Download")).to_be_visible()


def test_what_is_looked_for_is_the_address_and_can_be_kept(page: Page, studio: Studio):
    email = library(page, studio, 30)
    fill(studio, email, 7, name="teapot-{n}.png", prompt="a blue teapot in the snow")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search pictures")).to_be_focused()
    page.keyboard.type("teapot -nothing")
    expect(page.locator("#count")).to_have_text("7 pictures")
    assert page.url.endswith("/library?q=teapot+-nothing")
    page.locator(".filters > summary").click()
    page.locator(".filters-panel").get_by_label("Favourites").check()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#results .filter-chip", has_text="Favourites").click()
    page.wait_for_url("**/library?q=teapot+-nothing")
    expect(page.locator("#count")).to_have_text("7 pictures")

    page.locator("[data-save-view] summary").click()
    page.get_by_label("Name of the view").fill("Teapots")
    page.get_by_role("button", name="Save", exact=True).click()
    views = page.get_by_role("navigation", name="Saved views")
    expect(views.get_by_role("link", name="Teapots")).to_have_attribute("aria-current", "page")
    page.goto("/library")
    views.get_by_role("link", name="Teapots").click()
    expect(page.get_by_role("searchbox", name="Search pictures")).to_have_value("teapot -nothing")
    page.get_by_label("Change Teapots").click()
    page.get_by_role("button", name="Delete").click()
    expect(views.get_by_role("link", name="Teapots")).to_have_count(0)
    toast(page, "Teapots is deleted.").get_by_role("button", name="Undo").click()
    expect(views.get_by_role("link", name="Teapots")).to_be_visible()
    page.go_back()
    expect(page.locator("#count")).to_have_text("37 pictures")


def test_new_pictures_are_told_of_and_nothing_jumps(page: Page, studio: Studio):
    email = library(page, studio, 300)
    scroll_deep(page, 3)
    page.evaluate("document.querySelector('main').scrollTop = 900")
    expect(page.locator("[data-list] > ul").first).not_to_have_attribute("data-empty", "")
    before = cells(page).first.evaluate("cell => [cell.dataset.cell, cell.getBoundingClientRect().top]")
    fill(studio, email, 3)
    notify(studio, email)
    pill = page.locator("[data-news] button")
    expect(pill).to_contain_text("3 new pictures")
    assert (
        cells(page).first.evaluate("cell => [cell.dataset.cell, cell.getBoundingClientRect().top]") == before
    )
    pill.click()
    expect(page.locator("[data-news]")).to_be_hidden()
    page.wait_for_function("() => document.querySelector('main').scrollTop === 0")
    expect(cells(page).nth(3)).to_have_attribute("data-cell", before[0])


def notify(studio: Studio, email: str) -> None:
    """What the database says when pictures come."""
    with psycopg.connect(studio.database_url, autocommit=True) as connection:
        connection.execute(
            "select app.notify(m.organization_id, 'gallery', app.uuid7()) from organizations_membership m"
            " join accounts_user u on u.id = m.user_id where u.email = %s",
            [email],
        )


def test_who_comes_back_stands_where_they_were(page: Page, studio: Studio):
    library(page, studio, 600)
    scroll_deep(page, 5)
    page.evaluate("document.querySelector('main').scrollTop = 4000")
    tiles = "[...document.querySelectorAll('[data-cell]')]"
    shown = f"() => {tiles}.find(c => c.getBoundingClientRect().top > 100)?.dataset.cell"
    # What is in the window is drawn, not only what is below it.
    page.wait_for_function("() => document.elementFromPoint(innerWidth / 2, 400)?.closest('[data-cell]')")
    before = page.evaluate(shown)
    page.get_by_role("link", name="Boards").first.click()
    page.wait_for_url("**/")
    page.go_back()
    page.wait_for_function(f"id => ({shown})() === id", arg=before)
    assert page.evaluate("document.querySelector('main').scrollTop") == 4000


def test_orders_for_many_say_their_price_and_can_be_taken_back(page: Page, studio: Studio, watch):
    watch.allowed.append("402")
    email = library(page, studio, 3)
    page.keyboard.press("Control+a")
    button = bar(page).get_by_role("button", name="Enlarge")
    expect(button).to_contain_text("6 credits")
    expect(bar(page).get_by_role("button", name="Vary")).to_be_hidden()
    button.click()
    told = toast(page, "3 pictures are under way · 6 credits")
    expect(told).to_be_visible()
    told.get_by_role("button", name="Undo").click()
    expect(toast(page, re.compile("cancelled before|had begun"))).to_be_visible()

    leave(studio, email, left=2)
    page.reload()
    page.keyboard.press("Control+a")
    bar(page).get_by_role("button", name="Remove background").click()
    expect(page.get_by_role("dialog", name="Not enough credits")).to_contain_text("Nothing was sent")
    shows(page, 2)


def test_a_board_has_a_gallery_with_what_is_pinned_first(page: Page):
    sign_up(page)
    ask(page, "a jar on moss", model="mock-scene", variants=2)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "a jar on moss", "done")).to_have_count(2, timeout=120_000)
    page.get_by_role("link", name="Gallery").click()
    expect(cells(page)).to_have_count(2)
    last = cells(page).last
    last.hover()
    last.locator("[data-pick]").click()
    bar(page).get_by_role("button", name="Vary").wait_for()
    bar(page).get_by_role("button", name="Pin to the top of its board").click()
    expect(toast(page, "1 picture pinned.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("region", name="Pinned").locator("[data-cell]")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_in_the_way_of_anybody(browser: Browser, studio: Studio, width):
    context = browser.new_context(
        base_url=studio.address, viewport={"width": width, "height": 844},
        extra_http_headers={"X-Forwarded-For": f"9.8.{width % 250}.1"},
    )  # fmt: skip
    page = context.new_page()
    try:
        library(page, studio, 70)
        clean(page, "library")
        page.locator(".filters > summary").click()
        clean(page, "filters")
        page.keyboard.press("Escape")
        cells(page).first.focus()
        page.keyboard.press("Control+a")
        expect(bar(page)).to_contain_text("70 selected")
        expect(bar(page)).to_contain_text("credits")
        clean(page, "all selected")
        for name in ("Tag", "Download", "Move"):
            bar(page).get_by_role("button", name=name, exact=True).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            clean(page, name)
            page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        for path in ("/library?trash=1", "/library/duplicates", "/library?q=nothing"):
            page.goto(path)
            clean(page, path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        context.close()


def clean(page: Page, what: str) -> None:
    assert in_both_schemes(page, what) == []
