"""What bench/chaos.py breaks: web and worker processes, each with its own road to the one database, the bucket and
the provider that they share."""

from __future__ import annotations

import asyncio
import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.processes import free_port
from packshot.db.guard import Guard
from tests.fakes.fal import Fal, Plan
from tests.fakes.fal.server import Request

ROOT = Path(__file__).resolve().parents[1]
SECRET = "chaos-" + "x" * 40
_CHUNK = 65536


class Node:
    """One process of the cluster with a home of its own; started again under the same name after a kill."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.port = 0
        """Of a web; a worker listens nowhere."""
        self.kills = 0
        self._command = [sys.executable, "-m", "packshot", *arguments]
        self._environment = environment
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, cwd=self._log.parent, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """Gone at once with all it started, as when the power goes."""
        self.kills += 1
        self._signal(signal.SIGKILL)
        self.process.wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Wire:
    """A stretch of network between one node and the database, which can be cut.

    While it is cut nothing passes and nothing is closed, as when a cable is pulled: what was sent before arrives
    when it is mended.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        folder.mkdir()
        self._database = database
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def _run(self, ready: threading.Event) -> None:
        async def serve() -> None:
            path = self.folder / ".s.PGSQL.5432"
            await asyncio.start_unix_server(self._join, path)
            path.chmod(0o777)
            ready.set()
            await asyncio.Event().wait()

        self._loop.run_until_complete(serve())

    async def _join(self, near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        far, ask = await asyncio.open_unix_connection(f"{self._database}/.s.PGSQL.5432")
        await asyncio.gather(self._carry(near, ask), self._carry(far, answer))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, BrokenPipeError):
            while data := await source.read(_CHUNK):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        with suppress(ConnectionError, OSError):
            sink.close()


class Bucket:
    """A server that speaks S3, in a process of its own; in memory."""

    name = "packshot"

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [Path(sys.executable).parent / "moto_server", "-p", str(self.port)], stdout=file, stderr=file
            )
        wait_for(lambda: answers(f"{self.address}/moto-api/"), 60, "the S3 server did not start")
        import boto3

        self.client = boto3.client(
            "s3", endpoint_url=self.address, region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip
        self.client.create_bucket(Bucket=self.name)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class Provider(Fal):
    """A fal that takes one to six seconds, calls back once or twice, and forgets to in one of ten cases."""

    def __init__(self) -> None:
        super().__init__(Plan(hold=True))
        self._chance = random.Random(7)

    def take(self, *asked: Any) -> Request:
        request = super().take(*asked)
        threading.Timer(self._chance.uniform(1, 6), self._end, [request]).start()
        return request

    def _end(self, request: Request) -> None:
        self.finish(request)
        for _ in range(self._chance.choice((0, 1, 1, 1, 1, 1, 1, 1, 1, 2))):
            self._deliver(request)

    def paid(self) -> collections.Counter[tuple[str, int]]:
        """How often each variant was ordered: no two have the same words and seed."""
        found = self.requests.values()
        return collections.Counter((each.arguments["prompt"], each.arguments["seed"]) for each in found)


class Cluster:
    """The whole: database, bucket, provider, two webs, three workers."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        os.environ["PACKSHOT_SECRET_KEY"] = SECRET
        self.guard = Guard.over(folder / "database")
        stack.callback(self.guard.close)
        self.bucket = Bucket(folder / "s3.log")
        stack.callback(self.bucket.stop)
        self.fal = stack.enter_context(Provider())
        self.folder = folder
        socket = self.guard.url.partition("host=")[2].partition("&")[0]
        ports = [free_port(), free_port()]
        self.webs: list[Node] = []
        self.workers: list[Node] = []
        self.wires: list[Wire] = []
        self.environment = self._environment(ports[0])
        migrated = self.packshot("migrate")
        if migrated.returncode != 0:
            raise RuntimeError(migrated.stderr)
        for number, port in enumerate(ports, 1):
            self.webs.append(self._node(f"web {number}", socket, ["web", "--port", str(port)], stack))
            self.webs[-1].port = port
        for number in (1, 2, 3):
            self.workers.append(self._node(f"worker {number}", socket, ["worker"], stack))
        for web in self.webs:
            wait_for(lambda web=web: answers(f"{self.address(web)}/readyz"), 60, f"{web.name}:\n{web.said()}")

    def packshot(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as an operator would, on an undisturbed road to the database."""
        environment = {
            **self.environment,
            "DATABASE_URL": self.guard.url,
            "PACKSHOT_HOME": str(self.folder / "operator"),
        }
        command = [sys.executable, "-m", "packshot", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def address(self, web: Node) -> str:
        return f"http://127.0.0.1:{web.port}"

    def wire(self, node: Node) -> Wire:
        return self.wires[[*self.webs, *self.workers].index(node)]

    def _node(self, name: str, socket: str, arguments: list[str], stack: ExitStack) -> Node:
        place = name.replace(" ", "-")
        wire = Wire(self.folder / f"wire-{place}", socket)
        self.wires.append(wire)
        environment = {
            **self.environment,
            "PACKSHOT_HOME": str(self.folder / place),
            "DATABASE_URL": self.guard.url.replace(socket, str(wire.folder)),
        }
        node = Node(name, arguments, environment, self.folder / f"{place}.log")
        stack.callback(node.stop)
        return node

    def _environment(self, public: int) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PACKSHOT_PUBLIC_URL": f"http://127.0.0.1:{public}",
            "PACKSHOT_WORKER_CPUS": "1",
            "PACKSHOT_DATABASE_POOL": "6",
            "PACKSHOT_BLOBS": "s3",
            "PACKSHOT_S3_BUCKET": self.bucket.name,
            "PACKSHOT_S3_REGION": "us-east-1",
            "PACKSHOT_S3_ENDPOINT": self.bucket.address,
            "PACKSHOT_S3_PATH_STYLE": "true",
            "PACKSHOT_S3_ACCESS_KEY_ID": "test",
            "PACKSHOT_S3_SECRET_ACCESS_KEY": "test",
            "PACKSHOT_FAL_KEY": self.fal.key,
            "PACKSHOT_FAL_USER": self.fal.user,
            "PACKSHOT_FAL_QUEUE_URL": self.fal.url,
            "PACKSHOT_FAL_JWKS_URL": self.fal.jwks_url,
            "PACKSHOT_FETCH_TRUSTED": json.dumps([self.fal.url.removeprefix("http://")]),
        }


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def wait_for(holds: object, seconds: float, why: str) -> None:
    """Look until it holds; what other processes do announces itself to nobody here."""
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(why)
        time.sleep(0.1)  # between two looks
