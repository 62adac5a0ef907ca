"""Gates, for the rooms above: what a plan brings. SQL decides what is done; a page may tell it beforehand."""

from __future__ import annotations

from packshot.db.tenancy import Actor
from packshot.foundation.billing import providers
from packshot.foundation.billing.queries import entitlement
from packshot.foundation.billing.upgrades import larger
from packshot.ports.payments import Ability


def brings(actor: Actor, feature: str) -> bool:
    """Whether the plan has the feature, for a page that tells it beforehand; what is done, SQL decides."""
    return feature in entitlement(actor).features


def grows(actor: Actor, gate: str) -> bool:
    """Whether a larger plan is sold here that brings more of it (a gate of `upgrades`)."""
    return providers.able(Ability.SUBSCRIBE) and bool(larger(entitlement(actor), gate))
