"""What people, banks, workers and time do: each step picks its details by the seed, does them, and says so."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from packshot.adapters.mock.payments.desk import COUPON, Desk
from packshot.adapters.mock.payments.provider import MockPayments
from packshot.errors import Problem
from packshot.foundation.billing import commands as billing
from packshot.foundation.billing import inbox
from packshot.foundation.billing.queries import standing
from packshot.ports.payments import DisputeState, Kind, PaymentState, Refused, SubscriptionState
from packshot.studio.credits import commands as ledger
from packshot.studio.credits.errors import HoldEnded, InsufficientCredits, LedgerConflict
from tests.simulation.expected import CREDIT, Books, price
from tests.simulation.faults import CUTS, Faults
from tests.simulation.oracle import Studio
from tests.simulation.outside import Post
from tests.simulation.tasks import Task
from tests.simulation.world import World

PLANS: tuple[tuple[str, Literal["month", "year"], int], ...] = (
    ("pro", "month", 1),
    ("pro", "year", 1),
    ("team", "month", 1),
    ("team", "month", 3),
    ("store-100", "month", 1),
    ("store-500", "month", 1),
    ("store-500", "year", 1),
)
PACKS = (("pack-1000", 1), ("pack-1000", 3), ("pack-5000", 1))
CARDS = ("ok", "ok", "ok", "ok", "declined", "fails_later", "confirm", "bank", "bank_fails")


KNOWN = frozenset({"second plan", "whole plan back", "top-up by credit", "others' months", "unheard renewal"})
"""What is left out by default, because a promise is known to break there; `--all` leaves nothing out.

- second plan: a person pays a second page for a plan while a plan runs already.
- whole plan back: a plan's payment goes back whole (refund, lost dispute), which may turn out not to have been.
- top-up by credit: a pack is wholly paid by what the customer has to their credit.
- others' months: months that another payment or the free plan brought, in the period of a refunded payment, are clawed
  too (the oracle looks away).
