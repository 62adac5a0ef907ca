"""A customer's whole way, from the first draft to the last refund: with the mock, and with Stripe's fake.

After every step what pages say, the credits page by lot, and the database agree with what was said before it was
confirmed: money to the cent, credits to the credit.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from uuid_utils.compat import uuid7

from packshot.studio.credits.money import MICRO
from tests import homes
from tests.e2e.axe import in_both_schemes
from tests.e2e.conftest import Watch
from tests.e2e.studio import Studio
from tests.e2e.tills import BOOK, TILLS, Till
from tests.e2e.walk import (
    PICTURES_MS,
    ask,
    available,
    faces,
    invitation,
    leave,
    sign_up,
    sign_up_by_page,
    sign_up_invited,
)

PROMPT = "A mug on oak, seen from above"


@pytest.fixture(scope="module", params=TILLS)
def till(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """A studio of its own: its clock goes forward."""
    made = TILLS[request.param](tmp_path_factory.mktemp("customer") / "home")
    yield made
    made.stop()
    homes.forget(made.studio.home)


@pytest.fixture(scope="module")
def studio(till: Till) -> Studio:
    return till.studio


@pytest.fixture
def watch(context: BrowserContext, till: Till) -> Iterator[Watch]:
    watching = Watch(context, till.studio.address, till.origin)
    yield watching
    watching.check()


@dataclass(frozen=True)
class Purse:
    """Whole credits by lot, in the order in which they are spent."""

    included: tuple[int, ...]
    bought: int = 0

    @property
    def lots(self) -> list[tuple[str, int]]:
        bought = [("purchased", self.bought)] if self.bought else []
        return [*(("included", left) for left in self.included), *bought]

    @property
    def total(self) -> int:
        return sum(self.included) + self.bought


WORDS = {"Monthly allowance": "included", "Bought": "purchased"}


@dataclass
class Customer:
    """The person, and what they were told they would have."""

    page: Page
    till: Till
    email: str
    purse: Purse

    def has(self, *included: int, bought: int = 0) -> None:
        """The header, the credits page and the database say the same, as soon as the provider's message is heard."""
        self.purse = Purse(included, bought)
        self.reload_until("/settings/credits", lambda: self._by_lot() == self.purse.lots)
        assert self._by_lot() == self.purse.lots
        assert available(self.page) == self.purse.total
        expect(self.page.locator(".credits-figure").first).to_have_text(f"{self.purse.total:,}")
        assert self._stored() == (
            self.purse.total * MICRO,
            [(name, left * MICRO) for name, left in self.purse.lots],
        )

    def still(self) -> None:
        self.has(*self.purse.included, bought=self.purse.bought)

    def reload_until(self, address: str, seen: Callable[[], bool]) -> None:
        """Look again, as a person does who waits for a payment to arrive."""
        for _ in range(60):
            self.page.goto(address)
            if seen():
                return
            self.page.wait_for_timeout(250)

    def _by_lot(self) -> list[tuple[str, int]]:
        rows = self.page.get_by_role("table", name="Where your credits come from").locator("tbody tr")
        cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
        return [(WORDS[each[0].split("\n")[0].strip()], number(each[1])) for each in cells]

    def _stored(self) -> tuple[int, list[tuple[str, int]]]:
        """In micro-credits."""
        with psycopg.connect(self.till.studio.database_url) as connection:
            row = connection.execute(
                "select credits_balance_at_v1(w.id, app.now()) from credits_wallet as w"
                " join organizations_membership as m on m.organization_id = w.organization_id"
                " join accounts_user as u on u.id = m.user_id where u.email = %s and m.role = 'owner'",
                [self.email],
            ).fetchone()
        assert row is not None
        assert row[0]["debt"] == row[0]["held"] == 0
        return row[0]["available"], [(lot["source"], lot["remaining"]) for lot in row[0]["lots"]]

    def paid(self, *totals: str) -> None:
        """The invoices, newest first, are of these amounts to the cent."""
        amounts = self.page.locator("section", has_text="Invoices").locator("tbody tr td:nth-child(3)")
        wanted = [f"${total}" for total in totals]
        self.reload_until("/billing", lambda: amounts.all_inner_texts() == wanted)
        assert amounts.all_inner_texts() == wanted

    def plan(self, name: str) -> None:
        title = self.page.get_by_role("heading", name=re.compile(name))
        self.reload_until("/billing", title.is_visible)
        expect(title).to_be_visible()


