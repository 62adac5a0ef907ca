"""Every read on keys."""

from __future__ import annotations

from packshot.db.tenancy import Actor, acting_as
from packshot.foundation.apikeys.contracts import KeyView
from packshot.foundation.apikeys.models import Key

_FIELDS = tuple(KeyView.__dataclass_fields__)


def keys(actor: Actor) -> list[KeyView]:
    """The organization's keys, the latest first, those that do not work any more among them; empty for whoever does
    not run the workspace."""
    with acting_as(actor):
        found = list(Key.objects.order_by("-id").values(*_FIELDS))
    return [
        KeyView(**{**row, "scopes": tuple(row["scopes"]), "networks": tuple(row["networks"])})
        for row in found
    ]
