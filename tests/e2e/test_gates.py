"""Gates in a browser: a board or an invitation too many, and what waits for the plan; each to the dialog and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from packshot.foundation.billing import plans
from tests import homes
from tests.e2e.axe import in_both_schemes
from tests.e2e.studio import Studio
from tests.e2e.walk import ask, sign_up

OWN = Path(plans.__file__).with_name("plans.toml")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One whose free plan has room for a single board, and makes one picture at a time."""
    folder = tmp_path_factory.mktemp("gates")
    free = "limits = { boards = -1, concurrent_jobs = 4 }"
    text = OWN.read_text()
    assert text.count(free) == 1
    (folder / "plans.toml").write_text(text.replace(free, "limits = { boards = 1, concurrent_jobs = 1 }"))
    started = Studio(
        folder / "home",
        PACKSHOT_MOCK_PROVIDER="true",
        PACKSHOT_PAYMENTS="mock",
        PACKSHOT_PLANS=str(folder / "plans.toml"),
        PACKSHOT_TRUSTED_PROXIES="1",
    )
    yield started
    started.stop()
    homes.forget(started.home)


def pay(page: Page) -> None:
    """On the mock's page, and back."""
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible()


def test_a_board_too_many_leads_to_the_dialog_and_back_to_the_draft(page: Page, watch):
    watch.allowed.append("402")
    sign_up(page)
    ask(page, "a mug on oak", model="mock-scene", variants=3)
    page.wait_for_url("**/boards/*/")
    expect(page.get_by_text("Queued by your plan: 1 picture at a time.")).to_be_visible()
    page.get_by_role("link", name="More at a time").click()
    expect(page.get_by_role("dialog", name="More pictures at a time")).to_be_visible()
    page.goto("/")
    ask(page, "a second board", model="mock-scene", variants=1)
    dialog = page.get_by_role("dialog", name="More boards")
    expect(dialog).to_contain_text("no board goes away")
    assert in_both_schemes(page, "gate") == []
    dialog.get_by_role("button", name=re.compile(r"Pro · \$25")).click()
    page.wait_for_url("**/mock-payments/pay/**")
    pay(page)
    page.get_by_role("link", name="Go on where you were").click()
    expect(page.locator("#prompt")).to_have_value("a second board")
    page.locator("#prompt").press("Control+Enter")
    page.wait_for_url("**/boards/*/")


def test_an_invitation_too_many_buys_the_seat_and_is_sent(page: Page, watch):
    watch.allowed += ["402", "409"]
    sign_up(page)
    page.goto("/settings/members")
    page.get_by_role("link", name="See the plans").click()
    dialog = page.get_by_role("dialog", name="A larger plan")
    expect(dialog).to_contain_text("Members and invitations belong to a plan for teams")
    dialog.get_by_label("Seats").fill("2")
    dialog.get_by_role("button", name=re.compile("Team · ")).click()
    page.wait_for_url("**/mock-payments/pay/**")
    pay(page)
    page.get_by_role("link", name="Go on where you were").click()
    page.get_by_role("link", name="Invite people").click()
    page.get_by_label("E-mail addresses").fill("ann@example.com, tom@example.com")
    page.get_by_role("button", name="Send invitations").click()
    seats = page.get_by_role("dialog", name="More seats")
    expect(seats).to_contain_text("One seat more is needed")
    assert in_both_schemes(page, "seats") == []
    seats.get_by_role("link", name="Change what you wrote").click()
    expect(page.get_by_label("E-mail addresses")).to_have_value("ann@example.com, tom@example.com")
    page.get_by_role("button", name="Send invitations").click()
    page.get_by_role("button", name=re.compile(r"Pay \$[\d.]+ and invite 2 people")).click()
    page.wait_for_url("**/settings/members")
    expect(page.get_by_text("3 of 3 seats taken")).to_be_visible()
    expect(page.get_by_text("tom@example.com")).to_be_visible()
    page.get_by_role("button", name="Take the invitation of tom@example.com back").click()
    expect(page.get_by_text("2 of 3 seats taken")).to_be_visible()
    page.goto("/billing")
    expect(page.get_by_text("You pay for 3 seats and 2 are taken.")).to_be_visible()


def test_the_audit_log_without_a_script_is_a_page(page: Page, watch):
    watch.allowed.append("402")
    sign_up(page)
    page.goto("/settings/members")
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_text("The audit log belongs to a larger plan.")).to_be_visible()
    assert in_both_schemes(page, "gate's page") == []
    page.get_by_role("link", name="Back", exact=True).click()
    page.wait_for_url("**/settings/members")
