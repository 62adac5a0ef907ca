"""The worker's connections: a pool that outlives restarts of the server, and the queue engine's driver on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import structlog
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback

from packshot.db.addresses import parameters

log = structlog.get_logger(__name__)
Value = TypeVar("Value")

_GONE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)
"""The server is away or was: the same call may be made again, since every call of ours is fenced."""
_PATIENCE_S = 60.0
"""For a server that starts together with its workers, or recovers while one of them is started again."""


class Database:
    """Short statements on a small pool. While the server is away callers wait; nothing they hold is lost."""

    def __init__(self, pool: asyncpg.Pool, address: dict[str, Any]) -> None:
        self._pool = pool
        self._address = address
        self._closing = False

    @classmethod
    async def connect(cls, url: str, size: int) -> Database:
        """Connect as `packshot_worker`. A server that is just starting is waited for, a minute at most; then, or where
        it refuses this login, raises what asyncpg raises."""
        found = parameters(url, login="packshot_worker")
        address: dict[str, Any] = {
            name: found[name] for name in ("host", "port", "user", "password") if name in found
        }
        address |= {"database": found["dbname"], "timeout": 10}
        if "sslmode" in found:
            address["ssl"] = found["sslmode"]
        deadline = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            try:
                pool = await asyncpg.create_pool(min_size=1, max_size=size, command_timeout=60, **address)
            except _GONE as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                log.warning("database away", error=f"{type(error).__name__}: {error}", again_in=0.5)
                await asyncio.sleep(0.5)
            else:
                return cls(pool, address)

    async def close(self) -> None:
        """Waiting callers get the error they wait out; open statements end first."""
        self._closing = True
        try:
            await asyncio.wait_for(self._pool.close(), 2)
        except TimeoutError:
            self._pool.terminate()

    async def call(self, function: str, *args: Any) -> Any:
        """The one value of a function of ours; jsonb comes as text and is read here."""
        marks = ", ".join(f"${i}" for i in range(1, len(args) + 1))
        value = await self.steady(lambda: self._pool.fetchval(f"select public.{function}({marks})", *args))
        return json.loads(value) if isinstance(value, str) else value

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        found = await self.steady(lambda: self._pool.fetch(query, *args))
        return [dict(row) for row in found]

    async def execute(self, query: str, *args: Any) -> str:
        return str(await self.steady(lambda: self._pool.execute(query, *args)))

    async def together(self, work: Callable[[asyncpg.Connection], Awaitable[Value]]) -> Value:
        """Several statements and what is done between them, in one transaction; all of it again while the server is
        away, so the work must be such that it may be begun twice."""

        async def once() -> Value:
            async with self._pool.acquire() as connection, connection.transaction():
                return await work(connection)

        return await self.steady(once)

    async def listener(self) -> asyncpg.Connection:
        """A connection outside of the pool, to listen on."""
        return await self.steady(lambda: asyncpg.connect(**self._address))

    async def steady(self, work: Callable[[], Awaitable[Value]]) -> Value:
        """Do it, again and again while the server is away."""
        delay = 0.05
        while True:
            try:
                return await work()
            except _GONE as error:
                if self._closing:
                    raise
                log.warning(
                    "database away", error=f"{type(error).__name__}: {error}", again_in=round(delay, 2)
                )
                await asyncio.sleep(delay)
                delay = min(delay * 2, 1.0)


class QueueDriver(Driver):
    """pgqueuer's driver that finds its way back: statements wait, and what was listened to is listened to again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shutdown = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._heard: list[tuple[str, NotifyCallback]] = []
        self._lock = asyncio.Lock()
        self._mending: asyncio.Task[None] | None = None

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return await self._database.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self._database.execute(query, *args)

    async def notify(self, channel: str, payload: str) -> None:
        await self._database.execute("select pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._heard.append((channel, callback))
        async with self._lock:
            if self._connection is None:
                await self._listen()
            else:
                await self._connection.add_listener(channel, _relay(callback))

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Never called by the queue manager; a listener ends with its connection."""
        self._heard.remove((channel, callback))

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> QueueDriver:
        return self

    async def __aexit__(self, *_: object) -> None:
        """The managers of several lanes share this driver; `close` ends it."""

    async def close(self) -> None:
        self._shutdown.set()
        if self._mending is not None:
            self._mending.cancel()
        if self._connection is not None:
            await self._connection.close(timeout=2)

    async def _listen(self) -> None:
        while True:
            connection = await self._database.listener()
            connection.add_termination_listener(self._lost)
            try:
                for channel, callback in self._heard:
                    await connection.add_listener(channel, _relay(callback))
            except _GONE as error:
                log.warning("listener lost", error=str(error))
                continue
            self._connection = connection
            return

    def _lost(self, connection: object) -> None:
        # Also called while a connection that `_listen` gave up on goes away, and when we close it ourselves.
        if connection is self._connection and not self._shutdown.is_set():
            self._connection = None
            self._mending = asyncio.get_running_loop().create_task(self._mend())

    async def _mend(self) -> None:
        async with self._lock:
            if self._connection is None:
                await self._listen()
        log.info("listening again")


def _relay(callback: NotifyCallback) -> Callable[[object, object, object, object], None]:
    def relay(_connection: object, _pid: object, _channel: object, payload: object) -> None:
        if isinstance(payload, (str, bytes, bytearray)):
            callback(payload)

    return relay