def number(text: str) -> int:
    return int(re.sub(r"[^\d]", "", text))


def preview(page: Page) -> dict[str, str]:
    """What is said before it is confirmed, by its name."""
    sums = page.locator("#preview")
    expect(sums).to_be_visible()
    names, values = sums.locator("dt").all_inner_texts(), sums.locator("dd").all_inner_texts()
    found = {name.strip(): value.strip() for name, value in zip(names, values, strict=True)}
    return {re.sub(r", on .*", "", name): value.lstrip("$") for name, value in found.items()}


def test_a_customer_pays_and_is_paid_back(
    page: Page, watch: Watch, till: Till, somebody: Callable[[], Page]
) -> None:
    watch.allowed += ["402", "409"]  # which browsers write into their console
    customer = Customer(page, till, sign_up_by_page(page), Purse((500,)))
    customer.still()
    cost = begin(customer)
    customer.has(30_000 - cost)
    customer.paid("147.00")

    buy_a_pack(customer)
    customer.has(30_000 - cost, bought=1000)
    customer.paid("12.00", "147.00")

    people = invite_two(customer, somebody)
    till.later(page, 7)
    seat, more = meet_the_cap(customer)
    customer.has(30_000 - cost, more, bought=1000)
    customer.paid(seat, "12.00", "147.00")
    assert available_to(people[0]) == customer.purse.total, "one wallet for all"

    renewal = downgrade(customer)
    customer.still()
    till.later(page, 31)
    customer.plan("Pro")
    customer.has(3000, bought=1000)
    customer.paid(renewal, seat, "12.00", "147.00")

    till.refund_half(page, "12.00")
    customer.has(3000, bought=500)
    till.refund_half(page, renewal)
    customer.has(1500, bought=500)
    till.dispute(page, "12.00")
    customer.has(1500)
    till.win(page)
    customer.has(1500, bought=500)

    till.cancel(page)
    keep = page.locator(".plan-notice").get_by_role("button", name="Keep the plan")
    customer.reload_until("/billing", keep.is_visible)
    keep.click()
    expect(page.get_by_text("The plan goes on as it is.")).to_be_visible()
    customer.still()
    nothing_is_left_over(till.studio)


def begin(customer: Customer) -> int:
    """Out of credits with a draft, a plan from the dialog, and the draft is sent; what it cost."""
    page, till = customer.page, customer.till
    leave(till.studio, customer.email, left=5)
    page.goto("/")
    ask(page, PROMPT, model="mock-scene", variants=4)
    page.get_by_role("dialog", name="Not enough credits").get_by_role("button", name="More credits").click()
    dialog = page.get_by_role("dialog", name="More credits")
    expect(dialog).to_contain_text("Your draft stays as it is")
    judged(till, page, "the upgrade dialog")
    team = dialog.locator("form.buy").filter(has=page.get_by_role("button", name=re.compile("Team")))
    team.get_by_label("Seats").fill("3")
    team.get_by_role("button").click()
    till.pay(page, "147.00", twice=True)
    expect(page.get_by_role("heading", name="Thank you, it is paid")).to_be_visible()
    customer.has(30_000)
    page.go_back()
    page.get_by_role("link", name="Go on where you were").click()
    expect(page.locator("#prompt")).to_have_value(PROMPT)
    send = page.locator("button.send")
    expect(send).to_contain_text("credits")
    cost = number(send.inner_text().split("·")[1])
    send.click()
    expect(faces(page, PROMPT, "done")).to_have_count(4, timeout=PICTURES_MS)
    return cost


