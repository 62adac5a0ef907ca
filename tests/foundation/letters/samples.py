"""A body of each kind of letter, as the rooms post them."""

from __future__ import annotations

from typing import Any

AT = "2027-03-05T10:00:00+00:00"
TEAM = {"item": "team", "name": "Team", "quantity": 3}
PRO = {"item": "pro", "name": "Pro", "quantity": 1}
PACK = {"item": "pack-1000", "name": "1,000 credits", "quantity": 1}
GONE = {"item": "gone-plan", "name": "Gone", "quantity": 1}


def money(amount: int, currency: str = "eur") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def line(
    what: dict[str, Any] | None, amount: int, *, proration: bool = False, words: str = ""
) -> dict[str, Any]:
    return {"what": what, "amount": money(amount), "proration": proration, "words": words}


_PAID = {"number": "R-7", "total": money(123450), "tax": money(19710), "at": AT}
BODIES: dict[str, dict[str, Any]] = {
    "billing.receipt": _PAID | {"lines": [line(TEAM, 103740)]},
    "billing.changed": _PAID
    | {
        "plan": TEAM,
        "lines": [line(PRO, -2300, proration=True), line(TEAM, 106040, proration=True)],
    },
    "billing.pack": _PAID | {"item": PACK, "lines": [line(PACK, 103740)]},
    "billing.topup": _PAID | {"item": PACK, "number": None, "tax": None, "lines": [line(PACK, 123450)]},
    "billing.failed": {"item": PACK},
    "billing.owed": {"plan": TEAM, "until": AT, "due": money(123450), "url": "https://pay.example/i/1"},
    "billing.trial_soon": {"plan": PRO, "at": AT, "price": money(123450), "interval": "month"},
    "billing.trial_ended": {"plan": PRO, "at": AT, "goes_on": False},
    "billing.cancelled": {"plan": TEAM, "at": AT},
    "billing.resumed": {"plan": TEAM, "at": AT},
    "billing.ended": {"plan": GONE, "at": AT},
    "billing.scheduled": {"before": TEAM, "plan": PRO, "at": AT},
    "credits.low_balance": {"below": 1_500_000_000, "left": 1_234_500_000},
    "credits.topup_stopped": {"code": "card_declined"},
    "credits.refunded": {
        "returned": 123450,
        "paid": 246900,
        "currency": "eur",
        "taken": 1_234_000_000,
        "restored": 0,
    },
    "credits.disputed": {},
    "credits.dispute_closed": {"outcome": "won"},
    "organizations.removed": {},
    "organizations.transferred": {"from": "ann@example.com", "to": "ben@example.com"},
    "organizations.closing": {"at": AT, "by": "ann@example.com"},
    "organizations.kept": {"by": "ann@example.com"},
    "organizations.erased": {},
}
