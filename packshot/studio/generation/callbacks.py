"""The address a provider calls back on, and what it proves.

It names the job, signed with our key: so a callback finds its job even when the provider's answer to our submit
was lost. The message itself is verified by the adapter; this is about whose message it is.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from packshot.settings import settings


def address(provider: str, organization_id: UUID, job_id: UUID) -> str | None:
    """Where the provider shall call back for this job; None where the outside does not reach us."""
    if settings().public_url is None:
        return None
    job = f"{organization_id}/{job_id}"
    return f"{settings().address}/hooks/{provider}/?j={job}&s={_mark(job)}"


def read(job: str | None, mark: str | None) -> tuple[UUID | None, UUID | None]:
    """Organization and job that the address named; two None when it named none or the mark is not ours."""
    if not job or not mark or not hmac.compare_digest(_mark(job).encode(), mark.encode()):
        return None, None
    organization_id, _, job_id = job.partition("/")
    return UUID(organization_id), UUID(job_id)


def _mark(job: str) -> str:
    return hmac.new(settings().secret().encode(), f"callback:{job}".encode(), hashlib.sha256).hexdigest()[:32]
