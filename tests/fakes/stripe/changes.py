"""Changes of a running subscription: prices and quantities, prorations, what waits for its payment, previews."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import stripe.params as forms

from tests.fakes.stripe import customers, invoices, lines, payments, subscriptions
from tests.fakes.stripe.catalogue import usable_price
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.lines import Terms
from tests.fakes.stripe.money import period, step
from tests.fakes.stripe.routes import route
from tests.fakes.stripe.world import Object, World, listed

PENDING_KNOWS = {
    "add_invoice_items",
    "billing_cycle_anchor",
    "discounts",
    "expand",
    "items",
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_from_plan",
}
"""What can wait for a payment; anything else beside `pending_if_incomplete` is refused."""
PENDING = 23 * 3600


@dataclass(frozen=True)
class Changed:
    """What a change comes to."""

    terms: list[Terms]
    period: tuple[int, int]
    anchor: int
    rows: list[Object]


@route("POST", "subscriptions/{}", forms.SubscriptionUpdateParams)
def update(world: World, name: str, params: Object) -> Object:
    found = subscriptions.running(world, name)
    pending = params.get("payment_behavior") == "pending_if_incomplete"
    if pending and params.keys() - PENDING_KNOWS:
        raise invalid(
            f"`pending_if_incomplete` does not support {sorted(params.keys() - PENDING_KNOWS)}.",
            "parameter_invalid",
        )
    if found.get("schedule") and params.keys() & {"items", "cancel_at_period_end", "cancel_at"}:
        raise invalid(f"The subscription is managed by the subscription schedule `{found['schedule']}`.")
    if params.get("items"):
        _change(world, found, params)
    _plain(world, found, params)
    return found


def _plain(world: World, found: Object, params: Object) -> None:
    """What changes nothing about money."""
    before = copy.deepcopy({k: v for k, v in found.items() if not k.startswith("_")})
    at = world.now(found["customer"])
    if "cancel_at_period_end" in params:
        found["cancel_at_period_end"] = params["cancel_at_period_end"]
        found["cancel_at"] = subscriptions.period_of(found)[1] if params["cancel_at_period_end"] else None
        found["canceled_at"] = at if params["cancel_at_period_end"] else None
        found["cancellation_details"] = {
            "reason": "cancellation_requested" if params["cancel_at_period_end"] else None
        }
    if "cancel_at" in params:
        found["cancel_at"] = params["cancel_at"] or None
        found["canceled_at"] = at if params["cancel_at"] else None
    if "metadata" in params:
        found["metadata"] = found["metadata"] | (params["metadata"] or {})
    if "default_payment_method" in params:
        found["default_payment_method"] = world.get("payment_method", params["default_payment_method"])["id"]
    if "pause_collection" in params:
        found["pause_collection"] = params["pause_collection"] or None
    changed = {k: v for k, v in before.items() if found.get(k) != v}
    if changed:
        subscriptions.updated(world, found, **changed)


def _change(world: World, found: Object, params: Object) -> None:
    changed = work_out(world, found, params)
    behaviour = params.get("payment_behavior", "allow_incomplete")
    now = params.get("proration_behavior", "create_prorations") == "always_invoice"
    anchored = changed.anchor != found["billing_cycle_anchor"]
    if not changed.rows or not (now or anchored):
        found["_pending_lines"] += changed.rows
        apply(world, found, changed)
        return
    invoice = invoices.draft(
        world,
        found["customer"],
        changed.rows,
        "subscription_update",
        currency=found["currency"],
        taxed=found["automatic_tax"]["enabled"],
        subscription=found,
        coupon=subscriptions.coupon_now(found),
        proration_date=params.get("proration_date"),
        auto_advance=True,
    )
    previous, found["latest_invoice"] = found["latest_invoice"], invoice["id"]
    invoices.finalize(world, invoice)
    intent = invoices.pay(world, invoice, off_session=params.get("off_session", False))
    if invoice["status"] == "paid":
        apply(world, found, changed)
    elif behaviour == "pending_if_incomplete":
        at = world.now(found["customer"])
        found["_pending"] = {"changed": changed, "invoice": invoice["id"]}
        found["pending_update"] = {
            "expires_at": at + PENDING,
            "billing_cycle_anchor": changed.anchor if anchored else None,
            "subscription_items": _items(world, found, changed),
        }
        subscriptions.updated(world, found, pending_update=None)
    elif behaviour == "error_if_incomplete":
        invoices.void(world, invoice)
        found["latest_invoice"] = previous
        payments.raise_declined(intent or {"last_payment_error": None})
    else:
        apply(world, found, changed)
        subscriptions.become(world, found, "past_due")


def work_out(world: World, found: Object, params: Object) -> Changed:
    """What items, proration date and anchor come to; changes nothing."""
    before = subscriptions.terms(found)
    after = _after(world, before, params.get("items") or [])
    start, end = subscriptions.period_of(found)
    at = params.get("proration_date", world.now(found["customer"]))
    if not start <= at <= end:
        raise invalid("Cannot specify a proration date outside the current period.", "parameter_invalid")
    old, new = (world.objects[terms[0].price]["recurring"] for terms in (before, after))
    anchor = params.get("billing_cycle_anchor", {})
    trial_ends = found["status"] == "trialing" and params.get("trial_end") == "now"
    if (
        trial_ends
        or anchor.get("type") == "now"
        or (old["interval"], old["interval_count"]) != (new["interval"], new["interval_count"])
    ):
        begins = world.now(found["customer"])
        until = (begins, step(begins, new["interval"], new["interval_count"]))
        given_back = (
            []
            if found["status"] == "trialing"
            else lines.prorated(world, found["id"], before, [], (start, end), at)
        )
        return Changed(after, until, begins, given_back + lines.regular(world, found["id"], after, until))
    rows = []
    if found["status"] != "trialing" and params.get("proration_behavior") != "none":
        rows = lines.prorated(world, found["id"], before, after, (start, end), at)
    return Changed(after, (start, end), found["billing_cycle_anchor"], rows)


def _after(world: World, before: list[Terms], asked: list[Object]) -> list[Terms]:
    out = {each.item: each for each in before}
    for each in asked:
        name = each.get("id")
        if name is None:
            raise invalid(
                "The fake changes the items there are and adds none.", "parameter_missing", "items[0][id]"
            )
        if name not in out:
            raise invalid(f"No such subscription item: '{name}'", "resource_missing", "items[0][id]")
        if each.get("deleted"):
            del out[name]
            continue
        price = usable_price(world, each.get("price", out[name].price))
        if price["currency"] != world.objects[out[name].price]["currency"]:
            raise invalid("The currency of a subscription cannot change.", "currency_mismatch")
        # A new price without a quantity begins with one.
        quantity = each.get("quantity", out[name].quantity if price["id"] == out[name].price else 1)
        out[name] = Terms(name, price["id"], quantity)
    return list(out.values())


def apply(world: World, found: Object, changed: Changed) -> None:
    before = copy.deepcopy(found["items"])
    items = _items(world, found, changed)
    if found["status"] == "trialing" and changed.anchor != found["billing_cycle_anchor"]:
        found |= {"status": "active", "trial_end": changed.anchor}
    found["items"]["data"] = items
    for each in items:
        world.objects[each["id"]] = each
    subscriptions.set_period(found, changed.period)
    found["billing_cycle_anchor"] = changed.anchor
    if found["cancel_at_period_end"]:
        found["cancel_at"] = changed.period[1]
    subscriptions.updated(world, found, items=before)


def _items(world: World, found: Object, changed: Changed) -> list[Object]:
    out = []
    for each in changed.terms:
        price = world.objects[each.price]
        old = next(item for item in found["items"]["data"] if item["id"] == each.item)
        out.append(old | {"price": price, "plan": subscriptions.plan_of(price), "quantity": each.quantity})
    return out


def apply_pending(world: World, found: Object) -> None:
    """The invoice that a change waited for is paid."""
    changed = found.pop("_pending")["changed"]
    found["pending_update"] = None
    apply(world, found, changed)
    world.emit("customer.subscription.pending_update_applied", found)


def expire_pending(world: World, found: Object) -> None:
    """Nobody paid, or the invoice was voided: the old terms stay."""
    invoice = world.objects[found.pop("_pending")["invoice"]]
    found["pending_update"] = None
    if invoice["status"] == "open":
        invoices.void(world, invoice)
    world.emit("customer.subscription.pending_update_expired", found)


@route("POST", "invoices/create_preview", forms.InvoiceCreatePreviewParams)
def preview(world: World, params: Object) -> Object:
    """The invoice that a change would make now, or the next regular one."""
    found = subscriptions.running(world, params.get("subscription"))
    details = params.get("subscription_details", {})
    changed = work_out(world, found, details)
    now = details.get("proration_behavior", "create_prorations") == "always_invoice"
    anchored = changed.anchor != found["billing_cycle_anchor"]
    at = world.now(found["customer"])
    if params.get("preview_mode") == "recurring":
        rows = lines.regular(world, found["id"], changed.terms, changed.period)
        return _as_invoice(world, found, rows, "upcoming", changed.period, changed.period[1])
    if details.get("items") and (now or anchored):
        rows, reason, span = changed.rows, "subscription_update", (at, at)
    else:
        if found["cancel_at_period_end"] and details.get("cancel_at_period_end") is not False:
            raise invalid("No upcoming invoices for the subscription.", "invoice_upcoming_none")
        start, end = changed.period
        interval = world.objects[changed.terms[0].price]["recurring"]
        upcoming = period(changed.anchor, interval["interval"], interval["interval_count"], end)
        rows = found["_pending_lines"] + changed.rows
        rows = copy.deepcopy(rows) + lines.regular(world, found["id"], changed.terms, upcoming)
        reason, span = "upcoming", (start, end)
        at = end
    return _as_invoice(world, found, rows, reason, span, at)


def _as_invoice(
    world: World, found: Object, rows: list[Object], reason: str, span: tuple[int, int], at: int
) -> Object:
    owner = world.objects[found["customer"]]
    taxed = found["automatic_tax"]["enabled"]
    sums = lines.reckon(
        rows, subscriptions.coupon_now(found), customers.country(world, owner["id"]), taxed=taxed
    )
    owed = sums["total"] + owner["balance"]
    for number, each in enumerate(rows):
        each["id"] = f"il_tmp_{number}"
    return {
        "id": f"upcoming_in_{found['id']}",
        "object": "invoice",
        **sums,
        "amount_due": max(0, owed),
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": max(0, owed),
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "automatic_tax": {"enabled": taxed, "status": "complete" if taxed else None},
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": at,
        "currency": found["currency"],
        "customer": owner["id"],
        "default_tax_rates": [],
        "discounts": [],
        "ending_balance": min(0, owed),
        "issuer": {"type": "self"},
        "lines": listed(rows, "/v1/invoices/upcoming/lines"),
        "livemode": False,
        "metadata": {},
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": found["id"], "metadata": found["metadata"]},
        },
        "payment_settings": {},
        "period_start": span[0],
        "period_end": span[1],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": owner["balance"],
        "status": "draft",
        "status_transitions": {},
    }
