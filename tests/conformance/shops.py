"""An organization at a till, and what it sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import psycopg

from packshot.db.tenancy import acting_as
from packshot.foundation.billing import commands, inbox
from packshot.foundation.billing.contracts import ChangePreview, OrderView, Standing
from packshot.foundation.billing.models import Record
from packshot.foundation.billing.plans import offers
from packshot.foundation.billing.queries import standing
from packshot.foundation.billing.states import load
from packshot.ports.payment_states import InvoiceState, PaymentState
from packshot.studio.credits.queries import balance
from tests.conformance.tills import Card, Till
from tests.conftest import Tenant

CREDIT = 1_000_000


def price(item: str, interval: str | None = "month") -> str:
    """The key of what is sold now."""
    return next(k for k, o in offers().items() if (o.price.item, o.price.interval) == (item, interval))


class Shop:
    def __init__(self, till: Till, tenant: Tenant) -> None:
        self.till, self.tenant, self.actor = till, tenant, tenant.actor

    def order(self, item: str, interval: str | None = "month", quantity: int = 1) -> OrderView:
        return commands.buy(self.actor, uuid4(), price(item, interval), quantity, "/billing")

    def buy(
        self,
        item: str,
        interval: str | None = "month",
        quantity: int = 1,
        card: Card = "ok",
        coupon: str = "",
    ) -> OrderView:
        """Order, pay, and hear of it."""
        order = self.order(item, interval, quantity)
        assert order.ref is not None
        self.till.pay(order.ref, card, coupon)
        self.till.deliver()
        return order

    def preview(self, item: str, interval: str = "month", quantity: int = 1) -> ChangePreview:
        return commands.preview(self.actor, price(item, interval), quantity)

    def confirm(self, found: ChangePreview) -> str | None:
        """Do what the preview said."""
        asked = found.asked
        return commands.change(self.actor, uuid4(), asked.price.key, asked.quantity, asked.at, asked.seen)

    @property
    def available(self) -> int:
        """Whole credits."""
        return balance(self.actor).available // CREDIT

    @property
    def micro(self) -> int:
        return balance(self.actor).available

    @property
    def debt(self) -> int:
        return balance(self.actor).debt

    @property
    def standing(self) -> Standing:
        return standing(self.actor)

    @property
    def plan(self) -> tuple[str, str]:
        found = self.standing.entitlement
        return found.plan, found.status

    @property
    def subscription(self) -> str:
        found = self.standing.subscription
        assert found is not None
        return found.ref

    def payments(self) -> list[PaymentState]:
        with acting_as(self.actor):
            found = [load(r.kind, r.state) for r in Record.objects.filter(kind="payment")]
        return sorted((p for p in found if isinstance(p, PaymentState)), key=lambda p: (p.created_at, p.ref))

    def invoices(self) -> list[InvoiceState]:
        with acting_as(self.actor):
            found = [load(r.kind, r.state) for r in Record.objects.filter(kind="invoice")]
        return sorted((i for i in found if isinstance(i, InvoiceState)), key=lambda i: (i.created_at, i.ref))

    def spend(self, credits_: int) -> None:
        """Whole credits, charged."""
        from packshot.studio.credits import commands as ledger

        hold = uuid4()
        ledger.reserve(
            self.tenant.organization_id, [(hold, credits_ * CREDIT)], key=f"r{hold}", expires_in=600
        )
        ledger.finalize(hold, credits_ * CREDIT, key=f"f{hold}", policy="cap")

    def seen(self) -> dict[str, object]:
        """Everything that people see of their money: what must not depend on how messages travel."""
        found = balance(self.actor)
        return {
            "available": found.available,
            "debt": found.debt,
            "allowance": found.allowance,
            "plan": self.plan,
            "lots": sorted((lot.source, lot.granted, lot.remaining, lot.frozen) for lot in found.lots),
        }


Open = Callable[..., Shop]


def clean(admin: psycopg.Connection, organization_id: UUID) -> None:
    """P1, P4, P9: the log alone comes to the same."""
    from packshot.studio.credits.verify import verify

    with psycopg.connect(admin.info.dsn, password=admin.info.password) as reading:
        assert verify(reading, organization_id).differences == []


def now() -> datetime:
    return inbox.now()
