"""Every write that a person asks for: buy, change, cancel. Providers are asked outside of transactions.

Each act carries an id of ours that the caller chose: made again with it, it is the same act.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import get_language

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Conflict, Invalid, NotFound
from packshot.foundation.audit.commands import record
from packshot.foundation.billing import projecting, providers
from packshot.foundation.billing.changing import as_change, change_asked, outcome
from packshot.foundation.billing.contracts import ChangePreview, OrderView
from packshot.foundation.billing.errors import Declined, NotPossible, NotSold, ProviderAway
from packshot.foundation.billing.months import difference, month_at
from packshot.foundation.billing.plans import book, offers, published
from packshot.foundation.billing.queries import order as read_order
from packshot.foundation.billing.queries import order_view, priced, standing, subscription_of, unended
from packshot.ports.money import Money
from packshot.ports.payment_states import Kind
from packshot.ports.payments import (
    Ability,
    ByHand,
    Charge,
    Missing,
    Order,
    Page,
    Payer,
    Payments,
    PaymentsUnavailable,
    Refused,
)
from packshot.settings import settings

_LIFE_S = 23 * 3600
"""How long a page to pay on stays open: what providers allow is a day."""
_PATIENCE = timedelta(hours=1)
"""How long a preview may be looked at before it must be made anew."""


def publish_plans() -> None:
    """Bring the plans of plans.toml into the database; the worker's login. Raises Conflict for a reused price."""
    plans, prices = published()
    call("billing_publish_v1", plans, prices)


def buy(actor: Actor, order_id: UUID, price: str, quantity: int, back: str) -> OrderView:
    """Order a plan or a pack: the order knows the provider's page to pay on.

    `back` is the path that the person comes back to. Raises NotSold, NotFound, Conflict (there is a plan already),
    Invalid, Forbidden and ProviderAway.
    """
    offer = offers().get(price)
    if offer is None:
        raise NotFound("This is not sold any more.")
    kind = "subscription" if offer.kind == "plan" else "pack"
    _need(Ability.SUBSCRIBE if offer.kind == "plan" else Ability.PACK)
    provider = providers.provider()
    with acting_as(actor):
        opened = rows(
            "billing_open_order_v1", order_id, kind, price, quantity, provider.name, safe_path(back), _LIFE_S
        )[0]
        payer = _payer(rows("billing_payer_v1", provider.name)[0])
        trial = _trial_days(actor, offer.price.item) if kind == "subscription" else 0
    found = order_view(opened)
    if found.url is not None or found.status != "open":
        return found
    home = settings().address
    with asking():
        page = provider.checkout(
            Order(
                id=found.id,
                payer=payer,
                price=offer.price,
                quantity=quantity,
                success_url=f"{home}/billing/orders/{found.id}",
                cancel_url=f"{home}{found.back}",
                expires_at=found.expires_at,
                trial_days=trial if Ability.TRIAL in provider.abilities else 0,
                save_card=True,
                locale=get_language() or "en",
            )
        )
    _open(provider, found.id, page)
    return read_order(actor, found.id)


def fulfil(actor: Actor, order_id: UUID) -> OrderView:
    """What the success page does: look at the checkout and do what follows, as the message of the provider would.

    Whoever is first does it; the other finds it done. Raises NotFound.
    """
    found = read_order(actor, order_id)
    if found.ref is not None and found.status in ("open", "failed"):
        provider = providers.named(found.provider)
        with asking():
            seen = provider.fetch(Kind.CHECKOUT, found.ref)
        projecting.apply(provider.name, seen)
        found = read_order(actor, order_id)
    return found


def preview(actor: Actor, price: str, quantity: int, at: datetime | None = None) -> ChangePreview:
    """What another plan, interval or number of seats would cost and bring, to the cent and the credit.

    Raises NotSold, NotFound (no such price, or no plan that could be changed), NotPossible and ProviderAway.
    """
    _need(Ability.CHANGE)
    provider = providers.provider()
    _look(actor, provider)
    asked = change_asked(actor, price, quantity, at)
    with asking():
        told = provider.preview(as_change(asked, UUID(int=0), None))
    more = 0
    if asked.when == "now" and not told.restarts:
        more = difference(asked.before, asked.after, month_at(asked.anchor, asked.at), asked.at)
    return ChangePreview(
        asked=asked,
        due_now=told.due_now,
        credit=told.credit,
        tax=told.tax,
        next_total=told.next_total,
        next_at=told.next_at,
        credits=more,
        restarts=told.restarts,
    )


