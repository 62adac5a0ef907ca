"""What can be wrong with an order, in words for people and codes for programs."""

from __future__ import annotations

from packshot.errors import Invalid, Problem


class InsufficientCredits(Problem):
    """The wallet does not cover the order; nothing was reserved and nothing was queued.

    `detail`: `needed` and `available` in micro-credits.
    """

    status = 402
    code = "insufficient_credits"


class MemberCapReached(InsufficientCredits):
    """The wallet covers the order, and the person's monthly cap does not; nothing was reserved.

    `detail`: `needed`, `available` (what the person may still use) and `cap`, in micro-credits.
    """

    status = 403
    code = "member_cap_reached"


class InvalidOrder(Invalid):
    """The chosen model does not take this order; `detail["field"]` names what to change."""

    code = "invalid_order"


class InvalidCallback(Problem):
    """The message is not from the provider it names, is too old, or cannot be read."""

    status = 401
    code = "invalid_callback"


class UncheckedCallback(Problem):
    """Whether the message is genuine cannot be found out at the moment; the sender shall try again."""

    status = 503
    code = "unchecked_callback"


class ModelUnavailable(Problem):
    """The model cannot be ordered now: switched off, or none of its providers is set up. Nothing was ordered."""

    status = 409
    code = "model_unavailable"


class PriceChanged(Problem):
    """It costs more than the person was shown; nothing was ordered. `detail["price"]`: micro-credits a variant."""

    status = 409
    code = "price_changed"


class SpendCapReached(Problem):
    """The installation has spent on providers what it may in this UTC day; nothing was ordered."""

    status = 503
    code = "spend_cap_reached"
