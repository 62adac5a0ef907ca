"""The worker's round over the wallets: what time decided is booked and told, what is wished for is bought."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from packshot.foundation.letters import commands as letters
from packshot.studio.credits import commands, notices, topups
from packshot.studio.credits.money import MICRO
from packshot.studio.credits.topups import Outcome, Pack, Paid, Shop
from packshot.studio.statement import queries as statement
from packshot.worker import wallets
from packshot.worker.database import Database
from packshot.worker.letters import send_for_ever
from packshot.worker.pace import Pace
from tests.foundation.people import plan


def test_a_round_tells_buys_and_reads_on(as_worker, new_tenant, ledger, outbox, monkeypatch):
    """A gift ran out while nobody was there: the owners are told, and their pack is bought."""
    tenant = new_tenant()
    wallet = str(tenant.organization_id)
    bought: list[UUID] = []
    paid = threading.Event()

    def charge(organization_id: UUID, pack: str, key: UUID) -> Outcome:
        bought.append(key)
        commands.topup(organization_id, 1000 * MICRO, key=f"pack:{key}", ref=f"pack:{key}")
        paid.set()
        return Paid()

    topups.connect(Shop(lambda _: [Pack("small", 1000 * MICRO, "10 EUR")], charge))
    plan(tenant.organization_id, 1)
    notices.set_watch(tenant.actor, 550 * MICRO)
    long_ago = datetime.now(UTC) - timedelta(seconds=30)
    gift = {"kind": "grant", "wallet": wallet, "amount": 100 * MICRO, "source": "promotional"}
    ledger.connection.execute("update credits_wallet set touched_at = %s", [long_ago - timedelta(minutes=1)])
    ends = long_ago + timedelta(seconds=10)
    ledger.apply(long_ago, {**gift, "key": "gift", "ref": "gift", "expires_at": ends.isoformat()})
    topups.set_rule(tenant.actor, enabled=True, below=550 * MICRO, pack="small", daily_cap=1)
    as_worker()

    async def until_told() -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        deliver = letters.deliver

        def delivered() -> int:
            sent = deliver()
            if sent:
                loop.call_soon_threadsafe(told.set)
            return sent

        monkeypatch.setattr(letters, "deliver", delivered)
        database = await Database.connect(os.environ["DATABASE_URL"], 2)
        pace = replace(Pace(), sweep=0.05, letters=0.05)
        minding = [
            asyncio.create_task(wallets.mind_for_ever(database, pace)),
            asyncio.create_task(send_for_ever(pace)),
        ]
        try:
            await asyncio.wait_for(told.wait(), 60)
            assert await asyncio.to_thread(paid.wait, 60)
        finally:
            for each in minding:
                each.cancel()
            await asyncio.gather(*minding, return_exceptions=True)
            await database.close()

    try:
        asyncio.run(until_told())
    finally:
        topups.connect(None)
    (message,) = outbox
    assert message.subject == "500 credits are left"
    assert len(bought) == 1
    assert notices.watch(tenant.actor) == notices.Watch(550 * MICRO, low=False)
    assert statement.catch_up(tenant.actor) == 0
