"""An owner adds a webhook, copies its secret, tries it, and sends again what did not arrive."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.conftest import Watch
from tests.e2e.studio import until
from tests.e2e.test_workspaces import shot
from tests.e2e.walk import sign_up

# A name that no resolver knows, ever (RFC 6761).
NOWHERE = "https://hooks.invalid/packshot"


def test_a_webhook_from_its_address_to_a_replay(page: Page, watch: Watch):
    watch.allowed.append("422")
    page.emulate_media(reduced_motion="reduce")
    sign_up(page)
    page.goto("/settings/webhooks")
    expect(page.get_by_text("Nobody is told yet")).to_be_visible()
    page.get_by_role("link", name="Add a webhook").click()
    sheet = page.get_by_role("dialog", name="New webhook")
    sheet.get_by_label("Address").fill("https://10.0.0.1/")
    found = in_both_schemes(page, "the sheet")
    shot(page, "webhook-sheet")
    sheet.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("public hosts")
    found += in_both_schemes(page, "a mistake")
    page.get_by_label("Address").fill(NOWHERE)
    page.get_by_label("Description").fill("Our warehouse")
    page.get_by_label("Only these").check()
    page.get_by_label("All of a request have ended").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Secret")).to_have_value(re.compile("^whsec_"))
    found += in_both_schemes(page, "the secret")
    shot(page, "webhook-secret")
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("A test message is on its way")).to_be_visible()

    def tried() -> bool:
        page.reload()
        return page.locator(".deliveries summary", has_text=re.compile(r"\d (try|tries)")).count() > 0

    until(tried, why="no worker has tried it")
    page.locator(".deliveries summary").click()
    expect(page.get_by_text("could not be reached").first).to_be_visible()
    expect(page.get_by_text("It has taken no message since")).to_be_visible()
    found += in_both_schemes(page, "an endpoint that fails")
    shot(page, "webhook")
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("It is sent again, under the same id")).to_be_visible()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Switched off on")).to_be_visible()
    found += in_both_schemes(page, "an endpoint that is off")
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("link", name="Failed").click()
    page.get_by_role("button", name="Send again").first.click()
    expect(page.get_by_text("1 message is sent again")).to_be_visible()
    page.get_by_role("link", name="New secret").click()
    expect(page.get_by_role("dialog", name="New secret?")).to_be_visible()
    found += in_both_schemes(page, "asked for a new secret")
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_label("Secret")).to_have_value(re.compile("^whsec_"))
    page.goto("/settings/webhooks")
    expect(page.get_by_text("Our warehouse")).to_be_visible()
    found += in_both_schemes(page, "the list")
    shot(page, "webhooks")
    page.get_by_role("link", name=NOWHERE).click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog", name="Delete this webhook?").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nobody is told yet")).to_be_visible()
    assert found == []
