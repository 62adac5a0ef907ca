"""Plans of organizations that are to be deleted: not renewed, and ended when the organization is erased.

States decide, not messages: each round looks who would still be renewed.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from django.db import connection

from packshot.db.sql import rows
from packshot.foundation.billing import projecting, providers
from packshot.foundation.billing.commands import asking
from packshot.ports.payments import Ability

_ACTS = UUID("2f0b5a7e-52ff-4b43-9b0e-6a4ad4b6a1d3")
"""The name space of these acts' ids."""


def leave() -> int:
    """End the plans of organizations that are to be deleted with the period that is paid; says how many there were.

    Who keeps the organization after all takes that back on the billing page. Raises ProviderAway.
    """
    provider = providers.provider()
    if Ability.CANCEL not in provider.abilities:
        return 0
    found = rows("billing_leaving_v1", provider.name)
    connection.close()
    for row in found:
        # Of this deletion: another one, after it was taken back, is another act.
        act = uuid5(_ACTS, f"{row['ref']} {row['erase_at'].isoformat()}")
        with asking():
            seen = provider.cancel(row["ref"], act)
        projecting.apply(provider.name, seen)
    return len(found)


def end_at_once(organization_id: UUID, act: UUID) -> int:
    """End every subscription of an organization that is erased; says how many there were. Raises ProviderAway."""
    if providers.configured() is None or Ability.CANCEL not in providers.provider().abilities:
        return 0
    provider = providers.provider()
    found = rows("billing_subscriptions_of_v1", organization_id, provider.name)
    connection.close()
    for row in found:
        with asking():
            seen = provider.cancel(row["ref"], act, at_once=True)
        projecting.apply(provider.name, seen)
    return len(found)
