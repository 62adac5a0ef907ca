"""Every write on webhooks that a person makes. Rights are checked by the SQL functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.foundation.webhooks import keys, registry


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person says of an endpoint."""

    url: str
    description: str = ""
    types: Sequence[str] = field(default_factory=tuple)
    """Of which events it wants to hear; none: of all."""

    def checked(self) -> dict[str, Any]:
        """As the SQL functions take it. Raises Invalid."""
        found = {
            "url": self.url.strip(),
            "description": " ".join(self.description.split()),
            "types": sorted(set(self.types)),
        }
        registry.require_address(self.url.strip())
        registry.require_events(list(self.types))
        return found


def create(actor: Actor, endpoint_id: UUID, wanted: Wanted) -> str:
    """Make an endpoint of this id, which is enabled; its secret, told this once.

    Raises Forbidden, Invalid, and Conflict where it is there already or there are ten.
    """
    secret = keys.fresh()
    with acting_as(actor):
        asked = {"id": str(endpoint_id), "secret": keys.seal(secret)}
        call("webhooks_create_v1", {**wanted.checked(), **asked})
    return secret


def change(actor: Actor, endpoint_id: UUID, wanted: Wanted) -> None:
    """Raises NotFound, Forbidden, Invalid."""
    with acting_as(actor):
        call("webhooks_change_v1", endpoint_id, wanted.checked())


def rotate(actor: Actor, endpoint_id: UUID) -> str:
    """Sign with another secret, told this once; with the one before as well for a day. Raises NotFound, Forbidden."""
    secret = keys.fresh()
    with acting_as(actor):
        call("webhooks_rotate_v1", endpoint_id, keys.seal(secret))
    return secret


def switch(actor: Actor, endpoint_id: UUID, *, enabled: bool) -> None:
    """Begin to send there again, or stop: what waits then counts as failed. Raises NotFound, Forbidden."""
    with acting_as(actor):
        call("webhooks_switch_v1", endpoint_id, enabled)


def delete(actor: Actor, endpoint_id: UUID) -> None:
    """With its deliveries. Raises NotFound, Forbidden."""
    with acting_as(actor):
        call("webhooks_delete_v1", endpoint_id)


def test(actor: Actor, endpoint_id: UUID) -> None:
    """Send it a `webhook.test`. Raises NotFound, Forbidden, and Conflict where it is disabled."""
    with acting_as(actor):
        call("webhooks_test_v1", endpoint_id)


def replay(actor: Actor, delivery_id: UUID) -> None:
    """Send it again from the beginning, under the same id; one that waits is tried now.

    Raises NotFound, Forbidden, and Conflict where its endpoint is disabled.
    """
    with acting_as(actor):
        call("webhooks_replay_v1", delivery_id)


def replay_failed(actor: Actor, endpoint_id: UUID, since: datetime) -> int:
    """Send all again whose event is not older than `since` and that have failed; how many.

    Raises NotFound, Forbidden, and Conflict where the endpoint is disabled.
    """
    with acting_as(actor):
        count: int = call("webhooks_replay_failed_v1", endpoint_id, since)
    return count
