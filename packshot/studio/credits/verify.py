"""`packshot ledger verify`: fold the whole log and compare it with what the tables say.

Everything is read in one read-only, repeatable-read transaction of the owner's login: the ledger may be busy
meanwhile, and nothing can be changed by looking. Rows are streamed; what is kept in memory is one wallet's lots.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from django.conf import settings

from packshot.studio.credits.fold import LogEntry, LotFold, WalletFold

_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the log and the tables do not agree on, in a sentence."""

    wallet_id: UUID | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    wallets: int
    entries: int
    available: int
    held: int
    debt: int
    differences: list[Difference]

    @property
    def clean(self) -> bool:
        return not self.differences


@contextmanager
def reading() -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection inside one read-only snapshot."""
    found = settings.DATABASES["owner"]
    with psycopg.connect(
        host=found["HOST"],
        port=found["PORT"] or None,
        dbname=found["NAME"],
        user=found["USER"],
        password=found["PASSWORD"],
        **found["OPTIONS"],
    ) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def verify(connection: psycopg.Connection[Any], wallet: UUID | None = None) -> Report:
    """Compare every wallet, or one, with its log; see `reading` for the connection."""
    wallets = entries = available = held = debt = 0
    differences: list[Difference] = []
    log = _Log(connection, wallet)
    lots = _Merge(_stream(connection, "lots", _LOTS, wallet))
    for row in _stream(connection, "wallets", _WALLETS, wallet):
        fold, wrong = log.of(row[0])
        wrong += _compare_wallet(fold, row)
        wrong += _compare_lots(fold, lots.of(row[0]))
        differences += [Difference(row[0], sentence) for sentence in wrong]
        wallets, entries = wallets + 1, entries + fold.seq
        available, held, debt = available + row[1], held + row[2], debt + row[3]
    differences += [
        Difference(found, "there are entries of a wallet that does not exist") for found in log.rest()
    ]
    for query in (_HOLDS, _LINEAGE, _COMMANDS, _MEMBERS):
        differences += [Difference(*row) for row in _stream(connection, "check", query, wallet)]
    return Report(wallets, entries, available, held, debt, differences)


def _compare_wallet(fold: WalletFold, row: tuple[Any, ...]) -> list[str]:
    _, available, held, debt, seq, open_holds = row
    wrong = [
        f"the log says {word} is {logged}, the wallet says {stored}"
        for word, logged, stored in (
            ("available", fold.available, available),
            ("held", fold.held, held),
            ("debt", fold.debt, debt),
            ("the last entry", fold.seq, seq),
        )
        if logged != stored
    ]
    if open_holds != held:
        wrong.append(f"its open holds come to {open_holds}, the wallet says that {held} are held")
    if fold.unaccounted():
        wrong.append(
            f"{fold.unaccounted()} micro-credits were granted and are nowhere, or the other way round"
        )
    return wrong


def _compare_lots(fold: WalletFold, rows: list[tuple[Any, ...]]) -> list[str]:
    wrong: list[str] = []
    missing = dict(fold.lots)
    for _, lot_id, source, granted, remaining, held, frozen in rows:
        lot = missing.pop(lot_id, LotFold())
        came = (
            granted if source == "refund" else lot.came
        )  # a refund of repaid debt opens a lot without a grant
        wrong += [
            f"lot {lot_id}: the log says {logged} {word}, the lot says {stored}"
            for word, logged, stored in (
                ("granted", came, granted),
                ("remaining", lot.remaining, remaining),
                ("held", lot.held, held),
                ("frozen", lot.frozen, frozen),
            )
            if logged != stored
        ]
        gone = lot.spent + lot.expired + lot.clawed + lot.repaid + lot.withdrawn
        if lot.remaining + lot.held + lot.frozen + gone != lot.came:
            wrong.append(f"lot {lot_id}: what came and what went do not add up")
    wrong += [f"the log speaks of lot {lot_id}, which does not exist" for lot_id in missing]
    return wrong


class _Merge:
    """Rows sorted by wallet, handed out wallet by wallet."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, wallet: UUID) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        while self._next is not None and self._next[0] == wallet:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found


