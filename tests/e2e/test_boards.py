"""Boards in a browser: opened, named, found, shared, archived, deleted and taken back; live on every open page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.studio import Studio
from tests.e2e.walk import PICTURES_MS, ask, faces, join, sign_up

HOME = re.compile(r":\d+/$")


@pytest.fixture
def colleague(browser: Browser, studio: Studio) -> Iterator[Page]:
    """Another person's browser, signed up; `join` brings them into an organization."""
    context = browser.new_context(
        base_url=studio.address, extra_http_headers={"X-Forwarded-For": "198.51.100.23"}
    )
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def new_board(page: Page, title: str) -> str:
    """Open an empty board and name it; gives its address."""
    page.goto("/")
    page.get_by_role("button", name="New board").click()
    page.wait_for_url("**/boards/*/**")
    expect(page.get_by_label("Title of the board")).to_be_focused()
    page.keyboard.type(title)
    page.keyboard.press("Enter")
    expect(toasts(page)).to_contain_text(f"Renamed to {title}.")
    return page.url


def toasts(page: Page) -> Locator:
    return page.locator("#toasts")


def act(page: Page, what: str) -> None:
    """Choose something from the board's menu."""
    page.get_by_role("button", name=re.compile("Actions for")).click()
    page.locator(".menu-list:popover-open").get_by_text(what, exact=True).click()


def card(page: Page, title: str) -> Locator:
    return page.locator(".board-card", has=page.locator(".name", has_text=title))


def test_a_board_is_opened_named_described_archived_deleted_and_taken_back(page: Page, watch):
    # The page of a board that is being deleted may hear of it, and ask for its header, before it is led away.
    watch.allowed.append("404")
    sign_up(page)
    address = new_board(page, "Autumn mugs")
    act(page, "Name and description")
    page.get_by_role("textbox", name="Description").fill("Warm light, wood.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".board-about")).to_have_text("Warm light, wood.")

    act(page, "Archive")
    expect(page.locator(".board-notice")).to_contain_text("archived")
    expect(page.locator("#prompt")).to_have_count(0)
    toasts(page).get_by_role("button", name="Undo").last.click()
    expect(page.locator(".board-notice")).to_have_count(0)
    expect(page.locator("#prompt")).to_be_visible()

    act(page, "Delete")
    page.wait_for_url(HOME)
    expect(toasts(page)).to_contain_text("Autumn mugs is in the trash for 30 days.")
    expect(card(page, "Autumn mugs")).to_have_count(0)
    toasts(page).get_by_role("button", name="Undo").click()
    expect(card(page, "Autumn mugs")).to_be_visible()
    page.goto(address)
    expect(page.locator(".board-about")).to_have_text("Warm light, wood.")


def test_cards_are_acted_on_by_keyboard_and_the_trash_gives_back(page: Page):
    sign_up(page)
    for title in ("First", "Second"):
        new_board(page, title)
    page.goto("/")
    menu = card(page, "Second").get_by_role("button", name="Actions for Second")
    menu.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".menu-list:popover-open a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".menu-list:popover-open button").last).to_have_text("Delete")
    page.keyboard.press("Enter")
    expect(card(page, "Second")).to_have_count(0)
    expect(card(page, "First").locator("a.board-link")).to_be_focused()

    page.get_by_role("link", name="Trash", exact=True).last.click()
    expect(card(page, "Second")).to_contain_text("30 days left")
    page.get_by_role("button", name="Restore Second").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    page.get_by_role("link", name="Active").click()
    expect(page.locator(".board-card .name")).to_have_text(["Second", "First"])

    menu.click()
    page.locator(".menu-list:popover-open").get_by_text("Name and description").click()
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_many_boards_are_found_sorted_and_unfolded(page: Page, studio: Studio):
    email = sign_up(page)
    with psycopg.connect(studio.database_url, autocommit=True) as connection:
        connection.execute(
            "insert into boards_board (organization_id, id, slug, title, created_by, updated_at)"
            " select m.organization_id, app.uuid7(), public.boards_slug_v1(), 'Board ' || to_char(n, 'FM0000'), u.id,"
            " now() - n * interval '1 minute' from generate_series(1, 150) n, organizations_membership m"
            " join accounts_user u on u.id = m.user_id where u.email = %s",
            [email],
        )
    page.goto("/")
    cards = page.locator(".board-card")
    expect(cards).to_have_count(60)
    more = page.locator("#boards-more a[data-htmx-powered]")  # not before a press of it is heard
    more.click()
    expect(cards).to_have_count(120)
    more.click()
    expect(cards).to_have_count(150)
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)
    assert len(set(cards.locator(".name").all_inner_texts())) == 150

    page.get_by_role("searchbox", name="Find a board").fill("0007")
    expect(cards).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=0007$"))
    page.reload()
    expect(cards).to_have_count(1)
    expect(page.get_by_role("searchbox", name="Find a board")).to_have_value("0007")
    page.get_by_role("searchbox", name="Find a board").fill("nothing like it")
    expect(page.get_by_text("No board has “nothing like it”")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    page.get_by_label("Order").select_option("name")
    expect(page).to_have_url(re.compile(r"\?sort=name$"))
    expect(cards.first.locator(".name")).to_have_text("Board 0001")


def test_the_cover_is_chosen_and_the_activity_tells_it(page: Page):
    sign_up(page)
    ask(page, "three mugs", model="mock-scene", variants=3)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "three mugs", "done")).to_have_count(3, timeout=PICTURES_MS)
    act(page, "Choose a cover")
    dialog = page.get_by_role("dialog", name="Choose a cover")
    expect(dialog.locator(".covers button")).to_have_count(3)
    chosen = dialog.locator(".covers button").nth(2)
    thumb = (chosen.locator("img").get_attribute("src") or "").split("?")[0].replace("256", "")
    chosen.click()
    expect(toasts(page)).to_contain_text("This is the cover now.")
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Activity").click()
    lines = page.locator(".act")
    expect(lines.nth(0)).to_contain_text("chose a cover")
    expect(lines.nth(0).locator("img")).to_have_count(1)
    expect(lines.nth(1)).to_contain_text("asked for 3 pictures: 3 made. “three mugs”")
    expect(lines.nth(1).locator("img")).to_have_count(3)
    expect(lines.nth(2)).to_contain_text("opened the board")
    # It is read again when the board changes, and stays in its place.
    lines.nth(2).evaluate("line => line.remove()")
    page.evaluate("document.dispatchEvent(new Event('studio:board'))")
    expect(page.locator("#activity .act")).to_have_count(3)
    page.goto("/")
    shown = card(page, "three mugs").locator(".cover img").last.get_attribute("src") or ""
    assert thumb.rsplit("/", 1)[0] == shown.split("?")[0].replace("512", "").rsplit("/", 1)[0]


