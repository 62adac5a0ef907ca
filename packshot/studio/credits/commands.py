"""Every write on credits."""

from __future__ import annotations

from packshot.db.sql import call
from packshot.foundation.organizations.facts import OrganizationOpened


def open_wallet(opened: OrganizationOpened) -> None:
    """A new organization's wallet with the free allowance, in the transaction that opens the organization."""
    call("credits_open_wallet_v1", opened.organization_id)
