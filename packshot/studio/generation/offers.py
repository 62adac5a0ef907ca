"""What is offered now: the catalogue, what the operator changed of it, and which providers are configured."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import structlog
from django.db import connection
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from packshot.db.sql import call
from packshot.settings import settings
from packshot.studio.generation import providers
from packshot.studio.generation.catalogue import Model, catalogue
from packshot.studio.generation.contracts import ModelView, Order, Typical
from packshot.studio.generation.errors import InvalidOrder
from packshot.studio.generation.prices import Price

log = structlog.get_logger(__name__)

FRESH_S = 2.0
"""So long a process may go by what the operator had set before."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A model as it can, or cannot, be ordered now."""

    model: Model
    """With the operator's price where one is set."""
    routes: tuple[str, ...]
    """Those of its providers that are configured, in the order of preference."""
    off: bool = False
    """Switched off by the operator."""
    unpriced: bool = False
    """The price that the operator has set does not fit the model (any more): it is not sold at another."""

    @property
    def available(self) -> bool:
        return bool(self.routes) and not self.off and not self.unpriced

    @property
    def enable(self) -> tuple[str, ...]:
        """The settings of which any one would make it available, where none of its providers is configured."""
        known = providers.known()
        wanted = [known[name].enable for name in self.model.routes if name in known]
        return () if self.routes else tuple(name for name in wanted if name)

    def why_not(self) -> str:
        """Why it cannot be ordered, for a person; empty where it can. The setting's name is told with `debug`."""
        if self.off:
            return _("The operator of this studio has switched it off.")
        if self.unpriced:
            return _("Its price is not right. Ask the operator of this studio.")
        if self.routes:
            return ""
        if settings().debug:
            return _("Not set up here. To enable it, set %(names)s.") % {"names": " / ".join(self.enable)}
        return _("Not set up here. Ask the operator of this studio.")

    def view(self, typical: Typical | None = None) -> ModelView:
        found = self.model.view(typical or self.model.guess())
        return replace(found, why_not=self.why_not())


class Changes:
    """What the operator has changed, by model, read again when it is older than `FRESH_S`. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Mapping[str, Mapping[str, Any]] = {}
        self._until = 0.0

    def all(self) -> Mapping[str, Mapping[str, Any]]:
        """`{"off": bool, "price": a price rule or None}` by model. Inside `acting_as` or outside."""
        with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._found = call("generation_model_settings_v1")
                finally:
                    if not connection.in_atomic_block:
                        connection.close()
                self._until = time.monotonic() + FRESH_S
            return self._found

    def forget(self) -> None:
        """Ask the database again at the next question."""
        with self._lock:
            self._until = 0.0


changes = Changes()


def offers() -> Mapping[str, Offer]:
    """Every model by its id, in the order in which they are offered."""
    changed = changes.all()
    return {model.id: _offer(model, changed.get(model.id, {})) for model in catalogue().values()}


def offer_of(order: Order) -> Offer:
    """The model that an order names. Raises InvalidOrder where the catalogue has none of that name."""
    model = catalogue().get(order.model)
    if model is None:
        raise InvalidOrder("There is no such model.", field="model")
    return _offer(model, changes.all().get(model.id, {}))


def priced(model: Model, rule: object) -> Model:
    """The model at another price. Raises ValueError where the rule is none, or leaves an order without a price."""
    return Model.model_validate(dict(model) | {"price": _PRICE.validate_python(rule)})


def _offer(model: Model, changed: Mapping[str, Any]) -> Offer:
    known = providers.known()
    usable = tuple(name for name in model.routes if name in known and known[name].enable is None)
    rule = changed.get("price")
    at_price = model if rule is None else _at_price(model.id, json.dumps(rule))
    return Offer(at_price or model, usable, off=bool(changed.get("off")), unpriced=at_price is None)


@cache
def _at_price(model_id: str, rule: str) -> Model | None:
    """The model at the operator's price; None where that price does not fit the model (any more)."""
    try:
        return priced(catalogue()[model_id], json.loads(rule))
    except ValueError as error:
        log.error("the price that was set does not fit the model", model=model_id, error=str(error))
        return None


_PRICE: TypeAdapter[Price] = TypeAdapter(Price)
