"""What can be wrong with an order, in words for people and codes for programs."""

from __future__ import annotations

from packshot.errors import Invalid, Problem


class InsufficientCredits(Problem):
    """The wallet does not cover the order; nothing was reserved and nothing was queued.

    `detail`: `needed` and `available` in micro-credits.
    """

    status = 402
    code = "insufficient_credits"


class InvalidOrder(Invalid):
    """The chosen model does not take this order; `detail["field"]` names what to change."""

    code = "invalid_order"


class InvalidCallback(Problem):
    """The message is not from the provider it names, is too old, or cannot be read."""

    status = 401
    code = "invalid_callback"
