"""Screenshots of the main pages, light and dark, wide and narrow: `make shots` writes them into shots/.

They are there to be looked at before work on a page is called done.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import browser as chromium
from tests.e2e.studio import Studio
from tests.e2e.walk import PICTURES_MS, ask, drop, faces, leave, sign_up

WIDTHS = {"wide": (1280, 800), "narrow": (390, 844)}
OUT = Path("shots")


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
        page.screenshot(path=OUT / f"{what}-{scheme}-{name}.png")

    for address, what in (("/", "landing"), ("/sign-in", "sign-in"), ("/sign-up", "sign-up")):
        page.goto(address)
        shot(what)
    email = sign_up(page)
    shot("boards-empty")
    drop(page, "bottle.jpg")
    ask(page, "On white marble, soft window light from the left")
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "On white marble", "working").first).to_be_visible(timeout=PICTURES_MS)
    shot("board-working")
    expect(faces(page, "On white marble", "done")).to_have_count(4, timeout=PICTURES_MS)
    ask(page, 'On a tray {"fail": "provider_unavailable", "only": [1, 2]}', model="mock-scene", variants=4)
    expect(faces(page, "On a tray", "failed")).to_have_count(2, timeout=PICTURES_MS)
    page.wait_for_timeout(400)  # the tiles' fade: a picture of half of it would tell nothing
    shot("board-done")
    _scroll_up(page)
    shot("board-top")
    page.locator("a.tile-picture").first.click()
    page.locator("dialog.viewer").wait_for()
    page.keyboard.press("i")
    page.locator(".viewer-details dl").wait_for()
    page.wait_for_timeout(400)
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
        page.wait_for_timeout(400)
        shot("shortcuts" if key == "?" else "palette")
        page.keyboard.press("Escape")
    page.goto("/")
    shot("boards")
    leave(studio, email, left=3)
    ask(page, "More than there is", model="local-scene", variants=4)
    page.get_by_role("dialog").wait_for()
    shot("insufficient")
    for address, what in (
        ("/settings/", "settings"),
        ("/settings/sessions", "sessions"),
        ("/settings/language", "language"),
        ("/library", "library"),
        ("/library/duplicates", "duplicates"),
        ("/boards/nothing/", "not-found"),
    ):
        page.goto(address)
        shot(what)
    context.close()


def _scroll_up(page: Page) -> None:
    page.evaluate("document.querySelector('#main').scrollTo(0, 0); scrollTo(0, 0)")


if __name__ == "__main__":
    sys.exit(main())
