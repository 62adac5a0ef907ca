"""What people and banks do at the provider, of which we hear by its messages alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from packshot.adapters.mock.payments.desk import COUPON
from packshot.ports.payment_states import DisputeState, PaymentState
from packshot.ports.payments import Refused
from tests.simulation.expected import Books
from tests.simulation.stage import Stage

CARDS = ("ok", "ok", "ok", "ok", "declined", "fails_later", "confirm", "bank", "bank_fails")


class Banks(Stage):
    def pay(self) -> str | None:
        studio = self.studio()
        # An address that never reached us reaches nobody.
        known = self.world.pages(studio.id)
        pages = [c.ref for c in self.books(studio).checkouts if c.status == "open" and c.ref in known]
        if not pages:
            return None
        open_ = [page for page in pages if self.desk.waiting(page).order.expires_at > self.world.now()]
        page = self.rng.choice(open_ if open_ and self.rng.random() < 0.9 else pages)
        card = self.rng.choice(CARDS)
        coupon = COUPON if self.rng.random() < 0.05 else ""
        return self._there(
            f"{studio.name} pays {page} by {card} {coupon}", lambda: self.desk.pay(page, card, coupon)
        )

    def save_card(self) -> str | None:
        studio = self.studio()
        if not self.books(studio).checkouts:
            return None
        card = self.rng.choice(CARDS)
        return self._there(
            f"{studio.name} saves the card {card}", lambda: self.desk.save_card(studio.customer, card)
        )

    def confirm(self) -> str | None:
        studio, yes = self.studio(), self.rng.random() < 0.7
        waiting = [p.ref for p in self.books(studio).payments if p.status == "action_needed"]
        if not waiting:
            return None
        ref = self.rng.choice(waiting)
        return self._there(f"{studio.name} says {yes} to {ref}", lambda: self.desk.confirm(ref, yes=yes))

    def refund(self) -> str | None:
        payment = self._paid(lambda books, p: p.refunded < p.amount.amount and not books.disputed(p))
        if payment is None:
            return None
        left = payment.amount.amount - payment.refunded
        amount = left if self.rng.random() < 0.3 else self.rng.randint(1, left)
        fails = self.rng.random() < 0.3
        found = self.desk.refund(payment.ref, amount, fails=fails)
        if fails:
            self.refunds.append(found.ref)
        return f"{amount} of {payment.amount.amount} of {payment.ref} is refunded ({found.ref}, {fails=})"

    def fail_refund(self) -> str | None:
        if not self.refunds:
            return None
        ref = self.refunds.pop(self.rng.randrange(len(self.refunds)))
        self.desk.fail_refund(ref)
        return f"refund {ref} fails"

    def dispute(self) -> str | None:
        payment = self._paid(
            lambda books, p: (
                p.refunded < p.amount.amount and not any(d.payment == p.ref for d in books.disputes)
            )
        )
        if payment is None:
            return None
        inquiry = self.rng.random() < 0.3
        return f"{payment.ref} is disputed: {self.desk.dispute(payment.ref, inquiry=inquiry).ref}, {inquiry=}"

    def decide(self) -> str | None:
        """A dispute goes on: an inquiry becomes one or not, an open one is won or lost, a lost one reinstated."""
        disputes = [d for d in self.books(self.studio()).disputes if d.status in ("inquiry", "open", "lost")]
        if not disputes:
            return None
        found: DisputeState = self.rng.choice(disputes)
        ways: dict[str, tuple[Literal["won", "lost", "open", "prevented"], ...]] = {
            "inquiry": ("open", "prevented"),
            "open": ("won", "lost"),
            "lost": ("won",),
        }
        way = self.rng.choice(ways[found.status])
        self.desk.close_dispute(found.ref, way)
        return f"dispute {found.ref} is {way}, was {found.status}"

    # Parts.

    def _there(self, name: str, act: Callable[[], object]) -> str:
        try:
            act()
        except Refused as error:
            return f"{name}: {error}"
        return name

    def _paid(self, fits: Callable[[Books, PaymentState], bool]) -> PaymentState | None:
        books = self.books(self.studio())
        found = [
            p for p in books.payments if p.status == "succeeded" and p.amount.amount > 0 and fits(books, p)
        ]
        return self.rng.choice(found) if found else None
