"""Work that costs credits: reserved, then charged or given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from packshot.errors import Problem
from packshot.studio.credits import commands as ledger
from packshot.studio.credits.errors import HoldEnded, InsufficientCredits, LedgerConflict
from tests.simulation.expected import CREDIT
from tests.simulation.faults import CUTS
from tests.simulation.stage import Stage


class Work(Stage):
    def reserve(self) -> str | None:
        studio, hold = self.studio(), self.id()
        amount = self.rng.choice(
            (1, CREDIT, self.rng.randint(1, 300) * CREDIT, self.rng.randint(1, 4000 * CREDIT))
        )
        expires_in = self.rng.choice((600, 86_400, 10 * 86_400))
        name = f"{studio.name} reserves {amount} ({hold.int & 0xFFF})"
        try:
            self._command(
                lambda: ledger.reserve(studio.id, [(hold, amount)], key=f"r{hold}", expires_in=expires_in)
            )
        except InsufficientCredits:
            return f"{name}: there is not enough"
        self.holds[hold] = (studio, amount)
        return name

    def finalize(self) -> str | None:
        if not self.holds:
            return None
        hold = self.rng.choice(list(self.holds))
        studio, amount = self.holds.pop(hold)
        cost = self.rng.choice(
            (0, amount, self.rng.randint(0, amount), amount + self.rng.randint(0, 50 * CREDIT))
        )
        policy: Literal["cap", "draw", "debt"] = self.rng.choice(("cap", "cap", "draw", "debt"))
        found = self._command(lambda: ledger.finalize(hold, cost, key=f"f{hold}", policy=policy))
        studio.spent += found.charged
        if found.charged:
            self.refundable[hold] = (studio, found.charged)
        return f"{studio.name} is charged {found.charged} for {hold.int & 0xFFF} of {amount} ({policy})"

    def release(self) -> str | None:
        if not self.holds:
            return None
        hold = self.rng.choice(list(self.holds))
        studio, amount = self.holds.pop(hold)
        try:
            self._command(lambda: ledger.release(hold, key=f"x{hold}"))
        except HoldEnded:
            return f"{studio.name} releases {hold.int & 0xFFF} too late"
        return f"{studio.name} releases {amount} ({hold.int & 0xFFF})"

    def return_work(self) -> str | None:
        if not self.refundable:
            return None
        hold = self.rng.choice(list(self.refundable))
        studio, charged = self.refundable.pop(hold)
        amount = self.rng.randint(1, charged)
        try:
            found = self._command(lambda: ledger.refund(hold, amount, key=f"b{hold}"))
        except LedgerConflict:
            return f"{hold.int & 0xFFF} cannot be returned"
        studio.spent -= found.refunded
        return f"{studio.name} gets {amount} of {charged} back for {hold.int & 0xFFF}"

    # Parts.

    def _command(self, act: Callable[[], Any]) -> Any:
        """A command of the ledger; now and then the connection breaks on its way, or the answer was lost and it is
        sent again: it must be the same answer."""
        kind = self.rng.choice(CUTS) if self.rng.random() < 0.15 else None
        with self.faults.armed(kind):
            try:
                first: Any = act()
            except Problem as error:
                first = error
        if self.rng.random() < 0.2:
            try:
                second: Any = act()
            except Problem as error:
                second = error
            if repr(first) != repr(second):
                raise AssertionError(f"sent again, it is {second!r} instead of {first!r}")
        if isinstance(first, Problem):
            raise first
        return first
