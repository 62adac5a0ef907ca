"""Many files at once: by picker and folder, those that are here already, those that failed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Watch
from tests.e2e.walk import PHOTOS, sign_up

FILES = ("bottle.jpg", "mug.jpg", "jar.png")
SLOW_MS = 60_000


@pytest.fixture
def library(page: Page) -> Page:
    sign_up(page)
    page.goto("/library")
    return page


def choose(page: Page, *paths: Path) -> None:
    page.locator("studio-uploads input:not([webkitdirectory])[type=file]").set_input_files(list(paths))


def told(page: Page, words: str) -> None:
    expect(page.locator(".uploads-sum")).to_have_text(words, timeout=SLOW_MS)


def test_many_files_at_once_and_again(library: Page):
    choose(library, *(PHOTOS / name for name in FILES))
    told(library, "3 of 3 uploaded")
    pill = library.locator("[data-news]:not([hidden]) button")
    cells = library.locator("[data-cell]")
    expect(pill.or_(cells.first)).to_be_visible(timeout=SLOW_MS)
    library.goto("/library")
    expect(cells).to_have_count(3)
    expect(library.locator("[data-cell][data-face=done]")).to_have_count(3, timeout=SLOW_MS)

    choose(library, *(PHOTOS / name for name in FILES))
    told(library, "3 of 3 uploaded")
    expect(library.locator(".upload[data-state=here]")).to_have_count(3)
    library.goto("/library")
    expect(cells).to_have_count(3)


def test_a_folder_with_what_is_no_picture(library: Page, tmp_path: Path):
    inside = tmp_path / "spring" / "bottles"
    inside.mkdir(parents=True)
    (inside / "bottle.jpg").write_bytes((PHOTOS / "bottle.jpg").read_bytes())
    (tmp_path / "spring" / "mug.jpg").write_bytes((PHOTOS / "mug.jpg").read_bytes())
    (tmp_path / "spring" / "prices.txt").write_text("12")
    (tmp_path / "spring" / ".hidden").write_text("of the system's")
    library.locator("input[webkitdirectory]").set_input_files(tmp_path / "spring")
    told(library, "2 of 2 uploaded")
    expect(library.locator("#toasts")).to_contain_text("1 file is no picture")


def test_what_failed_is_tried_again(library: Page, watch: Watch):
    watch.allowed.append("Failed to load resource")
    gone = re.compile(r"/assets/(upload|known)$")
    library.route(gone, lambda route: route.abort())
    choose(library, PHOTOS / "bottle.jpg", PHOTOS / "mug.jpg")
    told(library, "0 of 2 uploaded, 2 failed")
    expect(library.locator(".upload-state").first).to_contain_text("Nothing was lost")
    library.unroute(gone)
    library.get_by_role("button", name="Try failed ones again").click()
    told(library, "2 of 2 uploaded")


def test_what_cannot_be_used_says_why(library: Page, watch: Watch, tmp_path: Path):
    watch.allowed.append("Failed to load resource")
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    choose(library, empty, PHOTOS / "mug.jpg")
    told(library, "1 of 2 uploaded, 1 failed")
    failed = library.locator(".upload[data-state=failed]")
    expect(failed).to_contain_text("The file is empty.")
    expect(failed.get_by_role("button", name="Try again")).to_be_hidden()


def test_the_keyboard_opens_the_picker(library: Page):
    library.wait_for_function(
        "document.hasFocus() && document.querySelector('studio-uploads:defined') !== null"
    )
    with library.expect_file_chooser() as chooser:
        library.keyboard.press("Shift+u")
    assert chooser.value.is_multiple()