def buy_a_pack(customer: Customer) -> None:
    page = customer.page
    page.goto("/billing")
    judged(customer.till, page, "billing")
    page.get_by_role("button", name=re.compile(r"1,000 credits · \$12")).first.click()
    customer.till.pay(page, "12.00")
    expect(page.get_by_text("1,000 credits are in your wallet.")).to_be_visible()


def invite_two(customer: Customer, somebody: Callable[[], Page]) -> tuple[Page, Page]:
    """One has an account, one makes it on the way; both accept by the link in their mail."""
    page, known, new = customer.page, somebody(), somebody()
    with_account, without = sign_up(known), f"person-{uuid7()}@example.com"
    ask_for(page, f"{with_account}\n{without}")
    expect(page.get_by_text("3 of 3 seats taken")).to_be_visible()
    known.goto(invitation(customer.till.studio, with_account))
    known.get_by_role("button", name="Accept").click()
    new.goto(invitation(customer.till.studio, without))
    sign_up_invited(new, without)
    new.get_by_role("button", name="Accept").click()
    for each in (known, new):
        expect(each.locator("studio-toast")).to_contain_text("Welcome to")
        assert available_to(each) == customer.purse.total
    return known, new


def meet_the_cap(customer: Customer) -> tuple[str, int]:
    """No seat is left for a fourth person: one more is offered for the rest of the period, and bought with the
    invitation. What it cost and brought, as it was said."""
    page = customer.page
    ask_for(page, "fourth@example.com")
    expect(page.get_by_text("One seat more is needed.")).to_be_visible()
    said = preview(page)
    judged(customer.till, page, "the preview of a seat")
    assert said["Credits each month from then on"] == "40,000"
    assert said["Next invoice"] == "196.00"
    assert 0 < number(said["Charged now"]) < 4900
    page.get_by_role("button", name=f"Pay ${said['Charged now']} and invite").click()
    expect(page.get_by_text("4 of 4 seats taken")).to_be_visible()
    expect(page.get_by_text("fourth@example.com").first).to_be_visible()
    return said["Charged now"], number(said["Credits now"])


def downgrade(customer: Customer) -> str:
    """To Pro with the next period; what that will cost."""
    page = customer.page
    page.goto("/pricing")
    judged(customer.till, page, "pricing")
    page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name=BOOK.plans["pro"].name, exact=True)
    ).get_by_role("link").click()
    said = preview(page)
    assert said["Charged now"] == "0.00"
    assert said["Credits each month from then on"] == "3,000"
    page.get_by_role("button", name="Change with the next period").click()
    page.wait_for_url("**/billing")
    expect(page.get_by_text("From then on")).to_be_visible()
    customer.plan("Team")
    return said["Next invoice"]


def ask_for(page: Page, addresses: str) -> None:
    page.goto("/settings/members")
    page.get_by_role("link", name="Invite people").click()
    page.get_by_role("dialog").get_by_label("E-mail addresses").fill(addresses)
    page.get_by_role("button", name="Send invitations").click()


def available_to(page: Page) -> int:
    page.goto("/settings/credits")
    return available(page)


def judged(till: Till, page: Page, what: str) -> None:
    """Once: the pages are the same whoever takes the money."""
    if till.origin == till.studio.address:
        assert in_both_schemes(page, what) == []


def nothing_is_left_over(studio: Studio) -> None:
    """No message waits for an operator, and the ledger is what its log says."""
    with psycopg.connect(studio.database_url) as connection:
        left = connection.execute(
            "select state, error from billing_message where state in ('dead', 'parked')"
        ).fetchall()
    assert left == []
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "PACKSHOT_HOME")}
    command = [sys.executable, "-m", "packshot", "ledger", "verify", "--json", "--home", str(studio.home)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["clean"] is True
