"""What is asked about invoices; what they do by themselves is in invoices.py."""

from __future__ import annotations

import stripe.params as forms

from tests.fakes.stripe import customers, lines, payments
from tests.fakes.stripe.catalogue import usable_price
from tests.fakes.stripe.errors import StripeError, invalid
from tests.fakes.stripe.invoices import draft, finalize, pay, subscription_of, total_up, void
from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.world import Object, World


@route("POST", "invoices", forms.InvoiceCreateParams)
def create(world: World, params: Object) -> Object:
    if params.get("pending_invoice_items_behavior") != "exclude":
        raise invalid("The fake makes invoices without pending items only.", "parameter_invalid")
    customer = customers.living(world, params.get("customer"))
    return draft(
        world,
        customer["id"],
        [],
        "manual",
        currency=params.get("currency", "usd"),
        taxed=params.get("automatic_tax", {}).get("enabled", False),
        metadata=params.get("metadata") or {},
        description=params.get("description"),
        auto_advance=params.get("auto_advance", False),
        default_payment_method=params.get("default_payment_method"),
    )


@route("POST", "invoiceitems", forms.InvoiceItemCreateParams)
def create_item(world: World, params: Object) -> Object:
    found = world.get("invoice", params.get("invoice"))
    if found["status"] != "draft":
        raise invalid("This invoice is no longer editable.", "invoice_not_editable")
    price = usable_price(world, params.get("pricing", {}).get("price"))
    if price["type"] != "one_time":
        raise invalid("The price must be of type one_time.", "parameter_invalid", "price")
    quantity, at = params.get("quantity", 1), world.now(found["customer"])
    found["_lines"].append(lines.line(world, price, quantity, price["unit_amount"] * quantity, (at, at)))
    total_up(world, found)
    item = world.add(
        "invoiceitem",
        amount=price["unit_amount"] * quantity,
        net_amount=price["unit_amount"] * quantity,
        currency=price["currency"],
        customer=found["customer"],
        date=at,
        discountable=True,
        invoice=found["id"],
        livemode=False,
        metadata=params.get("metadata") or {},
        period={"start": at, "end": at},
        proration=False,
        quantity=quantity,
        quantity_decimal=str(quantity),
        description=found["_lines"][-1]["description"],
    )
    world.emit("invoiceitem.created", item)
    return item


@route("GET", "invoices", forms.InvoiceListParams)
def several(world: World, params: Object) -> Object:
    wanted = {name: params[name] for name in ("customer", "status") if name in params}
    found = world.all("invoice", **wanted)
    if name := params.get("subscription"):
        found = (each for each in found if subscription_of(each) == name)
    return page(world, "invoices", found, params)


@route("GET", "invoices/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("invoice", name)


@route("POST", "invoices/{}", forms.InvoiceUpdateParams)
def update(world: World, name: str, params: Object) -> Object:
    found = world.get("invoice", name)
    if params.keys() - {"metadata", "auto_advance", "expand"}:
        raise invalid("The fake changes metadata and auto_advance only.", "parameter_invalid")
    found["metadata"] = found["metadata"] | (params.get("metadata") or {})
    if "auto_advance" in params:
        found["auto_advance"] = params["auto_advance"]
    world.emit("invoice.updated", found)
    return found


@route("POST", "invoices/{}/finalize", forms.InvoiceFinalizeInvoiceParams)
def finalize_route(world: World, name: str, params: Object) -> Object:
    found = world.get("invoice", name)
    finalize(world, found)
    return found


@route("POST", "invoices/{}/pay", forms.InvoicePayParams)
def pay_route(world: World, name: str, params: Object) -> Object:
    found = world.get("invoice", name)
    if found["status"] == "draft":
        finalize(world, found)
    if found["status"] != "open":
        raise invalid(f"Invoice is already {found['status']}", f"invoice_{found['status']}")
    method = params.get("payment_method")
    if method is not None:
        method = customers.attach(world, method, found["customer"])["id"]
    intent = pay(world, found, method, off_session=params.get("off_session", True))
    if intent is None and found["status"] != "paid":
        raise invalid("There is no default payment method.", "invoice_payment_intent_requires_action")
    if intent is not None:
        payments.raise_declined(intent)
        if intent["status"] == "requires_action":
            raise StripeError(
                402,
                "card_error",
                "This payment requires additional user action.",
                code="invoice_payment_intent_requires_action",
            )
    return found


@route("POST", "invoices/{}/void", forms.InvoiceVoidInvoiceParams)
def void_route(world: World, name: str, params: Object) -> Object:
    return void(world, world.get("invoice", name))


@route("GET", "invoice_payments", forms.InvoicePaymentListParams)
def invoice_payments(world: World, params: Object) -> Object:
    wanted = {name: params[name] for name in ("invoice", "status") if name in params}
    found = world.all("invoice_payment", **wanted)
    if asked := params.get("payment"):
        found = (
            each for each in found if each["payment"].get("payment_intent") == asked.get("payment_intent")
        )
    return page(world, "invoice_payments", found, params)
