"""The hosted pages, as plain HTML that a browser walks through: checkout, the bank's page, the portal, an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from tests.fakes.stripe import checkout, invoices, payments, portal, subscriptions
from tests.fakes.stripe.cards import CARDS
from tests.fakes.stripe.errors import StripeError
from tests.fakes.stripe.world import Object, World

ZERO_DECIMAL = {"jpy", "krw", "vnd", "clp", "xaf", "xof", "xpf"}


@dataclass(frozen=True)
class Shown:
    status: int
    body: bytes = b""
    location: str | None = None
    """Where the browser goes instead."""
    media_type: str = "text/html; charset=utf-8"


def show(world: World, path: str, form: dict[str, str] | None) -> Shown:
    """A page, or what pressing a button on it does (`form`)."""
    room, _, rest = path.strip("/").partition("/")
    name, _, more = rest.partition("/")
    rooms = {"checkout": _checkout, "authenticate": _authenticate, "portal": _portal, "invoice": _invoice}
    if room not in rooms:
        return _page(404, "Not found", "<p>No such page.</p>")
    try:
        return rooms[room](world, name, more, form)
    except StripeError as error:
        if error.status == 404:
            return _page(404, "Not found", "<p>No such page.</p>")
        return _page(400, "Not done", f"<p role=alert>{escape(str(error))}</p>")


def _page(status: int, title: str, body: str) -> Shown:
    text = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title>"
        "<meta name=viewport content='width=device-width'><link rel=icon href='data:,'></head>"
        f"<body><main><h1>{escape(title)}</h1>"
        f"{body}</main></body></html>"
    )
    return Shown(status, text.encode())


def money(amount: int, currency: str) -> str:
    value = str(amount) if currency in ZERO_DECIMAL else f"{amount / 100:.2f}"
    return f"{value} {currency.upper()}"


def _cards() -> str:
    options = "".join(f"<option value={number}>" for number in CARDS)
    return (
        "<p><label>Card number <input name=number list=cards value=4242424242424242></label></p>"
        f"<datalist id=cards>{options}</datalist>"
    )


def _checkout(world: World, name: str, more: str, form: dict[str, str] | None) -> Shown:
    found = world.get("checkout.session", name)
    if found["status"] != "open":
        return _page(410, "This page is closed", f"<p>It is {found['status']}.</p>")
    alert = ""
    if form is not None:
        try:
            intent = checkout.complete(
                world,
                found,
                form.get("number", "").replace(" ", ""),
                country=form.get("country", "US"),
                name=form.get("name", ""),
                email=form.get("email"),
                coupon=form.get("coupon") or None,
            )
        except StripeError as error:
            alert = f"<p role=alert>{escape(str(error))}</p>"
        else:
            if intent is not None:
                return Shown(303, location=f"/authenticate/{intent['id']}")
            return Shown(303, location=_success(found))
    rows = "".join(
        f"<li>{escape(each['description'])}: {money(each['amount'], found['currency'])}</li>"
        for each in found["_rows"]
    )
    code = "<p><label>Code <input name=coupon></label></p>" if found["allow_promotion_codes"] else ""
    back = f"<p><a href='{escape(found['cancel_url'])}'>Back</a></p>" if found["cancel_url"] else ""
    return _page(
        402 if alert else 200,
        "Subscribe" if found["mode"] == "subscription" else "Pay",
        f"<ul>{rows}</ul><p>Total <strong>{money(found['amount_total'], found['currency'])}</strong></p>{alert}"
        f"<form method=post>{_cards()}<p><label>Name <input name=name value='Pat Example'></label></p>"
        f"<p><label>Country <input name=country value=US maxlength=2></label></p>{code}"
        f"<button>Pay</button></form>{back}",
    )


def _success(found: Object) -> str:
    return str(found["success_url"]).replace("{CHECKOUT_SESSION_ID}", found["id"])


def _authenticate(world: World, name: str, more: str, form: dict[str, str] | None) -> Shown:
    intent = world.get("payment_intent", name)
    if form is None:
        return _page(
            200,
            "Your bank asks",
            f"<p>{money(intent['amount'], intent['currency'])}</p><form method=post>"
            "<button name=answer value=yes>Complete</button> <button name=answer value=no>Fail</button></form>",
        )
    payments.authenticated(world, intent, passed=form.get("answer") == "yes")
    session = world.objects.get(intent.get("_session") or "")
    if session is None:
        return (
            Shown(303, location=f"/invoice/{intent['_invoice']}")
            if intent.get("_invoice")
            else _page(200, "Done", "<p>You can close this page.</p>")
        )
    done = session["status"] == "complete"
    return Shown(303, location=_success(session) if done else f"/checkout/{session['id']}")


def _portal(world: World, name: str, more: str, form: dict[str, str] | None) -> Shown:
    found = world.get("billing_portal.session", name)
    if form is not None:
        portal.act(world, found, form["action"], **{k: v for k, v in form.items() if k != "action"})
        return Shown(303, location=f"/portal/{name}")
    allowed = portal.features(world, found)
    parts = [_subscription(world, found, each, allowed) for each in _running(world, found["customer"])]
    if allowed["payment_method_update"]["enabled"]:
        parts.append(
            f"<form method=post>{_cards()}<button name=action value=card>Use this card</button></form>"
        )
    if allowed["invoice_history"]["enabled"]:
        rows = "".join(
            f"<li><a href='/invoice/{each['id']}'>{each['number']}</a> {money(each['total'], each['currency'])}"
            f" {each['status']}</li>"
            for each in world.all("invoice", customer=found["customer"])
            if each["number"]
        )
        parts.append(f"<h2>Invoices</h2><ul>{rows}</ul>")
    if found["return_url"]:
        parts.append(f"<p><a href='{escape(found['return_url'])}'>Return</a></p>")
    return _page(200, "Billing", "".join(parts))


def _running(world: World, customer: str) -> list[Object]:
    return [s for s in world.all("subscription", customer=customer) if s["status"] not in subscriptions.OVER]


def _subscription(world: World, found: Object, subscription: Object, allowed: Any) -> str:
    item = subscription["items"]["data"][0]
    name = world.objects[item["price"]["product"]]["name"]
    buttons = ""
    if allowed["subscription_cancel"]["enabled"]:
        action = "resume" if subscription["cancel_at_period_end"] else "cancel"
        buttons += (
            f"<form method=post><button name=action value={action}>{action.title()} plan</button></form>"
        )
    for price in portal.choices(world, found):
        if price["id"] != item["price"]["id"]:
            cost = money(price["unit_amount"], price["currency"])
            label = f"Change to {world.objects[price['product']]['name']} {cost}"
            buttons += (
                f"<form method=post><input type=hidden name=price value={price['id']}>"
                f"<button name=action value=change>{escape(label)}</button></form>"
            )
    return f"<h2>{escape(name)}</h2><p>{subscription['status']}, {item['quantity']} seats</p>{buttons}"


def _invoice(world: World, name: str, more: str, form: dict[str, str] | None) -> Shown:
    found = world.get("invoice", name)
    if more == "pdf":
        return Shown(200, b"%PDF-1.4\n% an invoice of the fake\n%%EOF\n", media_type="application/pdf")
    alert = ""
    if form is not None:
        from tests.fakes.stripe import customers

        method = customers.attach(world, customers.new_card(world, form["number"])["id"], found["customer"])
        intent = invoices.pay(world, found, method["id"], off_session=False)
        if intent is not None and intent["status"] == "requires_action":
            return Shown(303, location=f"/authenticate/{intent['id']}")
        if found["status"] != "paid":
            alert = "<p role=alert>Your card was declined.</p>"
    button = f"<form method=post>{_cards()}<button>Pay</button></form>" if found["status"] == "open" else ""
    return _page(
        402 if alert else 200,
        f"Invoice {found['number']}",
        f"<p>{money(found['total'], found['currency'])}, {found['status']}</p>{alert}{button}",
    )
