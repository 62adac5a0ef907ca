"""What every step of a history is made with: the seed, the world, and who is in it."""

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


@dataclass
class Stage:
    """One seed's stage. A step returns a line for the story, or None where there was nothing to do."""

    rng: random.Random
    world: World
    mock: MockPayments
    post: Post
    faults: Faults
    studios: list[Studio]
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
