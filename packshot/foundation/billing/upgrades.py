"""What a closed gate offers: the plans that bring more of what is missing. A gate is named by a word of plans.toml (a
feature or a limit), by `seats` or `slots`, or by `credits`."""

from __future__ import annotations

from packshot.errors import Invalid
from packshot.foundation.billing.cards import PlanCard, cards
from packshot.foundation.billing.contracts import Entitlement
from packshot.foundation.billing.plans import FEATURES, LIMITS, Plan, book

GATES = FEATURES | LIMITS | {"seats", "slots", "credits"}
_MOST = 3


def known(gate: str) -> str:
    """The gate, where there is one of that name. Raises Invalid."""
    if gate not in GATES:
        raise Invalid("There is no such limit.")
    return gate


def larger(current: Entitlement, gate: str) -> list[PlanCard]:
    """The smallest plans above the current one that are sold and bring more of it."""
    plan = book().plans.get(current.plan)
    rank = 0 if plan is None else plan.rank
    above = [card for card in cards(current.plan) if card.month is not None and card.plan.rank > rank]
    return [card for card in above if _more(card.plan, current, gate)][:_MOST]


def _more(plan: Plan, current: Entitlement, gate: str) -> bool:
    if gate == "credits":
        return True
    if gate in FEATURES:
        return gate in plan.features
    if gate == "seats":
        return (plan.most if plan.per_seat else plan.seats) > current.seats
    if gate == "slots":
        return plan.slots > current.slots
    return _endless(plan.limits[gate]) > _endless(current.limits.get(gate, -1))


def _endless(limit: int) -> float:
    return float("inf") if limit == -1 else limit
