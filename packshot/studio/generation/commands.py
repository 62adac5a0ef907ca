"""Every write on batches and jobs that a person or a provider can cause."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from packshot.db.tenancy import Actor
from packshot.studio.generation.views_api import Order, Submission


def submit(actor: Actor, order: Order) -> Submission:
    """Quote, hold, batch, jobs and queue rows in one transaction, or nothing at all.

    The same key with the same order answers with the same batch. Must be called outside `acting_as`. Raises
    InvalidOrder, InsufficientCredits, NotFound (a board or reference that is not the organization's),
    Forbidden (not a member) and Conflict (the key was used for another order).
    """
    raise NotImplementedError


def retry_job(actor: Actor, job_id: UUID, key: str) -> Submission:
    """Pay for one more attempt of a failed or cancelled variant, in its place in the same batch.

    Raises NotFound, Conflict (it is not final, succeeded, or was retried already), InsufficientCredits.
    """
    raise NotImplementedError


def cancel_job(actor: Actor, job_id: UUID) -> None:
    """Stop one variant: at once while it is queued, else as soon as its worker or provider confirms.

    Final jobs stay as they are. Raises NotFound.
    """
    raise NotImplementedError


def cancel_batch(actor: Actor, batch_id: UUID) -> None:
    """`cancel_job` for each variant of a batch that is not final. Raises NotFound."""
    raise NotImplementedError


def receive_callback(provider: str, headers: Mapping[str, str], body: bytes) -> None:
    """Take a provider's message: verified, stored once, and its job woken. Safe to be sent twice.

    Raises NotFound (no such provider) and InvalidCallback (forged, stale or unreadable).
    """
    raise NotImplementedError
