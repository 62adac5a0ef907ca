"""The shape of what is answered: as the SDK's classes of the pinned version have it, no field less, none more.

What may be null and was not set becomes null. What must be there and is not, or is there and unknown, is a mistake of
the fake and stops it: so no object of an older version slips through.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

from stripe import StripeObject
from stripe._object_classes import get_object_class

OMITTED = {
    "checkout.session": {"line_items"},
    "invoice": {"payments", "confirmation_secret", "deleted"},
    "customer": {"deleted", "sources", "subscriptions", "tax", "tax_ids", "cash_balance", "discount"},
    "product": {"deleted"},
    "price": {"deleted", "currency_options", "tiers"},
    "coupon": {"deleted", "applies_to", "currency_options"},
    "charge": {"refunds", "level3"},
    "subscription_item": {"deleted"},
    "discount": {"deleted"},
    "event": {"account", "context"},
    "test_helpers.test_clock": {"deleted"},
}
"""Only there when it was expanded or, of what is deleted, afterwards."""


def shaped(values: dict[str, Any]) -> dict[str, Any]:
    """A whole object, for the wire. Raises AssertionError for a shape that Stripe's is not."""
    kind = values["object"]
    if kind in ("list", "search_result"):
        return values | {"data": [shaped(each) for each in values["data"]]}
    if values.get("deleted") is True and kind != "discount":
        return {"id": values["id"], "object": kind, "deleted": True}
    return _filled(get_object_class("V1", kind), values, kind, OMITTED.get(kind, set()))


def _filled(
    shape: type, values: dict[str, Any], where: str, omitted: set[str] = frozenset()
) -> dict[str, Any]:
    hints = {
        name: hint
        for name, hint in shape.__annotations__.items()
        if get_origin(hint) is not ClassVar and name != "_resource_cls"
    }
    known = {name: value for name, value in values.items() if not name.startswith("_")}
    assert known.keys() <= hints.keys(), f"{where} has no {sorted(known.keys() - hints.keys())}"
    out = {}
    for name, hint in hints.items():
        if name in known:
            out[name] = _value(hint, known[name], f"{where}.{name}")
        elif name not in omitted:
            assert NoneType in get_args(hint), f"{where}.{name} is missing"
            out[name] = None
    return out


def _value(hint: Any, value: Any, where: str) -> Any:
    if value is None:
        assert NoneType in get_args(hint), f"{where} is null"
        return None
    if isinstance(value, dict):
        if isinstance(value.get("object"), str):
            return shaped(value)
        inner = next((each for each in _options(hint) if _is_nested(each)), None)
        return value if inner is None else _filled(inner, value, where)
    if isinstance(value, list):
        inner = next((get_args(each)[0] for each in _options(hint) if get_origin(each) is list), Any)
        return [_value(inner, each, f"{where}[]") for each in value]
    words = [get_args(each) for each in _options(hint) if get_origin(each) is Literal]
    assert not words or not isinstance(value, str) or any(value in each for each in words), (
        f"{where}: {value!r}"
    )
    return value


def _options(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) not in (Union, UnionType):
        return (hint,)
    return tuple(inner for each in get_args(hint) for inner in _options(each))


def _is_nested(hint: Any) -> bool:
    return (
        isinstance(hint, type)
        and issubclass(hint, StripeObject)
        and get_origin(hint) is None
        and bool(getattr(hint, "__annotations__", None))
    )
