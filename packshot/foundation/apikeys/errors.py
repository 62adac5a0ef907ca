"""What can be wrong with an idempotency key."""

from __future__ import annotations

from packshot.errors import Problem


class IdempotencyKeyReused(Problem):
    """The key stands for another request already. Nothing was done."""

    status = 422
    code = "idempotency_key_reused"
