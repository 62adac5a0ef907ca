"""What people ask of us, and what workers and time do: each step picks its details by the seed and says what it did."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from packshot.foundation.billing import commands as billing
from packshot.foundation.billing import inbox
from tests.simulation.banks import Banks
from tests.simulation.expected import price
from tests.simulation.work import Work

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


class Steps(Banks, Work):
    """Every step says a line of the story, or None where there was nothing to do."""

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
        name = f"{studio.name} changes to"
        item, interval, quantity = self.rng.choice(PLANS)
        key = price(item, interval).price.key

        def work() -> object:
            found = billing.preview(studio.actor, key, quantity)
            if found.asked.when == "now" and not found.restarts:
                studio.previews[str(act)] = (found.due_now.amount, found.credits)
            return billing.change(studio.actor, act, key, quantity, found.asked.at, found.asked.seen)

        return self.begin(f"{name} {quantity} {key}", work)

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
