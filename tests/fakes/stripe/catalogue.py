"""Products, prices, coupons."""

from __future__ import annotations

import stripe.params as forms

from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.world import Object, World


@route("POST", "products", forms.ProductCreateParams)
def create_product(world: World, params: Object) -> Object:
    found = world.add(
        "product",
        **({"id": params["id"]} if "id" in params else {}),
        created=world.now(),
        updated=world.now(),
        active=params.get("active", True),
        name=params["name"],
        description=params.get("description"),
        images=[],
        marketing_features=[],
        metadata=params.get("metadata") or {},
        tax_code=params.get("tax_code"),
        livemode=False,
        type="service",
    )
    world.emit("product.created", found)
    return found


@route("GET", "products/{}")
def product(world: World, name: str, params: Object) -> Object:
    return world.get("product", name)


@route("GET", "products", forms.ProductListParams)
def products(world: World, params: Object) -> Object:
    wanted = {"active": params["active"]} if "active" in params else {}
    ids = params.get("ids")
    return page(
        world,
        "products",
        (p for p in world.all("product", **wanted) if ids is None or p["id"] in ids),
        params,
    )


@route("POST", "products/{}", forms.ProductUpdateParams)
def update_product(world: World, name: str, params: Object) -> Object:
    found = world.get("product", name)
    found |= {key: params[key] for key in ("name", "active", "description", "tax_code") if key in params}
    found["metadata"] |= params.get("metadata") or {}
    found["updated"] = world.now()
    world.emit("product.updated", found)
    return found


@route("POST", "prices", forms.PriceCreateParams)
def create_price(world: World, params: Object) -> Object:
    world.get("product", params.get("product"))
    if "unit_amount" not in params:
        raise invalid("The fake's prices have a unit_amount.", "parameter_missing", "unit_amount")
    key = params.get("lookup_key")
    _free_key(world, key, params.get("transfer_lookup_key", False))
    recurring = params.get("recurring")
    found = world.add(
        "price",
        created=world.now(),
        active=True,
        billing_scheme="per_unit",
        currency=params["currency"],
        livemode=False,
        lookup_key=key,
        metadata=params.get("metadata") or {},
        nickname=params.get("nickname"),
        product=params["product"],
        recurring=recurring
        and {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "usage_type": "licensed",
        },
        tax_behavior=params.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=params["unit_amount"],
        unit_amount_decimal=str(params["unit_amount"]),
    )
    world.emit("price.created", found)
    return found


def _free_key(world: World, key: str | None, transfer: bool) -> None:
    for each in world.all("price", lookup_key=key) if key else ():
        if not transfer:
            raise invalid(
                f"A price (`{each['id']}`) already uses that lookup key.",
                "resource_already_exists",
                "lookup_key",
            )
        each["lookup_key"] = None


@route("GET", "prices/{}")
def price(world: World, name: str, params: Object) -> Object:
    return world.get("price", name)


@route("GET", "prices", forms.PriceListParams)
def prices(world: World, params: Object) -> Object:
    keys = params.get("lookup_keys")
    if keys is not None and len(keys) > 10:
        raise invalid("You may look up at most 10 keys.", "parameter_invalid", "lookup_keys")
    wanted = {name: params[name] for name in ("active", "product", "currency", "type") if name in params}
    found = (each for each in world.all("price", **wanted) if keys is None or each["lookup_key"] in keys)
    return page(world, "prices", found, params)


@route("POST", "prices/{}", forms.PriceUpdateParams)
def update_price(world: World, name: str, params: Object) -> Object:
    found = world.get("price", name)
    if "lookup_key" in params:
        if params["lookup_key"] != found["lookup_key"]:
            _free_key(world, params["lookup_key"], params.get("transfer_lookup_key", False))
        found["lookup_key"] = params["lookup_key"] or None
    found |= {key: params[key] for key in ("active", "nickname", "tax_behavior") if key in params}
    world.emit("price.updated", found)
    return found


@route("POST", "coupons", forms.CouponCreateParams)
def create_coupon(world: World, params: Object) -> Object:
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("Must provide percent_off or amount_off.", "parameter_missing")
    return world.add(
        "coupon",
        **({"id": params["id"]} if "id" in params else {}),
        created=world.now(),
        duration=params.get("duration", "once"),
        duration_in_months=params.get("duration_in_months"),
        percent_off=params.get("percent_off"),
        amount_off=params.get("amount_off"),
        currency=params.get("currency"),
        name=params.get("name"),
        livemode=False,
        metadata=params.get("metadata") or {},
        times_redeemed=0,
        valid=True,
    )


@route("GET", "coupons/{}")
def coupon(world: World, name: str, params: Object) -> Object:
    return world.get("coupon", name)


def usable_price(world: World, name: str | None) -> Object:
    found = world.get("price", name)
    if not found["active"]:
        raise invalid(f"The price specified is inactive: {name}", "price_inactive", "price")
    return found