class _Log:
    """The log, wallet by wallet, folded as it streams by."""

    def __init__(self, connection: psycopg.Connection[Any], wallet: UUID | None) -> None:
        self._rows = _stream(connection, "log", _ENTRIES, wallet)
        self._next = next(self._rows, None)
        self._strangers: list[UUID] = []

    def of(self, wallet: UUID) -> tuple[WalletFold, list[str]]:
        fold, wrong = WalletFold(), list[str]()
        while self._next is not None and self._next[0] < wallet:
            self._stranger()
        while self._next is not None and self._next[0] == wallet:
            wrong += fold.add(LogEntry(*self._next))
            self._next = next(self._rows, None)
        return fold, wrong

    def rest(self) -> list[UUID]:
        while self._next is not None:
            self._stranger()
        return self._strangers

    def _stranger(self) -> None:
        assert self._next is not None
        if self._next[0] not in self._strangers[-1:]:
            self._strangers.append(self._next[0])
        self._next = next(self._rows, None)


def _stream(
    connection: psycopg.Connection[Any], name: str, query: LiteralString, wallet: UUID | None
) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name=f"verify_{name}") as cursor:
        cursor.itersize = _CHUNK
        yield from cursor.execute(query, {"wallet": wallet})


_WALLETS = """
    select w.id, w.available, w.held, w.debt, w.seq, coalesce((
        select sum(h.amount) from credits_hold as h where h.wallet_id = w.id and h.state = 'open'
    ), 0)::bigint
    from credits_wallet as w
    where %(wallet)s::uuid is null or w.id = %(wallet)s
    order by w.id
"""
_ENTRIES = """
    select e.wallet_id, e.seq, e.kind, e.amount, e.lot_id, e.hold_id, e.available_after, e.held_after, e.debt_after,
        e.at, e.command
    from credits_entry as e
    where %(wallet)s::uuid is null or e.wallet_id = %(wallet)s
    order by e.wallet_id, e.seq
"""
_LOTS = """
    select l.wallet_id, l.id, l.source, l.granted, l.remaining, l.held, l.frozen
    from credits_lot as l
    where %(wallet)s::uuid is null or l.wallet_id = %(wallet)s
    order by l.wallet_id, l.id
"""
# P5: what the log says about each hold, against its row.
_HOLDS = """
    with logged as (
        select e.hold_id, e.wallet_id,
            coalesce(sum(-e.amount) filter (where e.kind = 'reserve'), 0) as reserved,
            coalesce(sum(e.amount) filter (where e.kind = 'release'), 0) as released,
            coalesce(sum(-e.amount) filter (where e.kind = 'debit'), 0) as charged,
            coalesce(sum(e.amount) filter (where e.kind = 'refund'), 0) as refunded,
            case
                when bool_or(e.kind = 'debit' or e.kind = 'release' and c.answer ? 'charged') then 'finalized'
                when bool_or(e.kind = 'release' and e.command is null) then 'expired'
                when bool_or(e.kind = 'release') then 'released'
                else 'open'
            end as state
        from credits_entry as e
        left join credits_command as c
            on c.organization_id = e.organization_id and c.wallet_id = e.wallet_id and c.key = e.command
        where e.hold_id is not null and (%(wallet)s::uuid is null or e.wallet_id = %(wallet)s)
        group by e.hold_id, e.wallet_id
    ),
    stored as (
        select * from credits_hold as h where %(wallet)s::uuid is null or h.wallet_id = %(wallet)s
    )
    select coalesce(h.wallet_id, g.wallet_id),
        case
            when h.id is null then format('the log speaks of hold %%s, which does not exist', g.hold_id)
            when g.hold_id is null then format('the log does not know hold %%s', h.id)
            else format(
                'hold %%s is %%s over %%s, charged %%s, refunded %%s; the log says %%s, reserved %%s, released %%s, '
                'charged %%s, refunded %%s',
                h.id, h.state, h.amount, h.charged, h.refunded,
                g.state, g.reserved, g.released, g.charged, g.refunded
            )
        end
    from stored as h
    full join logged as g on g.hold_id = h.id and g.wallet_id = h.wallet_id
    where h.id is null or g.hold_id is null
        or (h.amount, h.charged, h.refunded) is distinct from (g.reserved, g.charged, g.refunded)
        or g.released <> case
            when h.state = 'open' then 0
            when h.state in ('released', 'expired') or h.late then h.amount
            else h.amount - least(h.amount, h.charged)
        end
        -- A late finalize that charged nothing leaves no entry of its own.
        or h.state <> g.state and not (h.state = 'finalized' and h.late and h.charged = 0 and g.state = 'expired')
"""
# What a hold took from which lot, against the log.
_LINEAGE = """
    with kept as (
        select a.hold_id, a.lot_id, sum(a.amount) as amount
        from credits_holdlot as a
        join credits_hold as h on h.id = a.hold_id and h.organization_id = a.organization_id
        where %(wallet)s::uuid is null or h.wallet_id = %(wallet)s
        group by a.hold_id, a.lot_id
    ),
    logged as (
        select e.hold_id, e.lot_id, sum(-e.amount) as amount
        from (
            select e.*, e.held_after - lag(e.held_after, 1, 0::bigint) over (
                partition by e.organization_id, e.wallet_id order by e.seq
            ) as held
            from credits_entry as e
            where %(wallet)s::uuid is null or e.wallet_id = %(wallet)s
        ) as e
        where e.kind = 'reserve' or e.kind = 'debit' and e.held = 0
        group by e.hold_id, e.lot_id
    )
    select null::uuid, format(
        'hold %%s took %%s from lot %%s by its lineage, and %%s by the log',
        coalesce(k.hold_id, g.hold_id), coalesce(k.amount, 0), coalesce(k.lot_id, g.lot_id), coalesce(g.amount, 0)
    )
    from kept as k
    full join logged as g on g.hold_id = k.hold_id
        and coalesce(g.lot_id, g.hold_id) = coalesce(k.lot_id, k.hold_id)
    where k.amount is distinct from g.amount
"""
# P2: every entry that a command made has its command, with an answer that says yes.
_COMMANDS = """
    select e.wallet_id, format('entry %%s names the command "%%s", which was never accepted', e.seq, e.command)
    from credits_entry as e
    left join credits_command as c
        on c.organization_id = e.organization_id and c.wallet_id = e.wallet_id and c.key = e.command
    where e.command is not null and (%(wallet)s::uuid is null or e.wallet_id = %(wallet)s)
        and (c.key is null or not (c.answer -> 'ok')::boolean)
"""
# What members have used by their counters, against their holds; and whether the log knows who asked for them.
_MEMBERS = """
    with held as (
        select h.organization_id, h.wallet_id, h.member_id, credits_month(h.opened_at) as month,
            sum(credits_used(h)) as used
        from credits_hold as h
        where h.member_id is not null and (%(wallet)s::uuid is null or h.wallet_id = %(wallet)s)
        group by 1, 2, 3, 4
    ),
    counted as (
        select * from credits_membermonth as m where %(wallet)s::uuid is null or m.organization_id = %(wallet)s
    )
    select coalesce(h.wallet_id, m.organization_id), format(
        'member %%s has used %%s in the month of %%s by the counter, and %%s by the holds',
        coalesce(m.member_id, h.member_id), coalesce(m.used, 0), coalesce(m.month, h.month), coalesce(h.used, 0)
    )
    from held as h
    full join counted as m
        on m.organization_id = h.organization_id and m.member_id = h.member_id and m.month = h.month
    where coalesce(h.used, 0) <> coalesce(m.used, 0)
    union all
    select h.wallet_id, format('hold %%s is counted for member %%s; the log says %%s', h.id, h.member_id, e.actor)
    from credits_entry as e
    join credits_hold as h on h.id = e.hold_id and h.organization_id = e.organization_id
    where e.kind = 'reserve' and h.member_id is distinct from e.actor
        and (%(wallet)s::uuid is null or e.wallet_id = %(wallet)s)
"""
