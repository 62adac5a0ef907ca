"""What requests may hold: the form is read and checked against the SDK's own TypedDicts, name by name, to the bottom.

A name that the SDK does not know is refused as Stripe refuses it, so is a value of another type or outside a literal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import typing_extensions
from stripe import StripeObject
from stripe._request_options import RequestOptions

from tests.fakes.stripe.errors import invalid

_OPTIONS = frozenset(RequestOptions.__annotations__)
_OPTIONAL = (NotRequired, typing_extensions.NotRequired)


def read(form: type | None, text: str) -> dict[str, Any]:
    """The parameters of a request, typed. Raises StripeError 400."""
    raw = _nested(text)
    if form is None:
        if raw.keys() - {"expand"}:
            raise invalid(f"Received unknown parameter: {next(iter(raw))}", "parameter_unknown")
        return {"expand": list(raw["expand"].values())} if "expand" in raw else {}
    return _typed_dict(form, raw, "")


def _nested(text: str) -> dict[str, Any]:
    """`a[b][0]=c` as {"a": {"b": {"0": "c"}}}."""
    out: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        here = out
        for step in path[:-1]:
            here = here.setdefault(step, {})
        last = path[-1] or str(len(here))
        here[last] = value
    return out


@cache
def _hints(form: type) -> dict[str, Any]:
    found = get_type_hints(form, include_extras=True, localns={"StripeContext": str, "Mapping": Mapping})
    return {name: hint for name, hint in found.items() if name not in _OPTIONS}


def _typed_dict(form: type, raw: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise invalid(f"Invalid object: {where}", "parameter_invalid", where)
    hints = _hints(form)
    for name in raw:
        if name not in hints:
            full = f"{where}[{name}]" if where else name
            raise invalid(f"Received unknown parameter: {full}", "parameter_unknown", full)
    out = {}
    for name, hint in hints.items():
        full = f"{where}[{name}]" if where else name
        needed = get_origin(hint) not in _OPTIONAL
        if name in raw:
            out[name] = _value(hint if needed else get_args(hint)[0], raw[name], full)
        elif needed:
            raise invalid(f"Missing required param: {full}.", "parameter_missing", full)
    return out


def _value(hint: Any, raw: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _either(get_args(hint), raw, where)
    if origin is Literal:
        if raw in get_args(hint):
            return raw
    elif origin is list:
        if isinstance(raw, dict):
            return [_value(get_args(hint)[0], raw[at], f"{where}[{at}]") for at in sorted(raw, key=int)]
    elif origin is dict:
        if isinstance(raw, dict):
            return {key: _value(get_args(hint)[1], each, f"{where}[{key}]") for key, each in raw.items()}
    elif typing_extensions.is_typeddict(hint):
        return _typed_dict(hint, raw, where)
    elif isinstance(raw, str):
        return _scalar(hint, raw, where)
    raise invalid(f"Invalid {where}: {raw!r:.60}", "parameter_invalid", where)


def _either(hints: tuple[Any, ...], raw: Any, where: str) -> Any:
    """One of several types. A word beside a list of words that the SDK leaves open is held to the list."""
    literals = [each for each in hints if get_origin(each) is Literal and get_args(each) != ("",)]
    refusal: Exception | None = None
    for hint in hints:
        kind = get_origin(hint) or hint
        if isinstance(kind, type) and issubclass(kind, StripeObject):
            continue
        if hint is str and literals and raw != "":
            continue
        try:
            return _value(hint, raw, where)
        except Exception as error:  # noqa: BLE001  (the next type is tried; the last refusal is told)
            refusal = error if refusal is None or typing_extensions.is_typeddict(hint) else refusal
    raise refusal or invalid(f"Invalid {where}: {raw!r:.60}", "parameter_invalid", where)


def _scalar(hint: Any, raw: str, where: str) -> Any:
    if hint is str:
        return raw
    if hint is bool and raw in ("true", "false"):
        return raw == "true"
    if hint is int and re.fullmatch(r"-?\d+", raw):
        return int(raw)
    if hint in (float, Decimal):
        try:
            return hint(raw)
        except (ValueError, InvalidOperation):
            pass
    raise invalid(
        f"Invalid {getattr(hint, '__name__', hint)}: {where}={raw!r:.60}", "parameter_invalid", where
    )
