"""Screenshots of the main pages, light and dark, wide and narrow: `make shots` writes them into shots/.

They are there to be looked at before work on a page is called done.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import browser as chromium
from tests.e2e.studio import Studio
from tests.e2e.walk import PICTURES_MS, ask, drop, faces, join, leave, seats, sign_up

WIDTHS = {"wide": (1280, 800), "narrow": (390, 844)}
OUT = Path("shots")
Shot = Callable[[str], None]
"""Writes the page as it is, under a name."""


def main() -> int:
    path = chromium.find()
    if path is None:
        print("no Chromium: python -m tests.browser", file=sys.stderr)
        return 2
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder) / "home", PACKSHOT_MOCK_PROVIDER="true", PACKSHOT_TRUSTED_PROXIES="1")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
                for scheme in ("dark", "light"):
                    for name, (width, height) in WIDTHS.items():
                        _walk(browser, studio, scheme, name, width, height)
                browser.close()
        finally:
            studio.stop()
    print(f"{len(list(OUT.glob('*.png')))} screenshots are in {OUT.absolute()}")
    return 0


def _walk(browser: Browser, studio: Studio, scheme: str, name: str, width: int, height: int) -> None:
    context = browser.new_context(
        base_url=studio.address,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=name == "narrow",
        extra_http_headers={"X-Forwarded-For": f"192.0.2.{os.getpid() % 200 + 1}"},
    )
    page = context.new_page()

    def shot(what: str) -> None:
        page.wait_for_timeout(400)  # pictures and fades: half of one would tell nothing
        page.screenshot(path=OUT / f"{what}-{scheme}-{name}.png")

    for address, what in (("/", "landing"), ("/sign-in", "sign-in"), ("/sign-up", "sign-up")):
        page.goto(address)
        shot(what)
    email = sign_up(page)
    seats(studio, email)
    board = _thread(page, shot)
    _over_the_page(page, shot)
    _board(page, shot, board, studio, email)
    _library(page, shot)
    page.goto("/")
    shot("boards")
    page.goto("/?shelf=trash")
    shot("boards-trash")
    leave(studio, email, left=3)
    page.goto("/")
    ask(page, "More than there is", model="local-scene", variants=4)
    page.get_by_role("dialog").wait_for()
    shot("insufficient")
    for address, what in (
        ("/settings/", "settings"),
        ("/settings/credits", "settings-credits"),
        ("/settings/credits/rules", "settings-credits-rules"),
        ("/settings/sessions", "sessions"),
        ("/settings/language", "language"),
        ("/settings/workspace", "workspace"),
        ("/settings/members", "workspace-members"),
        ("/settings/members/invite", "workspace-invite"),
        ("/settings/audit", "audit"),
        ("/boards/nothing/", "not-found"),
    ):
        page.goto(address)
        shot(what)
    context.close()


def _thread(page: Page, shot: Shot) -> str:
    """A board from its first request on; gives its address."""
    shot("boards-empty")
    drop(page, "bottle.jpg")
    ask(page, "On white marble, soft window light from the left")
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "On white marble", "working").first).to_be_visible(timeout=PICTURES_MS)
    shot("board-working")
    expect(faces(page, "On white marble", "done")).to_have_count(4, timeout=PICTURES_MS)
    ask(page, 'On a tray {"fail": "provider_unavailable", "only": [1, 2]}', model="mock-scene", variants=4)
    expect(faces(page, "On a tray", "failed")).to_have_count(2, timeout=PICTURES_MS)
    shot("board-done")
    _scroll_up(page)
    shot("board-top")
    return page.url.partition("#")[0]


def _over_the_page(page: Page, shot: Shot) -> None:
    """What opens over a page."""
    page.locator("a.tile-picture").first.click()
    page.locator("dialog.viewer").wait_for()
    page.keyboard.press("i")
    page.locator(".viewer-details dl").wait_for()
    shot("viewer")
    page.keyboard.press("Escape")
    page.locator("#balance button.balance").click()
    page.locator("#credits dl").first.wait_for()
    shot("credits")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    for key, name in (("?", "#shortcuts"), ("Control+k", "dialog.palette")):
        page.keyboard.press(key)
        page.locator(name).wait_for()
        shot("shortcuts" if key == "?" else "palette")
        page.keyboard.press("Escape")


def _board(page: Page, shot: Shot, board: str, studio: Studio, email: str) -> None:
    """The other tabs of a board, and who works on it."""
    page.goto(f"{board}gallery")
    shot("board-gallery")
    page.locator("[data-all]").click()
    expect(page.locator(".bulk-count")).not_to_be_empty()
    shot("board-gallery-picked")
    page.keyboard.press("Escape")
    page.goto(f"{board}activity")
    shot("activity")
    browser = page.context.browser
    assert browser is not None
    other = browser.new_context(base_url=studio.address)
    join(studio, email, sign_up(other.new_page()))
    other.close()
    page.goto(board)
    page.locator("#board-people").click()
    page.get_by_role("dialog").wait_for()
    shot("members")
    page.goto("/")
    page.get_by_role("button", name="New board").click()
    page.wait_for_url("**/boards/*/**")
    shot("board-empty")
    page.get_by_role("button", name=re.compile("Actions for")).click()
    shot("board-menu")
    page.locator(".menu-list:popover-open").get_by_role("button", name="Delete").click()
    page.wait_for_url(re.compile(r":\d+/$"))


def _library(page: Page, shot: Shot) -> None:
    """The library, a view that was kept, duplicates, and the trash."""
    page.goto("/library")
    shot("library")
    page.locator(".filters > summary").click()
    shot("library-filters")
    page.goto("/library?q=tray")
    page.locator("[data-save-view] summary").click()
    page.get_by_label("Name of the view").fill("Trays")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(
        page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Trays")
    ).to_be_visible()
    shot("saved-view")
    page.locator("[data-list] [data-cell]").first.click(modifiers=["Control"])
    page.locator(".bulk [data-key=trash]").click()
    page.locator("studio-toast", has_text="in the trash").wait_for()
    shot("trashed")
    page.goto("/library?trash=1")
    shot("trash")
    page.goto("/library/duplicates")
    shot("duplicates")


def _scroll_up(page: Page) -> None:
    page.evaluate("document.querySelector('studio-thread').scrollTo(0, 0)")


if __name__ == "__main__":
    sys.exit(main())
