"""What is sold, as the pages show it."""

from __future__ import annotations

from dataclasses import dataclass

from packshot.foundation.billing import naming
from packshot.foundation.billing.plans import MICRO, Offer, Plan, book, offers


@dataclass(frozen=True, slots=True)
class PlanCard:
    key: str
    plan: Plan
    month: Offer | None
    year: Offer | None
    current: bool
    allowance: int
    """Micro-credits a month, a seat's where it is sold by the seat."""

    @property
    def name(self) -> str:
        return naming.name_of(self.key, self.plan.name)

    @property
    def about(self) -> str:
        return naming.about(self.key)

    def offer(self, interval: str) -> Offer | None:
        return self.year if interval == "year" else self.month


def cards(current: str | None) -> list[PlanCard]:
    """Every plan, the smallest first."""
    by_item = {(o.price.item, o.price.interval): o for o in offers().values()}
    plans = sorted(book().plans.items(), key=lambda each: each[1].rank)
    return [
        PlanCard(
            key,
            plan,
            by_item.get((key, "month")),
            by_item.get((key, "year")),
            key == current,
            plan.credits * MICRO,
        )
        for key, plan in plans
    ]


def packs() -> list[Offer]:
    return [offer for offer in offers().values() if offer.kind == "pack"]
