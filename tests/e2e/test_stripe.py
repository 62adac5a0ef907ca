"""A person buys, changes and is paid back, in a real browser, with Stripe's fake and its worst weather."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pydantic import SecretStr

from packshot.adapters.stripe.provider import StripePayments
from packshot.foundation.billing.plans import read
from tests import homes
from tests.e2e.studio import Studio
from tests.e2e.walk import balance, sign_up
from tests.fakes.stripe import Chaos, Stripe

BOOK = read((files("packshot.foundation.billing") / "plans.toml").read_text())


@pytest.fixture(scope="module")
def stripe() -> Iterator[Stripe]:
    weather = Chaos(seed=7, duplicate=0.3, reorder=True, delay=0.2, forge=0.2)
    with Stripe(weather, sends=True) as fake:
        yield fake


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, stripe: Stripe) -> Iterator[Studio]:
    """A studio of its own, which sells with Stripe."""
    secret = f"whsec_{secrets.token_hex(16)}"
    _sync(stripe)
    started = Studio(
        tmp_path_factory.mktemp("paying") / "home",
        PACKSHOT_TRUSTED_PROXIES="1",
        PACKSHOT_PAYMENTS="stripe",
        PACKSHOT_STRIPE_KEY=stripe.key,
        PACKSHOT_STRIPE_URL=stripe.url,
        PACKSHOT_STRIPE_WEBHOOK_SECRET=secret,
    )
    stripe.endpoint(f"{started.address}/hooks/payments/stripe/").secret = secret
    yield started
    started.stop()
    homes.forget(started.home)


def _sync(stripe: Stripe) -> None:
    prices = [offer.price for offer in BOOK.offers("usd")]
    seller = StripePayments(SecretStr(stripe.key), secrets=[], now=lambda: datetime.now(UTC), url=stripe.url)
    assert list(seller.sync(prices, write=True))


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Without the watch of other tests: this one goes to another origin, which has no icon."""
    return context.new_page()


def until(page: Page, credits_: str) -> None:
    """Go on looking until a message has arrived, as a person reloads a page; then the pill must say it."""
    reload_until(page, lambda: shown(credits_).search(balance(page).inner_text()) is not None)
    expect(balance(page)).to_have_text(shown(credits_))


def shown(credits_: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\d,]){re.escape(credits_)}(?![\d,])")


def reload_until(page: Page, seen: Callable[[], bool]) -> None:
    for _ in range(40):
        page.goto("/billing")
        if seen():
            return
        page.wait_for_timeout(500)


def pay(page: Page, stripe: Stripe, number: str) -> None:
    page.wait_for_url(f"{stripe.url}/checkout/**")
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name="Pay").click()


def plan(page: Page, key: str) -> Locator:
    """The card of a plan on the page of prices."""
    return page.locator("li.plan", has=page.get_by_role("heading", name=BOOK.plans[key].name, exact=True))


def test_a_person_buys_upgrades_and_is_paid_back(page: Page, studio: Studio, stripe: Stripe) -> None:
    sign_up(page)
    # A plan: the first card is declined, the second asks the bank.
    page.goto("/pricing")
    plan(page, "store-100").get_by_role("button").click()
    pay(page, stripe, "4000000000000002")
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    pay(page, stripe, "4000002500003155")
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible()
    until(page, "3,000")

    # A pack.
    page.get_by_role("button", name=re.compile("1,000 credits")).first.click()
    pay(page, stripe, "4242424242424242")
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible()
    until(page, "4,000")

    # An upgrade costs and brings what was said.
    page.goto("/pricing")
    plan(page, "store-500").get_by_role("link").click()
    said = page.locator("#preview").inner_text()
    due = re.search(r"Charged now\s+\D*([\d.]+)", said)
    more = re.search(r"Credits now\s+\+([\d,]+)", said)
    assert due is not None
    assert more is not None
    page.get_by_role("button", name=re.compile("Change and pay")).click()
    expect(page.get_by_role("heading", name=re.compile(BOOK.plans["store-500"].name))).to_be_visible()
    until(page, f"{4000 + int(more[1].replace(',', '')):,}")
    paid = [each["data"]["object"] for each in stripe.events("invoice.paid")][-1]
    assert paid["total"] == round(float(due[1]) * 100)

    # The pack is given back, and a dispute about it is won.
    before = 4000 + int(more[1].replace(",", ""))
    pack = next(
        each["data"]["object"]
        for each in stripe.events("checkout.session.completed")
        if each["data"]["object"]["mode"] == "payment"
    )["payment_intent"]
    stripe.refund(pack, 600)
    until(page, f"{before - 500:,}")
    dispute = stripe.dispute(pack)["id"]
    until(page, f"{before - 1000:,}")
    stripe.close_dispute(dispute, won=True)
    until(page, f"{before - 500:,}")

    # The portal: there and back.
    page.get_by_role("button", name="Cards and addresses").click()
    page.wait_for_url(f"{stripe.url}/portal/**")
    page.get_by_role("button", name="Cancel plan").click()
    page.get_by_role("link", name="Return").click()
    ends = page.locator(".plan-notice").get_by_role("button")
    reload_until(page, ends.is_visible)
    expect(ends).to_be_visible()

    # Every message came, was believed or refused, and none is left over.
    statuses = {status for _, status in stripe.sender.answers}
    assert statuses <= {204, 401}
    with psycopg.connect(studio.database_url) as connection:
        left = connection.execute(
            "select state, count(*) from billing_message where state in ('dead', 'parked') group by state"
        ).fetchall()
    assert left == []
    assert UUID(pack_order(stripe, pack))


def pack_order(stripe: Stripe, intent: str) -> str:
    """Our id, which travelled there and back."""
    return str(stripe.world.objects[intent]["metadata"]["packshot_order"])
