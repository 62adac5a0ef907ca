"""Everything that one worker is made of, put together and taken apart in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as Message
from pgqueuer.queries import Queries
from structlog.contextvars import bind_contextvars

from packshot import wiring
from packshot.settings import settings
from packshot.studio.assets import storage, tasks
from packshot.studio.generation import callbacks
from packshot.studio.generation.catalogue import catalogue
from packshot.worker import hooks, invitations
from packshot.worker.changes import carry_on
from packshot.worker.database import Database, QueueDriver
from packshot.worker.downloads import Downloads
from packshot.worker.exports import Packer
from packshot.worker.jobs import Jobs, Name
from packshot.worker.leases import Leases, Why
from packshot.worker.letters import send_for_ever
from packshot.worker.main import queue_settings
from packshot.worker.outputs import Outputs
from packshot.worker.pace import Pace
from packshot.worker.payments import take_payments
from packshot.worker.references import References
from packshot.worker.road import Road
from packshot.worker.takeouts import Takeouts
from packshot.worker.upkeep import collect_for_ever, keep_whole
from packshot.worker.wallets import mind_for_ever
from packshot.worker.watched import Watched

log = structlog.get_logger(__name__)

_BATCH = 50
_INSPECT_TRIES = 4
_EXPORT_TRIES = 3
_LETTER_TRIES = 8
"""About twenty minutes of a mail server that is away."""
_EXPORTS = 2
"""Made at once by one worker: each has a file of its own on the disk, and takes its turn in the pool."""


class Crew:
    """A worker: two lanes on one queue, leases, upkeep."""

    def __init__(self, pace: Pace, worker: str, database: Database) -> None:
        self._pace = pace
        self._database = database
        self._driver = QueueDriver(database)
        self._pool = wiring.imaging_pool()
        self._processes = wiring.imaging_processes()
        self._jobs = Jobs(
            database,
            worker=worker,
            lease_s=pace.lease,
            cap=settings().organization_jobs,
            inflight=settings().max_inflight,
        )
        self._leases = Leases(self._jobs, pace)
        self._generators = wiring.generators(self._pool)
        self._road = Road(
            jobs=self._jobs,
            leases=self._leases,
            downloads=Downloads(wiring.fetcher(), settings().home / "fetched"),
            outputs=Outputs(storage.blobs(), self._pool.run, partial(database.call, "assets_hold_bytes_v1")),
            references=References(storage.blobs(), self._pool.run),
            generators={name: Watched(generator) for name, generator in self._generators.items()},
            models=catalogue(),
            callback_url=callbacks.address,
        )
        self._cores = asyncio.Semaphore(self._processes)
        self._waiting_lane = self._lane("advance", self._advance)
        self._render_lane = self._lane("render", self._render)
        self._render_lane.entrypoint("inspect")(self._inspect)
        self._render_lane.entrypoint("receive")(self._receive)
        self._waiting_lane.entrypoint("change")(self._change)
        self._waiting_lane.entrypoint("export")(self._export)
        self._waiting_lane.entrypoint("invitation")(self._invitation)
        self._waiting_lane.entrypoint("takeout")(self._takeout)
        self._packer = Packer(database, storage.blobs(), self._pool.run, settings().home / "exports")
        self._packing = asyncio.Semaphore(_EXPORTS)
        self._takeouts = Takeouts(database, storage.blobs(), settings().home / "takeouts")

    @classmethod
    async def assemble(cls, pace: Pace, worker: str) -> Crew:
        url = settings().database_url
        if url is None:
            raise RuntimeError("DATABASE_URL is not set")
        return cls(pace, worker, await Database.connect(url, settings().database_pool))

    async def work(self, stop: asyncio.Event) -> None:
        """Until `stop`, then finish or hand back. Raises what any part of the worker could not mend."""
        lanes = [
            self._serve(self._waiting_lane, limit=settings().worker_tasks, batch=_BATCH),
            # No more than the cores can take soon: what else is queued is there for other machines.
            self._serve(self._render_lane, limit=2 * self._processes, batch=self._processes),
        ]
        for_ever: list[Coroutine[Any, Any, None]] = [
            self._leases.renew_for_ever(),
            self._leases.tell_for_ever(),
            keep_whole(self._database, self._pace, cap=settings().organization_jobs, blobs=storage.blobs()),
            collect_for_ever(self._database, self._pace, storage.blobs()),
            mind_for_ever(self._database, self._pace),
            take_payments(self._pace),
            send_for_ever(self._pace),
            hooks.deliver_for_ever(self._database, wiring.poster(), self._pace),
        ]
        helpers = [asyncio.create_task(one) for one in for_ever]
        serving = [asyncio.create_task(one) for one in lanes]
        stopping = asyncio.create_task(stop.wait())
        log.info("worker ready", cores=self._processes, tasks=settings().worker_tasks)
        try:
            await asyncio.wait([*helpers, *serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            log.info("worker stops", held=len(self._leases))
            await self._stop(serving)
        finally:
            stopping.cancel()
            for helper in helpers:
                helper.cancel()
        for task in [*serving, *helpers]:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def dismiss(self) -> None:
        await wiring.close(self._generators)
        await self._pool.close()
        await self._driver.close()
        await self._database.close()

    async def _stop(self, serving: list[asyncio.Task[None]]) -> None:
        """Take no more; give what runs a little time; hand the rest back."""
        for lane in (self._waiting_lane, self._render_lane):
            lane.shutdown.set()
        _, late = await asyncio.wait(serving, timeout=self._pace.stop)
        if late:
            self._leases.stop_all(Why.STOP)
            _, late = await asyncio.wait(late, timeout=2)
        for task in late:
            task.cancel()

    def _lane(self, name: str, handler: Any) -> QueueManager:
        lane = QueueManager(Queries(self._driver))
        lane.entrypoint(name)(handler)
        return lane

    async def _serve(self, lane: QueueManager, *, limit: int, batch: int) -> None:
        await lane.run(**queue_settings(self._pace, tasks=limit, batch=batch))

    async def _advance(self, message: Message) -> None:
        await self._carry(message)

    async def _render(self, message: Message) -> None:
        # Claimed when a core is free, not before: until then the job is queued, and says so.
        async with self._cores:
            if not self._render_lane.shutdown.is_set():
                await self._carry(message)
                return
        raise RetryRequested(timedelta(0), "the worker stops")

    async def _carry(self, message: Message) -> None:
        name = Name.read(message.payload)
        # For every line that is logged on the way; a handler is a task, so it ends with it.
        bind_contextvars(job=str(name.job_id), organization=str(name.organization_id))
        try:
            again_s = await self._road.advance(name)
        except (
            Exception
        ) as error:  # the message must not be lost with it; the job's own fence decides what is true
            log.exception("advance failed")
            raise RetryRequested(timedelta(seconds=min(60, 2**message.attempts)), repr(error)) from error
        if again_s is not None:
            raise RetryRequested(timedelta(seconds=again_s), "another worker has it")

    async def _inspect(self, message: Message) -> None:
        where = _where(message)
        bind_contextvars(organization=str(where[0]))
        try:
            await tasks.inspect(*where, blobs=storage.blobs(), run=self._pool.run)
        except Exception as error:
            log.exception("inspect failed", asset=str(where[1]))
            if message.attempts >= _INSPECT_TRIES:
                await tasks.give_up(*where)
                return
            raise RetryRequested(timedelta(seconds=2**message.attempts), repr(error)) from error

    async def _receive(self, message: Message) -> None:
        where = _where(message)
        try:
            await tasks.receive(*where, blobs=storage.blobs())
        except Exception as error:
            # Never given up: a store that is away comes back, and what it has is only looked at then.
            log.exception("receive failed", arrival=str(where[1]))
            raise RetryRequested(timedelta(seconds=min(60, 2**message.attempts)), repr(error)) from error

    async def _change(self, message: Message) -> None:
        where = _where(message)
        bind_contextvars(organization=str(where[0]))
        try:
            ended = await carry_on(self._database, *where, self._waiting_lane.shutdown.is_set)
        except Exception as error:
            log.exception("change failed", change=str(where[1]))
            raise RetryRequested(timedelta(seconds=min(60, 2**message.attempts)), repr(error)) from error
        if not ended:
            raise RetryRequested(timedelta(0), "the worker stops")

    async def _export(self, message: Message) -> None:
        where = _where(message)
        bind_contextvars(organization=str(where[0]))
        try:
            async with self._packing:
                ended = await self._packer.pack(*where, self._waiting_lane.shutdown.is_set)
        except Exception as error:
            log.exception("export failed", export=str(where[1]))
            if message.attempts >= _EXPORT_TRIES:
                await self._packer.give_up(*where)
                return
            raise RetryRequested(timedelta(seconds=2**message.attempts), repr(error)) from error
        if not ended:
            raise RetryRequested(timedelta(0), "the worker stops")

    async def _takeout(self, message: Message) -> None:
        where = _where(message)
        bind_contextvars(organization=str(where[0]))
        try:
            ended = await self._takeouts.make(*where, self._waiting_lane.shutdown.is_set)
        except Exception as error:
            log.exception("takeout failed", takeout=str(where[1]))
            if message.attempts >= _EXPORT_TRIES:
                await self._takeouts.give_up(*where)
                return
            raise RetryRequested(timedelta(seconds=10 * 2**message.attempts), repr(error)) from error
        if not ended:
            raise RetryRequested(timedelta(0), "the worker stops")

    async def _invitation(self, message: Message) -> None:
        where = _where(message)
        bind_contextvars(organization=str(where[0]))
        try:
            await invitations.send(self._database, *where)
        except Exception as error:
            log.exception("invitation not mailed", invitation=str(where[1]))
            if message.attempts >= _LETTER_TRIES:
                await invitations.give_up(self._database, *where)
                return
            raise RetryRequested(timedelta(seconds=5 * 2**message.attempts), repr(error)) from error


def _where(message: Message) -> tuple[UUID, UUID]:
    """The organization, and what of it the message is about."""
    organization_id, _, what = (message.payload or b"").decode().partition("/")
    return UUID(organization_id), UUID(what)
