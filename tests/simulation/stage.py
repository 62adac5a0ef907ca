"""What every step of a history is made with: the seed, the world, who is in it, and what is left out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from packshot.adapters.mock.payments.desk import Desk
from packshot.adapters.mock.payments.provider import MockPayments
from tests.simulation.expected import Books
from tests.simulation.faults import Faults
from tests.simulation.oracle import Studio
from tests.simulation.outside import Post
from tests.simulation.tasks import Task
from tests.simulation.world import World

KNOWN = frozenset(
    {
        "second plan",
        "whole plan back",
        "top-up by credit",
        "others' months",
        "unheard renewal",
        "two previews",
        "bank for ever",
    }
)
"""What is left out by default, because a promise is known to break there; `--all` leaves nothing out.

- second plan: a person pays a second page for a plan while a plan runs already.
- whole plan back: a plan's payment goes back whole (refund, lost dispute), which may turn out not to have been.
- top-up by credit: a pack is wholly paid by what the customer has to their credit.
- others' months: months that another payment or the free plan brought, in the period of a refunded payment, are clawed
  too (the oracle looks away).
- unheard renewal: a preview of a subscription that has been renewed and we have not heard (nobody compares).
- two previews: a change is confirmed that was previewed before another change of the same subscription.
- bank for ever: a slow bank as the saved card: the mock asks it for ever, or does not come to an end at all.
"""


@dataclass
class Stage:
    """One seed's stage. A step returns a line for the story, or None where there was nothing to do."""

    rng: random.Random
    world: World
    mock: MockPayments
    post: Post
    faults: Faults
    studios: list[Studio]
    without: frozenset[str]
    tasks: list[tuple[Task, Callable[[object], None]]] = field(default_factory=list)
    again: list[tuple[str, Callable[[], object], Callable[[object], None]]] = field(default_factory=list)
    """What was asked with an id of ours and did not get its answer: somebody may ask once more."""
    holds: dict[UUID, tuple[Studio, int]] = field(default_factory=dict)
    refundable: dict[UUID, tuple[Studio, int]] = field(default_factory=dict)
    refunds: list[str] = field(default_factory=list)
    ids: int = 0

    def __post_init__(self) -> None:
        self.desk = Desk(self.mock)

    def id(self) -> UUID:
        self.ids += 1
        return UUID(int=0xDEF << 64 | self.ids)

    def studio(self) -> Studio:
        return self.rng.choice(self.studios)

    def books(self, studio: Studio) -> Books:
        return Books(self.mock, studio.customer)

    def begin(
        self, name: str, work: Callable[[], object], then: Callable[[object], None] | None = None
    ) -> str:
        """A process of its own; the scheduler goes on with it."""
        self.tasks.append((Task(name, work), then or (lambda _: None)))
        return name

    def repeatable(self, name: str, work: Callable[[], object], then: Callable[[object], None]) -> str:
        self.again.append((name, work, then))
        return self.begin(name, work, then)