def test_alone_there_is_nobody_to_share_with(page: Page):
    sign_up(page)
    new_board(page, "Mine")
    page.get_by_role("button", name=re.compile("Actions for")).click()
    expect(page.locator(".menu-list:popover-open")).not_to_contain_text("Share")
    expect(page.locator("#board-people")).to_have_count(0)


def test_sharing_is_live_on_both_pages(page: Page, colleague: Page, studio: Studio):
    other = sign_up(colleague)
    boss = sign_up(page)
    join(studio, boss, other)
    address = new_board(page, "Launch")
    colleague.goto(address)
    expect(colleague.locator("#prompt")).to_be_visible()

    page.reload()
    page.locator("#board-people").click()
    dialog = page.get_by_role("dialog", name="Who works on this board")
    dialog.get_by_label("Person", exact=True).select_option(label="Tom Okafor")
    dialog.get_by_label("Role", exact=True).select_option("viewer")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_label("Role of Tom Okafor")).to_have_value("viewer")
    # The other page becomes one to look at, without a reload.
    expect(colleague.locator(".board-notice")).to_contain_text("You are a viewer here")
    expect(colleague.locator("#prompt")).to_have_count(0)
    expect(colleague.get_by_label("Title of the board")).to_have_count(0)

    dialog.get_by_label("Role of Tom Okafor").select_option("editor")
    expect(colleague.locator("#prompt")).to_be_visible()
    dialog.get_by_label("Only those with a seat").check()
    expect(dialog.locator("studio-toast").last).to_contain_text("Only those with a seat see the board now.")
    dialog.get_by_role("button", name="Take the seat of Tom Okafor away").click()
    # Who has no seat any more is led home, and finds nothing there.
    expect(colleague).to_have_url(HOME)
    expect(card(colleague, "Launch")).to_have_count(0)
    removed = dialog.locator("studio-toast", has_text="Tom Okafor has no seat here any more.")
    removed.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_label("Role of Tom Okafor")).to_have_value("editor")
    expect(card(colleague, "Launch")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    expect(page.locator("#board-people")).to_be_focused()

    card(colleague, "Launch").locator("a.board-link").click()
    act(colleague, "Leave the board")
    expect(colleague).to_have_url(HOME)
    expect(toasts(colleague)).to_contain_text("You have left Launch.")
    toasts(colleague).get_by_role("button", name="Undo").click()
    colleague.wait_for_url("**/boards/*/**")
    expect(colleague.locator("#prompt")).to_be_visible()


def test_the_last_owner_is_told_to_name_another(page: Page, colleague: Page, studio: Studio, watch):
    watch.allowed.append("409")
    other, boss = sign_up(colleague), sign_up(page)
    join(studio, boss, other)
    new_board(page, "Launch")
    page.reload()
    page.locator("#board-people").click()
    dialog = page.get_by_role("dialog", name="Who works on this board")
    dialog.get_by_role("button", name="Leave the board").click()
    expect(dialog.locator("studio-toast")).to_contain_text("Name another owner first.")


def test_a_title_changes_on_every_open_page(page: Page, context: BrowserContext):
    sign_up(page)
    address = new_board(page, "Before")
    second, home = context.new_page(), context.new_page()
    second.goto(address)
    home.goto("/")
    page.get_by_label("Title of the board").fill("After")
    page.keyboard.press("Enter")
    second.bring_to_front()
    expect(second.get_by_label("Title of the board")).to_have_value("After")
    home.bring_to_front()
    expect(card(home, "After")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_everything_of_boards_is_accessible(browser: Browser, studio: Studio, colleague: Page, width):
    context = browser.new_context(
        base_url=studio.address,
        viewport={"width": width, "height": 800},
        has_touch=width < 700,
        extra_http_headers={"X-Forwarded-For": "198.51.100.24"},
    )
    page = context.new_page()
    other, boss = sign_up(colleague), sign_up(page)
    join(studio, boss, other)
    address = new_board(
        page, "A board with a title that is much longer than the room there is for it on any page"
    )

    def check(what: str) -> None:
        assert in_both_schemes(page, what) == []
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{what} scrolls sideways by {overflow} px"

    for place in ("/", "/?shelf=archived", "/?shelf=trash", "/?q=nothing", f"{address}activity", address):
        page.goto(place)
        check(place)
    page.get_by_role("button", name=re.compile("Actions for")).click()
    check("the menu")
    page.keyboard.press("Escape")
    for what, title in (
        ("Name and description", "Name and description"),
        ("Choose a cover", "Choose a cover"),
        ("Share", "Who works on this board"),
    ):
        act(page, what)
        dialog = page.get_by_role("dialog", name=title)
        expect(dialog).to_be_visible()
        check(what)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    context.close()
