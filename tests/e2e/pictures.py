"""Libraries full of pictures, and what the tests of galleries look at in them."""

from __future__ import annotations

import re

import psycopg
from playwright.sync_api import Locator, Page, expect

from tests.e2e.studio import Studio
from tests.e2e.walk import drop, sign_up

MOST_TILES = 600
"""As many as may be in the page, however far it was scrolled."""


def fill(studio: Studio, email: str, number: int, *, name: str = "photo-{n}.jpg", prompt: str = "") -> None:
    """So many more pictures like the one that was uploaded, on its board, straight into the table."""
    with psycopg.connect(studio.database_url, autocommit=True) as connection:
        done = connection.execute(
            "insert into assets_asset (organization_id, id, board_id, origin, state, name, sha256, media_type, bytes,"
            " width, height, placeholder, source_type, prompt, colours)"
            " select a.organization_id, app.uuid7(), a.board_id, a.origin, a.state,"
            " replace(%(name)s, '{n}', n::text), a.sha256, a.media_type, a.bytes,"
            " a.width, a.height, a.placeholder, a.source_type, nullif(%(prompt)s, ''), a.colours"
            " from (select a.* from assets_asset a join organizations_membership m using (organization_id)"
            "   join accounts_user u on u.id = m.user_id where u.email = %(email)s and a.state = 'ready'"
            "   order by a.id limit 1) a, generate_series(1, %(number)s) n order by n",
            {"name": name, "prompt": prompt, "email": email, "number": number},
        )
        assert done.rowcount == number


def library(page: Page, studio: Studio, number: int, **facts: str) -> str:
    """A person with so many pictures, in the library."""
    email = sign_up(page)
    drop(page, "mug.jpg")
    if number > 1:
        fill(studio, email, number - 1, **facts)
    page.goto("/library")
    expect(page.locator("#count")).to_contain_text("picture")
    return email


def cells(page: Page) -> Locator:
    return page.locator("[data-list] [data-cell]")


def picked(page: Page) -> Locator:
    return page.locator("[data-list] [data-cell][data-picked]")


def bar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="What to do with what is selected")


def toast(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.locator("studio-toast", has_text=text)


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.closest('[data-cell]')?.dataset.cell ?? ''")


def scroll_to_end(page: Page) -> int:
    """To where the list ends now; how many tiles are in the page then."""
    page.evaluate("document.querySelector('main').scrollTop = 1e9")
    return int(page.evaluate("document.querySelectorAll('[data-cell]').length"))


def scroll_deep(page: Page, blocks: int) -> int:
    """Until so many blocks of sixty are known; the most tiles that were in the page on the way."""
    most = 0
    wanted = "n => document.querySelectorAll('[data-list] > ul').length >= n"
    for known in range(page.locator("[data-list] > ul").count() + 1, blocks + 1):
        most = max(most, scroll_to_end(page))
        page.wait_for_function(wanted, arg=known)
    return max(most, scroll_to_end(page))