def change(
    actor: Actor,
    act: UUID,
    price: str,
    quantity: int,
    at: datetime,
    seen: str,
    guests: dict[str, Any] | None = None,
) -> str | None:
    """Do what the preview of the moment `at` said, which had `seen` this plan. An address, where the bank wants to see
    the person first.

    `guests` are kept with the order, see `seating`.
    Raises what `preview` raises, Invalid for a preview that is too old, Conflict where the plan was changed or renewed
    since, and Declined.
    """
    _need(Ability.CHANGE)
    provider = providers.provider()
    _look(actor, provider)
    asked = change_asked(actor, price, quantity, at)
    if asked.at > asked.now or asked.now - asked.at > _PATIENCE:
        raise Invalid("This preview is too old. Nothing was changed: look at it once more.")
    if asked.seen != seen:
        raise _changed()
    with acting_as(actor):
        rows("billing_open_order_v1", act, "change", price, quantity, provider.name, "/billing", _LIFE_S)
        if guests is not None:
            call("billing_keep_guests_v1", act, guests)
    with asking():
        done = provider.change(as_change(asked, act, seen))
    projecting.apply(provider.name, done)
    return outcome(done, act)


def cancel(actor: Actor, act: UUID) -> None:
    """End the plan with the period that is paid. Raises NotFound and ProviderAway."""
    _need(Ability.CANCEL)
    provider = providers.provider()
    ref = _running(actor)
    with asking():
        seen = provider.cancel(ref, act)
    projecting.apply(provider.name, seen)
    _note(actor, "billing.cancelled", ref)


def resume(actor: Actor, act: UUID) -> None:
    """Take a cancellation or a scheduled change back. Raises NotFound, NotPossible and ProviderAway."""
    _need(Ability.CANCEL)
    provider = providers.provider()
    ref = _running(actor)
    with asking():
        seen = provider.resume(ref, act)
    projecting.apply(provider.name, seen)
    _note(actor, "billing.resumed", ref)


def portal(actor: Actor) -> str:
    """Where the payer looks after cards and invoices. Raises NotSold, NotFound and ProviderAway."""
    _need(Ability.PORTAL)
    provider = providers.provider()
    with acting_as(actor):
        payer = _payer(rows("billing_payer_v1", provider.name)[0])
    if payer.customer is None:
        raise NotFound("Nothing was paid here yet.")
    with asking():
        return provider.portal(payer.customer, f"{settings().address}/billing")


def charge(organization_id: UUID, order_id: UUID, price: str) -> OrderView:
    """Charge the saved card for a pack while nobody is there. The same id is the same charge.

    The order says what came of it: paid, failed, or open while the bank wants the person. Raises NotSold, Declined
    (no card is saved) and ProviderAway, after which the same call is made again.
    """
    _need(Ability.CHARGE)
    offer = offers().get(price)
    if offer is None or offer.kind != "pack":
        raise NotFound("This is not sold any more.")
    provider = providers.provider()
    try:
        opened = rows("billing_open_topup_v1", organization_id, order_id, price, provider.name)
        payer = rows("billing_payer_of_v1", organization_id, provider.name)
    finally:
        connection.close()
    if not opened or not payer:
        raise NotFound("There is no such organization.")
    if order_view(opened[0]).status != "open":
        return order_view(opened[0])
    try:
        with asking():
            seen = provider.charge(Charge(order_id, _payer(payer[0]), offer.price, 1))
    except NotFound as error:
        raise Declined("No card is saved.") from error
    projecting.apply(provider.name, seen)
    try:
        return order_view(rows("billing_open_topup_v1", organization_id, order_id, price, provider.name)[0])
    finally:
        connection.close()


def advance_clock(by: timedelta) -> datetime:
    """Move the time that money and credits go by; only where the mock takes the money. Raises NotSold."""
    if providers.configured() != "mock":
        raise NotSold("Only the mock has a clock that can be advanced.")
    try:
        found: datetime = call("billing_advance_clock_v1", by)
        return found
    finally:
        connection.close()


