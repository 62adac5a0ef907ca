"""Two payment providers as a person meets them in a browser, and what banks do behind their back."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import psycopg
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from packshot.adapters.stripe.provider import StripePayments
from packshot.foundation.billing.plans import read
from tests.e2e.studio import Studio
from tests.fakes.stripe import Chaos, Stripe

BOOK = read((files("packshot.foundation.billing") / "plans.toml").read_text())
_COMMON = {"PACKSHOT_MOCK_PROVIDER": "true", "PACKSHOT_TRUSTED_PROXIES": "1"}


class Till(ABC):
    """A studio that sells with one provider. Amounts are dollars as pages write them, `12.00`."""

    studio: Studio
    origin: str
    """Where the provider's pages are."""

    @abstractmethod
    def pay(self, page: Page, total: str, *, twice: bool = False) -> None:
        """On the provider's page, which asks for this total; with `twice` the first card is declined."""

    @abstractmethod
    def later(self, page: Page, days: int) -> None:
        """The clock of the studio and the provider goes on by 7, 31 or more days that the mock offers."""

    @abstractmethod
    def refund_half(self, page: Page, total: str) -> None:
        """Half of the payment of this total goes back."""

    @abstractmethod
    def dispute(self, page: Page, total: str) -> None:
        """The bank asks the payment of this total back."""

    @abstractmethod
    def win(self, page: Page) -> None:
        """It decides for the studio."""

    @abstractmethod
    def cancel(self, page: Page) -> None:
        """The plan is cancelled with the end of its period, where the person looks after cards."""

    @abstractmethod
    def stop(self) -> None: ...


class MockTill(Till):
    def __init__(self, home: Path) -> None:
        self.studio = Studio(home, PACKSHOT_PAYMENTS="mock", **_COMMON)
        self.origin = self.studio.address

    def pay(self, page: Page, total: str, *, twice: bool = False) -> None:
        page.wait_for_url("**/mock-payments/pay/**")
        expect(page.locator(".price")).to_have_text(f"${total}")
        for card in ("declined", "ok") if twice else ("ok",):
            page.locator(f"input[name=card][value={card}]").check()
            page.get_by_role("button", name="Pay", exact=True).click()
            if card == "declined":
                expect(page.get_by_role("alert")).to_contain_text(
                    "The card was declined. Nothing was charged"
                )

    def later(self, page: Page, days: int) -> None:
        page.goto("/mock-payments/clock")
        page.get_by_role("button", name=f"{days} days later").click()
        expect(page.get_by_text("It is later now.")).to_be_visible()

    def refund_half(self, page: Page, total: str) -> None:
        self._press(page, f"${total}", "Refund half")

    def dispute(self, page: Page, total: str) -> None:
        self._press(page, f"${total}", "Dispute")

    def win(self, page: Page) -> None:
        self._press(page, "open", "Won")

    def _press(self, page: Page, of: str, button: str) -> None:
        page.goto("/billing")
        page.get_by_role("button", name="Cards and addresses").click()
        line = page.get_by_role("listitem").filter(has_text=of)
        with page.expect_navigation():
            line.get_by_role("button", name=button, exact=True).click()

    def cancel(self, page: Page) -> None:
        page.goto("/billing")
        page.get_by_role("button", name="Cancel the plan").click()
        expect(page.get_by_text("The plan ends with the period that is paid.")).to_be_visible()

    def stop(self) -> None:
        self.studio.stop()


class StripeTill(Till):
    """Stripe's fake in its worst weather: messages come twice, in any order, late and forged."""

    def __init__(self, home: Path) -> None:
        self.fake = Stripe(Chaos(seed=7, duplicate=0.3, reorder=True, delay=0.2, forge=0.2), sends=True)
        self.fake.__enter__()
        self.origin = self.fake.url
        secret = f"whsec_{secrets.token_hex(16)}"
        self._sync()
        self.studio = Studio(
            home,
            PACKSHOT_PAYMENTS="stripe",
            PACKSHOT_STRIPE_KEY=self.fake.key,
            PACKSHOT_STRIPE_URL=self.fake.url,
            PACKSHOT_STRIPE_WEBHOOK_SECRET=secret,
            **_COMMON,
        )
        self.fake.endpoint(f"{self.studio.address}/hooks/payments/stripe/").secret = secret

    def _sync(self) -> None:
        """As `packshot plans sync stripe` does."""
        prices = [offer.price for offer in BOOK.offers("usd")]
        seller = StripePayments(
            SecretStr(self.fake.key), secrets=[], now=lambda: datetime.now(UTC), url=self.fake.url
        )
        assert list(seller.sync(prices, write=True))

    def pay(self, page: Page, total: str, *, twice: bool = False) -> None:
        page.wait_for_url(f"{self.fake.url}/checkout/**")
        expect(page.locator("strong")).to_have_text(f"{total} USD")
        if not twice:
            self._card(page, "4242424242424242")
            return
        self._card(page, "4000000000000002")
        expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
        self._card(page, "4000002500003155")
        page.get_by_role("button", name="Complete").click()  # the bank's page

    def _card(self, page: Page, number: str) -> None:
        page.get_by_label("Card number").fill(number)
        page.get_by_role("button", name="Pay").click()

    def later(self, page: Page, days: int) -> None:
        with psycopg.connect(self.studio.database_url, autocommit=True) as connection:
            # Two hours more: Stripe keeps the invoice of a new period open for about one.
            connection.execute(
                "select billing_advance_clock_v1(make_interval(days => %s, hours => 2))", [days]
            )
        self.fake.advance(days * 86_400 + 7_200)

    def refund_half(self, page: Page, total: str) -> None:
        cents = self._cents(total)
        self.fake.refund(self._payment(cents), cents // 2)

    def dispute(self, page: Page, total: str) -> None:
        self._disputed = self.fake.dispute(self._payment(self._cents(total)))["id"]

    def win(self, page: Page) -> None:
        self.fake.close_dispute(self._disputed, won=True)

    def cancel(self, page: Page) -> None:
        page.goto("/billing")
        page.get_by_role("button", name="Cards and addresses").click()
        page.wait_for_url(f"{self.fake.url}/portal/**")
        page.get_by_role("button", name="Cancel plan").click()
        page.get_by_role("link", name="Return").click()

    def _cents(self, total: str) -> int:
        return int(total.replace(",", "").replace(".", ""))

    def _payment(self, cents: int) -> str:
        with self.fake.world.lock:
            [found] = self.fake.world.all("payment_intent", amount=cents, status="succeeded")
        return str(found["id"])

    def stop(self) -> None:
        self.studio.stop()
        statuses = {status for _, status in self.fake.sender.answers}
        self.fake.__exit__()
        assert statuses <= {204, 401}, "every message is believed or refused"


TILLS = {"mock": MockTill, "stripe": StripeTill}
