"""One seed, one history. The scheduler picks who goes on next; now and then everything arrives and is checked."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
from django.db import InterfaceError, OperationalError

from packshot.adapters.mock.payments.provider import MockPayments
from packshot.errors import Conflict, Invalid, NotFound, Unavailable
from packshot.foundation.billing import inbox, providers
from packshot.foundation.billing.errors import Declined, NotPossible, NotSold
from packshot.ports.payments import PaymentsUnavailable
from tests.simulation.faults import FAULTS, Faults, Killed
from tests.simulation.oracle import Broken, Oracle, Studio
from tests.simulation.outside import Far, Post
from tests.simulation.steps import Steps
from tests.simulation.tasks import Task
from tests.simulation.world import World

WEIGHTS = {
    "buy": 6,
    "pay": 8,
    "come_back": 4,
    "change": 5,
    "cancel": 2,
    "resume": 2,
    "top_up": 2,
    "ask_again": 3,
    "save_card": 2,
    "confirm": 3,
    "refund": 4,
    "fail_refund": 2,
    "dispute": 2,
    "decide": 3,
    "reserve": 6,
    "finalize": 5,
    "release": 2,
    "return_work": 2,
    "deliver": 14,
    "forge": 1,
    "work": 14,
    "reconcile": 1,
    "tidy": 1,
    "forward": 7,
}
# What a person may be told. Anything else of a task is a promise that broke, unless a fault struck it.
_REFUSALS = (Conflict, Invalid, NotFound, NotPossible, NotSold, Declined)
_AWAY = (Unavailable, PaymentsUnavailable, OperationalError, InterfaceError, Killed)
_STRANGE = "credits.errors"


@dataclass
class Story:
    seed: int
    lines: list[str] = field(default_factory=list)
    wrong: str | None = None
    steps: int = 0
    faults: int = 0


@contextmanager
def stage(admin: psycopg.Connection) -> Iterator[World]:
    """This process's database as a stage for many seeds, one after the other."""
    world = World(admin)
    yield world
    providers.connect(None, lambda: None)  # type: ignore[arg-type,return-value]  # nobody is asked for


def run(world: World, seed: int, *, steps: int = 100, studios: int = 2) -> Story:
    """Play a seed's history to its end, or to the promise that breaks."""
    story, rng = Story(seed), random.Random(seed)
    # The mock's file is flushed with every call; nobody needs it on a disk.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="packshot-simulation-", dir=memory) as home:
        play = _Play(world, Path(home), rng, story, studios)
        try:
            with play.faults.installed():
                play.through(steps)
        except Exception as error:  # noqa: BLE001  the story ends with it
            story.wrong = f"{type(error).__name__}: {error}"
        finally:
            play.close()
    return story


class _Mint:
    """Ids that a seed makes again; their order says nothing."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self._last = rng, 0

    def __call__(self, word: str) -> str:
        self._last += 1
        return f"{word}_{self._rng.getrandbits(12):03x}{self._last}"


class _Play:
    def __init__(
        self,
        world: World,
        home: Path,
        rng: random.Random,
        story: Story,
        studios: int,
    ) -> None:
        world.begin()
        self.world, self.rng, self.story = world, rng, story
        self.faults, self.oracle = Faults(), Oracle(world.admin)
        mock = MockPayments(
            home,
            keys=(b"the key of now", b"the key before"),
            base_url="http://till.test",
            now=world.now,
            tax_percent=rng.choice((0, 0, 19)),
            mint=_Mint(rng),
        )
        self.far = Far(mock, rng)
        providers.connect("mock", lambda: self.far)
        opened = [Studio("ABC"[n], world.open(n)) for n in range(studios)]
        self.steps = Steps(rng, world, mock, Post(mock, rng), self.faults, opened)

    def through(self, steps: int) -> None:
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        self.far.calm = True
        self.steps.settle_in()
        self.far.calm = False
        for number in range(steps):
            self.story.steps = number + 1
            self.world.forward(timedelta(milliseconds=self.rng.randint(1, 2000)))
            if self.steps.tasks and self.rng.random() < 0.4:
                self._go_on()
                continue
            said = None
            while said is None:
                (name,) = self.rng.choices(names, weights)
                said = getattr(self.steps, name)()
            self._say(said)
            if self.steps.tasks and self.rng.random() < 0.7:
                self._go_on(len(self.steps.tasks) - 1)
            if self.rng.random() < 0.03:
                self._calm()
        self._calm()
        self._everything_again()

    def close(self) -> None:
        for task, _ in self.steps.tasks:
            task.kill()

    def _say(self, line: str) -> None:
        self.story.lines.append(line)

    def _go_on(self, which: int | None = None, *, calm: bool = False) -> None:
        """Let a process run until it waits for the provider, or ends, or is ended."""
        which = self.rng.randrange(len(self.steps.tasks)) if which is None else which
        task, then = self.steps.tasks[which]
        chance = 0.0 if calm else self.rng.random()
        if 0 < chance < 0.04:
            task.kill()
        else:
            kind = self.rng.choice(FAULTS) if not calm and self.rng.random() < 0.15 else None
            after = 0 if calm else self.rng.choice((0, 0, 1, 2, self.rng.randint(0, 12)))
            with self.faults.armed(kind, after):
                task.run()
            self.story.faults += self.faults.struck is not None
        if task.ended:
            del self.steps.tasks[which]
            self._say(f"  {task.name}: {self._outcome(task)}")
            if task.error is None:
                then(task.result)

    def _outcome(self, task: Task) -> str:
        error = task.error
        if error is None:
            return "done"
        if isinstance(error, _AWAY):
            return f"broken off ({type(error).__name__})"
        if isinstance(error, _REFUSALS) and _STRANGE not in type(error).__module__:
            return f"refused: {error}"
        raise Broken(f"{task.name} ended with {type(error).__name__}: {error}") from error

    def _calm(self) -> None:
        """Everybody comes to an end, everything arrives, and the promises are checked."""
        self.far.calm = True
        while self.steps.tasks:
            self._go_on(0, calm=True)
        for _ in range(50):
            self.steps.post.collect(self.world.now(), lossy=False)
            while self.steps.post.air:
                self.steps.post.bring_one()
            self.world.next(None)
            worked = inbox.work(100)
            if not worked:
                inbox.reconcile()
                self.steps.post.collect(self.world.now(), lossy=False)
                if not self.steps.post.air and not self.world.due():
                    break
        self.steps.post.lost_since = None
        self.far.calm = False
        self._check()

    def _check(self) -> None:
        self.steps.tidy()
        self.oracle.check_all()
        for studio in self.steps.studios:
            self._say(f"= {self.oracle.check(studio, self.steps.books(studio))}")

    def _everything_again(self) -> None:
        """P8: all that was ever told, once more and in another order, changes nothing."""
        before = self.oracle.seen()
        self.far.calm = True
        found = list(self.steps.post.ever)
        self.rng.shuffle(found)
        for said in found:
            self.steps.post.bring(said, self.steps.mock.keys[0])
        self.world.admin.execute(
            "update billing_message set state = 'waiting', due_at = 'epoch' where state in ('done', 'ignored')"
            " and kind is not null"
        )
        while inbox.work(100):
            pass
        inbox.reconcile()
        if self.oracle.seen() != before:
            raise Broken(f"told again, it is {self.oracle.seen()} instead of {before}")
        self._check()
