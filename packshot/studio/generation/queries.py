"""Every read on batches and jobs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from packshot.db.tenancy import Actor
from packshot.studio.generation.views_api import BatchView, ModelView, Order, Quote, Running


def models() -> list[ModelView]:
    """The catalogue, in the order in which it is offered."""
    raise NotImplementedError


def quote(actor: Actor, order: Order) -> Quote:
    """What the order would cost and whether it is covered; nothing is reserved. Raises InvalidOrder."""
    raise NotImplementedError


def batch(actor: Actor, batch_id: UUID) -> BatchView:
    """One batch with its tiles. Raises NotFound."""
    raise NotImplementedError


def thread(actor: Actor, board_id: UUID, limit: int = 20, before: datetime | None = None) -> list[BatchView]:
    """A board's batches, newest first, `before` a moment for the page after."""
    raise NotImplementedError


def running(actor: Actor) -> Running:
    """What the organization has under way."""
    raise NotImplementedError
