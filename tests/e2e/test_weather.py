"""The page while things go wrong around it: processes killed mid-batch, many tabs, sessions that end."""

from __future__ import annotations

import os
import re
import signal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.studio import Studio, until
from tests.e2e.walk import PICTURES_MS, ask, balance, faces, sign_up

_SLOW = '{"delay_s": 6}'


@pytest.mark.crash
@pytest.mark.parametrize("victim", ["worker", "web", "postgres"])
def test_a_batch_survives_a_kill_and_the_page_catches_up_by_itself(page: Page, studio: Studio, watch, victim):
    watch.allowed += [
        "ERR_",
        "50",
        "Failed to load resource",
    ]  # the server is away for a moment: that is the test
    sign_up(page)
    ask(page, f"through the storm {_SLOW}", model="mock-scene", variants=4)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "through the storm", "working").first).to_be_visible(timeout=30_000)
    if victim == "postgres":
        studio.postgres().kill()
    else:
        os.killpg(studio.part(victim).pid, signal.SIGKILL)
    # No reload: the stream comes back, and the page reads again what it shows.
    expect(faces(page, "through the storm", "done")).to_have_count(4, timeout=PICTURES_MS)
    expect(balance(page)).to_have_text(re.compile(r"\b492\b"), timeout=30_000)
    expect(balance(page)).not_to_have_text(re.compile("held"))
    until(studio.ready)


@pytest.mark.crash
def test_after_the_storm_the_ledger_verifies(studio: Studio):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "packshot", "ledger", "verify", "--home", str(studio.home)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_seven_tabs_share_one_stream_so_the_last_one_still_loads(context: BrowserContext, page: Page):
    # A browser opens six connections to an origin: with a stream for each tab the seventh would hang.
    sign_up(page)
    ask(page, "seen from everywhere", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    board = page.url.split("#")[0]
    tabs = [context.new_page() for _ in range(7)]
    for tab in tabs:
        tab.goto(board)
    ask(tabs[0], "a second one", model="mock-scene", variants=1)
    for tab in (tabs[-1], page):
        expect(faces(tab, "a second one", "done")).to_have_count(1, timeout=PICTURES_MS)


def test_signing_out_in_one_tab_leaves_nothing_to_see_in_the_other(context: BrowserContext, page: Page):
    sign_up(page)
    ask(page, "mine alone", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    board = page.url
    other = context.new_page()
    other.goto("/settings/")
    other.get_by_role("button", name=re.compile("Sign out")).first.click()
    other.wait_for_url(lambda url: "/settings" not in url)
    page.goto(board)
    expect(page).to_have_url(re.compile("/sign-in"))


def test_another_tenants_board_is_not_there(browser, studio: Studio, page: Page, watch):
    watch.allowed.append("404")
    sign_up(page)
    ask(page, "not for you", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    stranger = browser.new_context(base_url=studio.address)
    tab = stranger.new_page()
    sign_up(tab)
    answer = tab.goto(page.url)
    assert answer is not None
    assert answer.status == 404
    expect(tab.locator("body")).not_to_contain_text("not for you")
    stranger.close()


def test_a_request_stands_once_though_the_stream_tells_of_it_before_its_answer_comes(page: Page):
    sign_up(page)
    ask(page, "the first", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "the first", "done")).to_have_count(1, timeout=PICTURES_MS)

    def late(route: Route) -> None:
        answer = route.fetch()
        # Answered only when the page has drawn the request because of the stream.
        expect(page.locator("section.request")).to_have_count(2)
        route.fulfill(response=answer)

    page.route("**/boards/*/requests", late)
    ask(page, "the second", model="mock-scene", variants=2)
    expect(faces(page, "the second", "done")).to_have_count(2, timeout=PICTURES_MS)
    expect(page.locator("#composer-key")).to_have_count(1)
    page.unroute("**/boards/*/requests")
    ask(page, "the third", model="mock-scene", variants=1)
    expect(faces(page, "the third", "done")).to_have_count(1, timeout=PICTURES_MS)
    expect(page.locator("section.request")).to_have_count(3)
