"""What the ledger refuses, in words for people and codes for programs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from packshot.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from packshot.studio.credits.money import format_credits


class InsufficientCredits(Problem):
    """The wallet does not cover it; nothing was changed. `detail`: `needed` and `available` in micro-credits."""

    status = 402
    code = "insufficient_credits"


class MemberCapReached(InsufficientCredits):
    """The wallet covers it, and the member's monthly cap does not; nothing was changed.

    `detail`: `needed`, `available` (what the member may still use) and `cap`, in micro-credits.
    """

    status = 403
    code = "member_cap_reached"


class KeyReused(Invalid):
    """This key belongs to another command already; nothing was changed."""

    code = "key_reused"


class HoldEnded(Conflict):
    """The hold was finalized, released or ran out before; `detail["state"]` says which."""

    code = "hold_ended"


class AlreadyGranted(Conflict):
    """This period or payment was granted before, under another key."""

    code = "already_granted"


class TooMuch(Conflict):
    """More than there is to refund or to claw back; `detail` says how much there is."""

    code = "too_much"


class LedgerConflict(Conflict):
    """The lot or hold is not in the state that the command needs."""

    code = "ledger_conflict"


# One message is made of what the answer says: `cap_sentence`.
_PROBLEMS: dict[str, tuple[type[Problem], str]] = {
    "insufficient_credits": (InsufficientCredits, "There are not enough credits."),
    "member_cap_reached": (MemberCapReached, ""),
    "key_reused": (KeyReused, "This key was used for another command."),
    "hold_ended": (HoldEnded, "This hold has ended."),
    "already_granted": (AlreadyGranted, "These credits were granted before."),
    "too_much": (TooMuch, "That is more than there is."),
    "not_found": (NotFound, "There is no such wallet, lot or hold."),
    "invalid": (Invalid, "The command is not valid."),
    "overflow": (Invalid, "No wallet can hold that much."),
    "hold_exists": (LedgerConflict, "There is such a hold already."),
    "not_charged": (LedgerConflict, "This hold was not charged."),
    "lot_frozen": (LedgerConflict, "The lot is frozen already."),
    "lot_not_frozen": (LedgerConflict, "The lot is not frozen."),
    "forbidden": (Forbidden, "Only staff may do this."),
}


def cap_sentence(cap: int) -> str:
    """What a member is told whose cap, in micro-credits, is in the way."""
    words = _("Your monthly cap of %(cap)s credits is reached; an owner can raise it.")
    return words % {"cap": format_credits(cap)}


def problem(answer: dict[str, Any]) -> Problem:
    """The error that a refusal stands for; the answer's other fields are its detail."""
    kind, message = _PROBLEMS[answer["code"]]
    if kind is MemberCapReached:
        message = cap_sentence(answer["cap"])
    detail = {key: value for key, value in answer.items() if key not in ("ok", "message")}
    return kind(answer.get("message", message), **detail)