- unheard renewal: a preview of a subscription that has been renewed and we have not heard (nobody compares).
"""


@dataclass
class Steps:
    """One seed's stage. A step returns a line for the story, or None where there was nothing to do."""

    rng: random.Random
    world: World
    mock: MockPayments
    post: Post
    faults: Faults
    studios: list[Studio]
    without: frozenset[str]
    tasks: list[tuple[Task, Callable[[object], None]]] = field(default_factory=list)
    again: list[tuple[str, Callable[[], object], Callable[[object], None]]] = field(default_factory=list)
    """What was asked with an id of ours and did not get its answer: somebody may ask once more."""
    holds: dict[UUID, tuple[Studio, int]] = field(default_factory=dict)
    refundable: dict[UUID, tuple[Studio, int]] = field(default_factory=dict)
    refunds: list[str] = field(default_factory=list)
    ids: int = 0

    def __post_init__(self) -> None:
        self.desk = Desk(self.mock)

    def id(self) -> UUID:
        self.ids += 1
        return UUID(int=0xDEF << 64 | self.ids)

    def studio(self) -> Studio:
        return self.rng.choice(self.studios)

    def books(self, studio: Studio) -> Books:
        return Books(self.mock, studio.customer)

    def begin(
        self, name: str, work: Callable[[], object], then: Callable[[object], None] | None = None
    ) -> str:
        """A process of its own; the scheduler goes on with it."""
        self.tasks.append((Task(name, work), then or (lambda _: None)))
        return name

    def repeatable(self, name: str, work: Callable[[], object], then: Callable[[object], None]) -> str:
        self.again.append((name, work, then))
        return self.begin(name, work, then)

    def settle_in(self) -> None:
        """Most have bought something before the history begins: there is more to go wrong then."""
        for studio in self.studios:
            if self.rng.random() < 0.7:
                item, interval, quantity = self.rng.choice(PLANS)
                key = price(item, interval).price.key
                order = billing.buy(studio.actor, self.id(), key, quantity, "/billing")
                assert order.ref is not None
                self.desk.pay(order.ref, self.rng.choice(("ok", "ok", "ok", "fails_later", "confirm")))

    # What people ask of us.

    def buy(self) -> str | None:
        studio, order = self.studio(), self.id()
        if self.rng.random() < 0.5:
            item, quantity = self.rng.choice(PACKS)
            key = price(item, None).price.key
            studio.packs[str(order)] = quantity * int(price(item, None).terms["credits"])
        else:
            item, interval, quantity = self.rng.choice(PLANS)
            key = price(item, interval).price.key
        name = f"{studio.name} orders {quantity} {key} ({order.int & 0xFFF})"
        return self.repeatable(
            name, lambda: billing.buy(studio.actor, order, key, quantity, "/billing"), lambda _: None
        )

    def come_back(self) -> str | None:
        studio = self.studio()
        orders = [c.order for c in self.books(studio).checkouts if c.order is not None]
        if not orders:
            return None
        order = self.rng.choice(orders)
        return self.begin(
            f"{studio.name} comes back to order {order.int & 0xFFF}",
            lambda: billing.fulfil(studio.actor, order),
        )

    def change(self) -> str | None:
        studio, act = self.studio(), self.id()
        if not self.books(studio).live():
            return None
        item, interval, quantity = self.rng.choice(PLANS)
        key = price(item, interval).price.key

        def work() -> object:
            found = billing.preview(studio.actor, key, quantity)
            heard = self.mock.fetch(Kind.SUBSCRIPTION, found.asked.subscription).states[0]
            assert isinstance(heard, SubscriptionState)
            late = "unheard renewal" in self.without and heard != standing(studio.actor).subscription
            if found.asked.when == "now" and not found.restarts and not late:
                studio.previews[str(act)] = (found.due_now.amount, found.credits)
            return billing.change(studio.actor, act, key, quantity, found.asked.at)

        return self.begin(f"{studio.name} changes to {quantity} {key}", work)

    def cancel(self) -> str | None:
        studio, act = self.studio(), self.id()
        if not self.books(studio).live():
            return None
        return self.repeatable(
            f"{studio.name} cancels", lambda: billing.cancel(studio.actor, act), lambda _: None
        )

    def resume(self) -> str | None:
        studio, act = self.studio(), self.id()
        if not any(s.cancel_at or s.scheduled for s in self.books(studio).live()):
            return None
        return self.begin(f"{studio.name} resumes", lambda: billing.resume(studio.actor, act))

    def top_up(self) -> str | None:
        """Automatic: the saved card, while nobody is there."""
        studio, order = self.studio(), self.id()
        if "top-up by credit" in self.without and self.desk_credit(studio):
            return None
        key = price("pack-1000", None).price.key
        studio.packs[str(order)] = int(price("pack-1000", None).terms["credits"])
        return self.repeatable(
            f"{studio.name} is topped up ({order.int & 0xFFF})",
            lambda: billing.charge(studio.id, order, key),
            lambda _: None,
        )

    def ask_again(self) -> str | None:
        if not self.again:
            return None
        name, work, then = self.rng.choice(self.again)
        return self.begin(f"again: {name}", work, then)

    # What people and banks do at the provider.

    def pay(self) -> str | None:
        studio = self.studio()
        # An address that never reached us reaches nobody.
        known = self.world.pages(studio.id)
        pages = [c.ref for c in self.books(studio).checkouts if c.status == "open" and c.ref in known]
        if "second plan" in self.without and self.books(studio).running():
            pages = [page for page in pages if self.desk.waiting(page).order.price.interval is None]
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
        if "whole plan back" in self.without and payment.order is None:
            left -= 1
        if left <= 0:
            return None
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
        if "whole plan back" in self.without and payment.order is None and payment.refunded:
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
        if way == "lost" and "whole plan back" in self.without and self._of_plan(found.payment):
            return None
        self.desk.close_dispute(found.ref, way)
        return f"dispute {found.ref} is {way}, was {found.status}"

    # Work that costs credits.

    def reserve(self) -> str | None:
        studio, hold = self.studio(), self.id()
        amount = self.rng.choice(
            (1, CREDIT, self.rng.randint(1, 300) * CREDIT, self.rng.randint(1, 4000 * CREDIT))
        )
        expires_in = self.rng.choice((600, 86_400, 10 * 86_400))
        name = f"{studio.name} reserves {amount} ({hold.int & 0xFFF})"
        try:
            self._command(
                lambda: ledger.reserve(studio.id, [(hold, amount)], key=f"r{hold}", expires_in=expires_in)
            )
        except InsufficientCredits:
            return f"{name}: there is not enough"
        self.holds[hold] = (studio, amount)
        return name

    def finalize(self) -> str | None:
        if not self.holds:
            return None
        hold = self.rng.choice(list(self.holds))
        studio, amount = self.holds.pop(hold)
        cost = self.rng.choice(
            (0, amount, self.rng.randint(0, amount), amount + self.rng.randint(0, 50 * CREDIT))
        )
        policy: Literal["cap", "draw", "debt"] = self.rng.choice(("cap", "cap", "draw", "debt"))
        found = self._command(lambda: ledger.finalize(hold, cost, key=f"f{hold}", policy=policy))
        studio.spent += found.charged
        if found.charged:
            self.refundable[hold] = (studio, found.charged)
        return f"{studio.name} is charged {found.charged} for {hold.int & 0xFFF} of {amount} ({policy})"

    def release(self) -> str | None:
        if not self.holds:
            return None
        hold = self.rng.choice(list(self.holds))
        studio, amount = self.holds.pop(hold)
        try:
            self._command(lambda: ledger.release(hold, key=f"x{hold}"))
        except HoldEnded:
            return f"{studio.name} releases {hold.int & 0xFFF} too late"
        return f"{studio.name} releases {amount} ({hold.int & 0xFFF})"

    def return_work(self) -> str | None:
        if not self.refundable:
            return None
        hold = self.rng.choice(list(self.refundable))
        studio, charged = self.refundable.pop(hold)
        amount = self.rng.randint(1, charged)
        try:
            found = self._command(lambda: ledger.refund(hold, amount, key=f"b{hold}"))
        except LedgerConflict:
            return f"{hold.int & 0xFFF} cannot be returned"
        studio.spent -= found.refunded
        return f"{studio.name} gets {amount} of {charged} back for {hold.int & 0xFFF}"

    # Messages, workers, time.

    def deliver(self) -> str | None:
        self.post.collect(self.world.now())
        return f"brought: {self.post.bring_one()}" if self.post.air else None

    def forge(self) -> str | None:
        return f"forged: {self.post.bring_forged()}" if self.post.ever else None

    def work(self) -> str | None:
        due = self.world.due()
        if not due:
            return None
        message = self.rng.choice(due)
        self.world.next(message)
        return self.begin(f"a worker takes message {message}", lambda: inbox.work(1))

    def reconcile(self) -> str | None:
        self.world.next(None)
        self.post.collect(self.world.now())

        def done(_: object) -> None:
            self.post.lost_since = None

        return self.begin("reconcile", inbox.reconcile, done)

    def tidy(self) -> str:
        row = self.world.admin.execute("select credits_tidy_v1(100)").fetchone()
        assert row is not None
        return f"{row[0]} wallets tidied"

    def forward(self) -> str | None:
        by = self.rng.choice(
            (
                timedelta(minutes=self.rng.randint(1, 59)),
                timedelta(minutes=self.rng.randint(1, 59)),
                timedelta(hours=self.rng.randint(1, 23)),
                timedelta(hours=self.rng.randint(1, 23)),
                timedelta(days=self.rng.randint(1, 8)),
                timedelta(days=self.rng.randint(1, 8)),
                timedelta(days=self.rng.randint(20, 40)),
            )
        )
        studio = self.studio()
        ends = [s.period_end for s in self.books(studio).live()]
        if ends and self.rng.random() < 0.3:
            # To a moment just beside a period's end.
            by = max(
                ends[0] - self.world.now() + timedelta(seconds=self.rng.choice((-1, 0, 1))), timedelta(0)
            )
        if self.post.lost_since is not None:
            # What was lost is looked for each night.
            by = min(by, max(self.post.lost_since + timedelta(days=2) - self.world.now(), timedelta(0)))
        self.world.forward(by)
        self.post.collect(self.world.now())
        return f"{by} later it is {self.world.now():%Y-%m-%d %H:%M:%S}"

    # Parts.

    def desk_credit(self, studio: Studio) -> int:
        """What the customer has to their credit at the provider."""
        return self.desk.account(studio.customer).customer.credit if self.books(studio).checkouts else 0

    def _of_plan(self, payment: str) -> bool:
        return any(p.ref == payment and p.order is None for s in self.studios for p in self.books(s).payments)

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

    def _command(self, act: Callable[[], Any]) -> Any:
        """A command of the ledger; now and then the connection breaks on its way, or the answer was lost and it is
        sent again: it must be the same answer."""
        kind = self.rng.choice(CUTS) if self.rng.random() < 0.15 else None
        with self.faults.armed(kind):
            try:
                first: Any = act()
            except Problem as error:
                first = error
        if self.rng.random() < 0.2:
            try:
                second: Any = act()
            except Problem as error:
                second = error
            if repr(first) != repr(second):
                raise AssertionError(f"sent again, it is {second!r} instead of {first!r}")
        if isinstance(first, Problem):
            raise first
        return first
