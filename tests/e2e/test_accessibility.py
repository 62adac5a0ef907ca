"""axe-core finds nothing on any page, in light and dark; a page that nobody visits here fails."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import in_both_schemes, violations
from tests.e2e.conftest import Watch
from tests.e2e.studio import Studio
from tests.e2e.walk import PICTURES_MS, ask, faces, request, seats, sign_up

# Pages that need no more than an address, by the name of their route.
SIGNED_OUT = {
    "home": "/",
    "account_login": "/sign-in",
    "account_signup": "/sign-up",
    "account_reset_password": "/reset-password",
    "account_reset_password_done": "/reset-password/sent",
    "account_reset_password_from_key_done": "/reset-password/done",
    "account_inactive": "/account-closed",
    "terms": "/terms",
    "status": "/status/",
    "pricing": "/pricing",
}
SIGNED_IN = {
    "library": "/library",
    "library-duplicates": "/library/duplicates",
    "settings": "/settings/",
    "settings-language": "/settings/language",
    "settings-credits": "/settings/credits",
    "settings-credits-rules": "/settings/credits/rules",
    "workspace": "/settings/workspace",
    "members": "/settings/members",
    "audit": "/settings/audit",
    "keys": "/settings/keys",
    "webhooks": "/settings/webhooks",
    "webhook-new": "/settings/webhooks/new",
    "billing": "/billing",
    "account_change_password": "/settings/password",
    "account_email": "/settings/email",
    "usersessions_list": "/settings/sessions",
    "account_logout": "/sign-out",
    "account_reauthenticate": "/confirm-password",
}
ON_A_BOARD = {
    "board": "",
    "board-gallery": "gallery",
    "board-activity": "activity",
    "board-members": "members",
}
# Routes that are no pages: fragments, files, forms' targets, addresses of machines, pages behind a mail's secret.
NO_PAGES = re.compile(
    r"shell-|components|inbox|asset-|pictures-|change|export|view-|bulk-|batch|job-|hooks|palette|welcome|snippet|picture-|prompts|composer-|written|"
    r"settings-credits-(?!rules)|board-(?!gallery|activity|members)|account_confirm_email|account_email_verification_sent|"
    r"account_reset_password_from_key$|mfa_|"
    # Of these the pages are judged where they are walked: test_workspaces.py, test_gates.py,
    # test_customer.py, test_keys.py and test_webhooks.py.
    r"audit-export|key-|workspace-|member-|members-|invitation|billing-|mock-|webhook$|webhook-(?!new)"
)


def names() -> set[str]:
    from django.urls import URLResolver, get_resolver

    def walk(patterns: list[object]) -> list[str]:
        return [
            name
            for each in patterns
            for name in (walk(each.url_patterns) if isinstance(each, URLResolver) else [each.name])
        ]

    return {name for name in walk(get_resolver().url_patterns) if name}


def test_every_page_is_visited(server):
    visited = {*SIGNED_OUT, *SIGNED_IN, *ON_A_BOARD}
    unvisited = {name for name in names() - visited if not NO_PAGES.match(name)}
    assert unvisited == set(), "add the page to a list above, or say that it is none"


@pytest.fixture
def page(page: Page) -> Page:
    """Nothing moves, so that what is judged is what is looked at."""
    page.emulate_media(reduced_motion="reduce")
    return page


def test_pages_for_strangers(page: Page, watch: Watch):
    watch.allowed.append("404")
    found = []
    for name, path in {**SIGNED_OUT, "404": "/nowhere"}.items():
        page.goto(path)
        found += in_both_schemes(page, name)
    assert found == []


def test_pages_of_a_person(page: Page, watch: Watch, studio: Studio):
    watch.allowed.append("404")
    seats(studio, sign_up(page))
    found = in_both_schemes(page, "home, empty")
    for name, path in {**SIGNED_IN, "404": "/boards/nothing/"}.items():
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        found += in_both_schemes(page, name)
    assert found == []


def test_every_component_in_both_themes(browser: Browser, studio: Studio):
    """A web server of its own: the page is there only in debug."""
    with studio.another_web(PACKSHOT_DEBUG="true") as address:
        context = browser.new_context(base_url=address, reduced_motion="reduce")
        page = context.new_page()
        sign_up(page)
        page.goto("/_components")
        expect(page.locator(".samples > section")).to_have_count(2)
        for section in page.locator(".samples > section").all():
            expect(section.locator(".request .tile[data-face=done] img.picture").first).to_be_visible()
            expect(section.locator(".cell")).to_have_count(9)
            for shown in (
                ".chip",
                ".bulk",
                "dialog.sheet",
                ".menu-list",
                ".menu-popover",
                "studio-toast",
                ".empty",
            ):
                expect(section.locator(shown).filter(visible=True).first).to_be_visible()
        expect(page.locator(".samples .face-word", has_text="In the trash")).to_have_count(0)
        assert violations(page, "components") == []
        context.close()


def test_a_board_in_each_state(page: Page):
    sign_up(page)
    ask(page, 'slow {"delay_s": 60}', model="mock-scene", variants=2)
    page.wait_for_url("**/boards/*/**")
    found = in_both_schemes(page, "waiting")
    page.locator("button.running").click()
    expect(page.get_by_role("button", name=re.compile("Cancel slow"))).to_be_visible()
    found += in_both_schemes(page, "the queue")
    page.keyboard.press("Escape")
    request(page, "slow").get_by_role("button", name="Cancel all").click()
    expect(faces(page, "slow", "cancelled")).to_have_count(2, timeout=PICTURES_MS)
    ask(page, 'half {"fail": "provider_unavailable", "only": [1]}', model="mock-scene", variants=2)
    expect(faces(page, "half", "failed")).to_have_count(1, timeout=PICTURES_MS)
    expect(faces(page, "half", "done")).to_have_count(1, timeout=PICTURES_MS)
    found += in_both_schemes(page, "failed, done and cancelled")
    assert found == []


def test_what_opens_over_a_board_and_its_other_pages(page: Page):
    sign_up(page)
    ask(page, "half of it", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "half of it", "done")).to_have_count(1, timeout=PICTURES_MS)
    board = page.url.partition("#")[0]
    page.locator("a.tile-picture").first.click()
    expect(page.locator("dialog.viewer")).to_be_visible()
    found = in_both_schemes(page, "viewer")
    page.keyboard.press("i")
    page.locator(".viewer-details dl").first.wait_for()
    found += in_both_schemes(page, "viewer with details")
    page.keyboard.press("Escape")
    page.locator("body").press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    found += in_both_schemes(page, "shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find a board").fill("half")
    expect(page.get_by_role("group", name="Pictures").get_by_role("option").first).to_be_visible()
    found += in_both_schemes(page, "palette")
    page.keyboard.press("Escape")
    page.locator("#balance button.balance").click()
    page.locator("#credits dl").first.wait_for()
    found += in_both_schemes(page, "credits")
    page.keyboard.press("Escape")
    for name, path in ON_A_BOARD.items():
        page.goto(board + path)
        found += in_both_schemes(page, name)
    page.goto("/library")
    expect(page.locator("main")).to_be_visible()
    found += in_both_schemes(page, "library")
    page.goto("/")
    found += in_both_schemes(page, "home")
    assert found == []