def mark_paid(order_id: UUID, number: str, tax: int = 0) -> OrderView:
    """An operator says that the invoice with this number was paid: for an order's pack, or for its next period.

    The same number again changes nothing. `tax` is what stood on it beside the price, in minor units. Raises NotSold
    (invoices are not written by hand here) and NotFound.
    """
    provider = providers.provider()
    if not isinstance(provider, ByHand):
        raise NotSold("The payment provider writes the invoices here.")
    try:
        found = rows("billing_order_of_v1", order_id, provider.name, number)
    finally:
        connection.close()
    if not found:
        raise NotFound("There is no such order.")
    row, view = found[0], order_view(found[0])
    if not row["known"]:
        price = priced(row["sold"])
        net = price.unit.amount * view.quantity
        seen = provider.paid(
            organization=row["organization_id"],
            order=view.id,
            price=price,
            quantity=view.quantity,
            number=number,
            total=Money(net + tax, price.unit.currency),
            tax=Money(tax, price.unit.currency),
            before=subscription_of(row["subscription"]),
        )
        projecting.apply(provider.name, seen)
    return view


# Parts.


def _changed() -> Conflict:
    return Conflict(
        "The plan was changed or renewed meanwhile. Nothing was charged: look at the change once more."
    )


def _note(actor: Actor, action: str, ref: str) -> None:
    """What a person had the provider do, once it is done there."""
    record(actor, action, ref, {})
    connection.close()


def _need(ability: Ability) -> None:
    if not providers.able(ability):
        raise NotSold("This is not sold here: no payment provider that can do it is connected.")


@contextmanager
def asking() -> Iterator[None]:
    """What a provider refuses, as our problems."""
    try:
        yield
    except Missing as error:
        raise NotFound("The payment provider does not know it.") from error
    except Refused as error:
        if error.code == "changed":
            raise _changed() from error
        raise (Declined if error.code == "declined" else NotPossible)(str(error)) from error
    except PaymentsUnavailable as error:
        raise ProviderAway(
            "The payment provider does not answer. Nothing is charged twice: please try again."
        ) from error


def _open(provider: Payments, order_id: UUID, page: Page) -> None:
    """Close other pages for a plan, and only then let this one be known: of all of them one may be paid.

    Whatever breaks off in between is done by the same order's next try. Raises Conflict where one of them was paid.
    """
    try:
        others = call("billing_order_page_v1", order_id, page.ref, page.customer)
    finally:
        connection.close()
    for ref in others:
        _close(provider, ref)
    try:
        call("billing_order_opened_v1", order_id, page.url)
    except Conflict:
        connection.close()
        _close(provider, page.ref)
        raise
    finally:
        connection.close()


def _close(provider: Payments, checkout: str) -> None:
    """Nobody pays on this page any more; if somebody has, that counts."""
    try:
        with asking():
            provider.expire(checkout)
            seen = provider.fetch(Kind.CHECKOUT, checkout)
    except NotFound:
        return  # a page that the provider does not know is paid by nobody
    projecting.apply(provider.name, seen)


def _look(actor: Actor, provider: Payments) -> None:
    """Hear of the plan now what no message has told yet: a renewal, a change in the portal, a first payment."""
    for ref in unended(actor):
        with asking():
            seen = provider.fetch(Kind.SUBSCRIPTION, ref)
        projecting.apply(provider.name, seen)


def _payer(row: dict[str, Any]) -> Payer:
    return Payer(row["organization"], row["name"], row["email"], row["customer"])


def _trial_days(actor: Actor, plan: str) -> int:
    """A trial is for who never had a plan. Inside acting_as."""
    from packshot.foundation.billing.models import Record

    had = Record.objects.filter(organization_id=actor.organization_id, kind="subscription").exists()
    return 0 if had else book().plans[plan].trial_days


def safe_path(back: str) -> str:
    """A path of the studio; whatever else is said leads to the billing page."""
    safe = back.startswith("/") and not back.startswith(("//", "/\\")) and "\n" not in back
    return back[:2000] if safe else "/billing"


def _running(actor: Actor) -> str:
    found = standing(actor)
    if found.subscription is None:
        raise NotFound("There is no plan that could be changed.")
    return found.subscription.ref
