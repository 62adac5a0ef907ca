"""The ledger's tables. Amounts are micro-credits (1 credit = 1,000,000); every write is an SQL function's.

A wallet's stored balance is true as of `touched_at`; what time has decided since then (expiries, resets, holds
that ran out) is booked by the next command and computed by every read. See `docs/ledger.md`.
"""

from __future__ import annotations

from uuid import UUID

from django.db import models


class Wallet(models.Model):
    """One balance; narrow, because a busy one is rewritten with every batch of commands."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    available = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    debt = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    touched_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    """Nothing is decided by time alone before this moment: a lower bound, not a promise."""
    allowance = models.BigIntegerField(default=0)
    anchor = models.DateTimeField()
    """Period k starts at anchor + k months, counted from the original anchor and clamped to the month."""
    period = models.IntegerField(default=0)
    allowance_until = models.DateTimeField(null=True)
    """Months that begin then or later include nothing: it is not paid further. None: for ever, the free plan."""

    allowance_kept = models.DateTimeField(null=True)
    """What is left of the last of them stays until then, as long as the renewal is neither paid nor has failed."""

    def __str__(self) -> str:
        return f"wallet {self.id}"


class Lot(models.Model):
    """Credits that came in together: remaining + held + frozen + spent + expired + clawed = granted."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    wallet_id = models.UUIDField()
    source = models.CharField(max_length=16)
    priority = models.SmallIntegerField()
    effective_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    granted = models.BigIntegerField()
    remaining = models.BigIntegerField()
    held = models.BigIntegerField(default=0)
    frozen = models.BigIntegerField(default=0)
    clawed = models.BigIntegerField(default=0)
    frozen_at = models.DateTimeField(null=True)
    live = models.BooleanField()
    """Something remains: the lots that a command must look at without having been sent to them."""
    ref = models.CharField(max_length=200, null=True)
    """The business key of what paid for it, unique for ever: a period, a pack's payment."""

    def __str__(self) -> str:
        return f"{self.source} lot {self.id}"


class Hold(models.Model):
    """Credits set aside for one piece of work. The key starts with the id: finalize knows nothing else."""

    pk = models.CompositePrimaryKey("id", "organization_id")
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    organization_id = models.UUIDField()
    wallet_id = models.UUIDField()
    amount = models.BigIntegerField()
    state = models.CharField(max_length=10)
    expires_at = models.DateTimeField()
    charged = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    late = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ref = models.JSONField(null=True)
    member_id = models.UUIDField(null=True)
    """Who asked for the work; the hold counts towards this person's month."""

    def __str__(self) -> str:
        return f"{self.state} hold {self.id}"


class HoldLot(models.Model):
    """Which lots a hold took from, in burn order. What was charged is the lineage's beginning.

    Never changed: rows after the hold's own amount are what a finalize above it drew; with `late`, what a
    charge took after the hold had ended. No lot: it became debt.
    """

    pk = models.CompositePrimaryKey("organization_id", "hold_id", "position")
    organization_id = models.UUIDField()
    hold_id = models.UUIDField()
    position = models.IntegerField()
    lot_id = models.UUIDField(null=True)
    amount = models.BigIntegerField()
    late = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.position} of hold {self.hold_id}"


class Entry(models.Model):
    """The log: append-only, gapless per wallet. `amount` has the sign a statement would show."""

    pk = models.CompositePrimaryKey("organization_id", "wallet_id", "seq")
    organization_id = models.UUIDField()
    wallet_id = models.UUIDField()
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    amount = models.BigIntegerField()
    lot_id = models.UUIDField(null=True)
    hold_id = models.UUIDField(null=True)
    available_after = models.BigIntegerField()
    held_after = models.BigIntegerField()
    debt_after = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.UUIDField(null=True)
    command = models.CharField(max_length=200, null=True)
    note = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.seq}: {self.kind} {self.amount}"


class Command(models.Model):
    """Every command ever judged, with its answer: the same key gets the same answer for ever."""

    pk = models.CompositePrimaryKey("organization_id", "wallet_id", "key")
    organization_id = models.UUIDField()
    wallet_id = models.UUIDField()
    key = models.CharField(max_length=200)
    body_hash = models.BinaryField()
    answer = models.JSONField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class MemberCap(models.Model):
    """The most that a member may use of the shared wallet in a calendar month of UTC; no row: no cap."""

    pk = models.CompositePrimaryKey("organization_id", "member_id")
    organization_id = models.UUIDField()
    member_id = models.UUIDField()
    cap = models.BigIntegerField()

    def __str__(self) -> str:
        return f"cap of {self.member_id}"


class MemberMonth(models.Model):
    """What came of the holds that a member opened in a month: held while they are open, then charged less refunded.

    Kept in the transaction that changes the hold; `packshot ledger verify` compares the two.
    """

    pk = models.CompositePrimaryKey("organization_id", "member_id", "month")
    organization_id = models.UUIDField()
    member_id = models.UUIDField()
    month = models.DateField()
    """Its first day."""
    used = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.month} of {self.member_id}"


class Watch(models.Model):
    """Below how many credits an organization wants to be told; no row: it does not."""

    organization_id = models.UUIDField(primary_key=True)
    below = models.BigIntegerField()
    low = models.BooleanField(default=False)
    """It is below, and was told; above again it is armed anew."""

    def __str__(self) -> str:
        return f"watch of {self.organization_id}"


class TopupRule(models.Model):
    """An organization's wish that a pack be bought whenever less than `below` is available."""

    organization_id = models.UUIDField(primary_key=True)
    enabled = models.BooleanField()
    below = models.BigIntegerField()
    pack = models.CharField(max_length=80)
    daily_cap = models.SmallIntegerField()
    """The most packs in a day of UTC."""
    wanted = models.BooleanField(default=False)
    """The ledger has seen the balance below; cleared when it is found above."""
    failures = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    """After so many declines in a row nothing is tried until somebody saves the rule again."""

    def __str__(self) -> str:
        return f"top-up of {self.organization_id}"


class TopupTry(models.Model):
    """A pack that is being bought or was; its id is the key under which it is charged, however often that is tried."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    organization_id = models.UUIDField()
    id: models.UUIDField[UUID, UUID] = models.UUIDField()
    pack = models.CharField(max_length=80)
    state = models.CharField(max_length=10)
    token = models.IntegerField(default=1)
    """Grows with each worker that takes it up: only the last one's answer counts."""
    lease_until = models.DateTimeField(null=True)
    code = models.CharField(max_length=80, null=True)
    """Why it was declined, in the provider's word."""
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.state} top-up {self.id}"
