"""Out of credits and back to the draft; a plan, a larger one, a refund and a dispute: with the mock, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests import homes
from tests.e2e.axe import in_both_schemes
from tests.e2e.studio import Studio
from tests.e2e.walk import ask, balance, leave, sign_up


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One of its own: its clock goes forward."""
    home = tmp_path_factory.mktemp("payments") / "home"
    started = Studio(
        home, PACKSHOT_MOCK_PROVIDER="true", PACKSHOT_PAYMENTS="mock", PACKSHOT_TRUSTED_PROXIES="1"
    )
    yield started
    started.stop()
    homes.forget(started.home)


def pay(page: Page, card: str = "ok") -> None:
    """On the mock's page, and back."""
    page.locator(f"input[name=card][value={card}]").check()
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible()


def later(page: Page, button: str) -> None:
    page.goto("/mock-payments/clock")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("It is later now.")).to_be_visible()


def credits_shown(page: Page) -> int:
    found = re.search(r"[\d,]+", balance(page).inner_text())
    assert found is not None
    return int(found[0].replace(",", ""))


def test_out_of_credits_one_buys_a_pack_and_goes_on_with_the_draft(page: Page, watch, studio):
    watch.allowed.append("402")
    email = sign_up(page)
    leave(studio, email, left=5)
    page.reload()
    ask(page, "more than there is", model="mock-scene", variants=4)
    page.get_by_role("dialog", name="Not enough credits").get_by_role("button", name="More credits").click()
    dialog = page.get_by_role("dialog", name="More credits")
    expect(dialog).to_contain_text("Your draft stays as it is")
    assert in_both_schemes(page, "upgrade dialog") == []
    dialog.get_by_role("button", name=re.compile(r"1,000 credits · \$12")).click()
    page.wait_for_url("**/mock-payments/pay/**")
    assert in_both_schemes(page, "mock's page") == []
    pay(page)
    page.get_by_role("link", name="Go on where you were").click()
    expect(page.locator("#prompt")).to_have_value("more than there is")
    expect(balance(page)).to_have_text(re.compile(r"\b1,005\b"))


def test_a_plan_a_larger_one_and_back_and_every_balance_is_what_was_said(page: Page, watch):
    sign_up(page)
    page.goto("/pricing")
    assert in_both_schemes(page, "pricing") == []
    page.get_by_role("button", name=re.compile(r"Store 100 · \$39")).click()
    pay(page)
    page.goto("/billing")
    expect(page.get_by_role("heading", name=re.compile("Store 100"))).to_be_visible()
    assert credits_shown(page) == 3000
    later(page, "7 days later")
    page.goto("/pricing")
    page.locator(".plan", has_text="Store 500").get_by_role("link").click()
    more = int(page.locator("#preview .plus").inner_text().strip("+ ").replace(",", ""))
    assert in_both_schemes(page, "preview") == []
    page.get_by_role("button", name=re.compile("Change and pay")).click()
    page.wait_for_url("**/billing")
    expect(page.get_by_role("heading", name=re.compile("Store 500"))).to_be_visible()
    assert credits_shown(page) == 3000 + more
    assert in_both_schemes(page, "billing") == []
    page.goto("/pricing")
    page.locator(".plan", has_text="Store 100").get_by_role("link").click()
    page.get_by_role("button", name="Change with the next period").click()
    page.wait_for_url("**/billing")
    expect(page.get_by_text("From then on")).to_be_visible()
    later(page, "31 days later")
    page.goto("/billing")
    expect(page.get_by_role("heading", name=re.compile("Store 100"))).to_be_visible()
    assert credits_shown(page) == 3000


def test_a_refund_takes_back_and_a_dispute_that_is_won_gives_back(page: Page, watch):
    sign_up(page)
    page.goto("/billing")
    page.get_by_role("button", name=re.compile(r"5,000 credits · \$50")).click()
    pay(page)
    assert credits_shown(page) == 5500
    page.goto("/billing")
    page.get_by_role("button", name="Cards and addresses").click()
    page.get_by_role("button", name="Refund half").click()
    expect(balance(page)).to_have_text(re.compile(r"\b3,000\b"))
    page.get_by_role("button", name="Dispute", exact=True).click()
    expect(balance(page)).to_have_text(re.compile(r"\b500\b"))
    page.get_by_role("button", name="Won").click()
    expect(balance(page)).to_have_text(re.compile(r"\b3,000\b"))
