"""Gates: what a plan must bring. The database decides; whoever is at the page is offered the plans that do."""

from __future__ import annotations

from packshot.db.tenancy import Actor
from packshot.foundation.billing.contracts import Entitlement
from packshot.errors import UpgradeNeeded
from packshot.foundation.billing.queries import entitlement


def require(actor: Actor, feature: str) -> Entitlement:
    """The entitlement, when it brings the feature (a word of plans.toml). Raises UpgradeNeeded and Forbidden."""
    found = entitlement(actor)
    if feature not in found.features:
        raise UpgradeNeeded("This belongs to a larger plan. Nothing was changed.", feature=feature)
    return found
