"""A tenant that has paid, without a provider: what the matrices of tenancy need in billing's tables."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7

from packshot.db.sql import call, rows
from packshot.db.tenancy import acting_as
from packshot.foundation.billing import inbox, projecting
from packshot.ports.money import Money
from packshot.ports.payment_states import CheckoutState, InvoiceState, Seen
from packshot.settings import settings
from tests.conformance.shops import price
from tests.conftest import Tenant


def paid(tenant: Tenant) -> UUID:
    """Order a pack and have it paid at a provider called `mock`; the order's id."""
    order, nothing = UUID(str(uuid7())), Money(0, "usd")
    with acting_as(tenant.actor):
        rows("billing_open_order_v1", order, "pack", price("pack-1000", None), 1, "mock", "/", 3600)
    customer = f"cu_{tenant.organization_id}"
    call("billing_order_page_v1", order, f"co_{order}", customer)
    call("billing_order_opened_v1", order, "https://pay.example/")
    checkout = CheckoutState(
        f"co_{order}", order, "complete", "free", customer, None, None, None, nothing, nothing
    )
    projecting.apply("mock", Seen(inbox.now(), (checkout, _invoice(order, customer))))
    return order


def _invoice(order: UUID, customer: str) -> InvoiceState:
    now, nothing, ref = inbox.now(), Money(0, "usd"), invoice_of(order)
    return InvoiceState(
        ref=ref, customer=customer, subscription=None, order=order, number=None, status="paid", reason="pack",
        total=nothing, tax=nothing, due=nothing, created_at=now, due_at=now, paid_at=now, next_attempt_at=None,
        payment=None, lines=(), hosted_url=None, pdf_url=f"{settings().address}/billing/invoices/{ref}.pdf",
    )  # fmt: skip


def invoice_of(order: UUID) -> str:
    """The ref of that order's invoice."""
    return f"in_{order}"
