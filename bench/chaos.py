"""Two web and three worker processes on one database and one S3, while they are killed, cut off and stopped.

    python bench/chaos.py [--json] [--seconds 120] [--stop 60] [--rate 3] [--seed N] [--rounds 1]

People sign up and order pictures over HTTP the whole time, sometimes cancel, and send an order again, under its own
key, when the answer did not come. The provider is a stateful fake of fal.ai over HTTP, with signed callbacks. When the
time is over everything is mended, the work that is left is awaited, and then everything is counted: nothing may be
lost, nothing may be there twice. Exit code 0 only then. `--seed` repeats a schedule (not the processes' own timing).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.cluster import Cluster, Node, wait_for  # noqa: E402  (found by the path above)

PEOPLE = 6
PASSWORD = "a long enough password"
SETTLE_S = 300.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Story:
    """What was done, with its time, and what was found wrong."""

    began: float = field(default_factory=time.monotonic)
    lines: list[tuple[float, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    quiet: bool = False

    def tell(self, line: str) -> None:
        at = time.monotonic() - self.began
        self.lines.append((round(at, 1), line))
        if not self.quiet:
            print(f"{at:7.1f} s  {line}", flush=True)

    def expect(self, holds: bool, line: str) -> None:
        self.tell(("ok     " if holds else "WRONG  ") + line)
        if not holds:
            self.wrong.append(line)


class Person:
    """A member of an organization of their own, with a browser that knows both webs."""

    def __init__(self, cluster: Cluster, number: int, chance: random.Random) -> None:
        self._cluster = cluster
        self._number = number
        self._chance = chance
        self._http = httpx.Client(
            timeout=20, headers={"X-Forwarded-For": f"192.0.2.{number}"}, trust_env=False
        )
        self.sent: set[str] = set()
        self.retried = 0
        self.last = ""
        self.cancelled = 0
        self.refused: list[str] = []
        home = cluster.address(cluster.webs[0])
        page = self._http.get(f"{home}/sign-up").text
        answer = self._http.post(
            f"{home}/sign-up",
            data={
                "csrfmiddlewaretoken": _token(page),
                "email": f"p{number}@example.com",
                "password1": PASSWORD,
                "terms": "on",
            },
            headers={"Origin": home},
        )
        assert answer.status_code == 302, answer.text[:500]
        self._token = _token(self._http.get(f"{home}/").text)

    def order(self) -> bool:
        """Order once, sent until some web answers; False where it was refused for want of credits."""
        form = {
            "key": str(uuid4()),
            "model": "flux",
            "prompt": f"a mug on oak, number {len(self.sent)} of {self._number}",
            "ratio": "1:1",
            "size": "512",
            "variants": str(self._chance.choice((1, 2, 4))),
        }
        answer = self._post("/boards/", form)
        if answer.status_code == 302:
            self.sent.add(form["key"])
            return True
        self.refused.append(f"{answer.status_code} {answer.text[:300]}")
        return False

    def cancel(self) -> None:
        """Stop everything of this person's that is under way."""
        answer = self._post("/shell/queue/waiting/cancel", {})
        self.cancelled += answer.status_code < 400

    def _post(self, path: str, form: dict[str, str]) -> httpx.Response:
        deadline = time.monotonic() + 120
        while True:
            web = self._chance.choice(self._cluster.webs)
            origin = self._cluster.address(web)
            try:
                answer = self._http.post(
                    origin + path,
                    data={**form, "csrfmiddlewaretoken": self._token},
                    headers={"Origin": origin},
                )
                if answer.status_code < 500:
                    return answer
            except httpx.HTTPError as error:
                self.last = repr(error)  # killed, or cut off: what a person does then is to press again
            self.retried += 1
            if time.monotonic() > deadline:
                raise RuntimeError(f"no web answered for two minutes: {self.last}")
            time.sleep(0.3)  # a person's pause


class Weather(threading.Thread):
    """Breaks one thing after the other, and mends it after a while."""

    def __init__(self, cluster: Cluster, story: Story, *, seconds: float, stop: float, seed: int) -> None:
        super().__init__(daemon=True)
        self._cluster, self._story = cluster, story
        self._chance = random.Random(seed)
        self._until = time.monotonic() + seconds
        self._pause_s = stop
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            # One worker stops early and comes back after its leases have long gone to others.
            frozen = self._cluster.workers[0]
            frozen.freeze()
            self._story.tell(f"{frozen.name} stops")
            thaws = time.monotonic() + self._pause_s
            free = self._cluster.workers[1:]
            while time.monotonic() < self._until:
                if frozen not in free and time.monotonic() > thaws:
                    frozen.thaw()
                    free = self._cluster.workers
                    self._story.tell(f"{frozen.name} goes on after {self._pause_s:.0f} s")
                self._chance.choice((self._kill_worker, self._kill_web, self._cut))(free)
                time.sleep(self._chance.uniform(1, 4))  # the schedule itself: nothing is waited for
            frozen.thaw()
        except BaseException as error:  # noqa: BLE001  (told by the main thread)
            self.error = error

    def _kill_worker(self, free: list[Node]) -> None:
        self._kill(self._chance.choice(free))

    def _kill_web(self, _free: list[Node]) -> None:
        self._kill(self._chance.choice(self._cluster.webs))

    def _kill(self, node: Node) -> None:
        node.kill()
        self._story.tell(f"{node.name} killed")
        time.sleep(self._chance.uniform(0.2, 3))  # so long it is gone
        node.start()

    def _cut(self, free: list[Node]) -> None:
        node = self._chance.choice([*free, *self._cluster.webs])
        seconds = self._chance.uniform(3, 25)
        wire = self._cluster.wire(node)
        wire.cut()
        self._story.tell(f"{node.name} cut off from the database for {seconds:.0f} s")
        time.sleep(seconds)  # so long it is alone
        wire.mend()


def live(cluster: Cluster, story: Story, asked: argparse.Namespace, seed: int) -> list[Person]:
    """Orders and weather side by side; afterwards all is mended and what is left has ended."""
    chance = random.Random(seed)
    people = [Person(cluster, number, random.Random(seed + number)) for number in range(1, PEOPLE + 1)]
    with psycopg.connect(cluster.guard.url, autocommit=True) as connection:
        connection.execute(
            "select public.credits_adjust_v1(id, 'chaos', null, 1000000000000, '{}') from credits_wallet"
        )
    weather = Weather(cluster, story, seconds=asked.seconds, stop=asked.stop, seed=seed)
    weather.start()
    while weather.is_alive():
        person = chance.choice(people)
        if chance.random() < 0.06:
            person.cancel()
        else:
            person.order()
        weather.join(chance.expovariate(asked.rate))
    if weather.error:
        raise weather.error
    story.tell("everything is mended")
    with psycopg.connect(cluster.guard.url, autocommit=True) as connection:
        left = "select count(*) from generation_job where finished_at is null"
        try:
            wait_for(lambda: connection.execute(left).fetchone() == (0,), SETTLE_S, "work is left")
        except RuntimeError:
            story.expect(False, f"{connection.execute(left).fetchone()} jobs have not ended")
    story.tell("nothing is under way")
    return people


# Each of these is 0 when nothing was lost and nothing is there twice.
WRONG = {
    "no order is there twice": "select count(*) - count(distinct (organization_id, key)) from generation_batch",
    "every job has ended": "select count(*) from generation_job where finished_at is null",
    "every job is settled, once": """
        select count(*) from generation_job as j
        full join generation_settlement as s on s.organization_id = j.organization_id and s.job_id = j.id
        where s.job_id is null or j.id is null
    """,
    "no credits are held": "select count(*) from credits_hold where ended_at is null",
    "what succeeded is charged at its price, and nothing else is": """
        select count(*) from generation_job
        where charged <> case when state = 'succeeded' or late then price else 0 end
    """,
    "every success has its one picture, and no failure has": """
        select count(*) from generation_job as j
        left join (
            select job_id, count(*) as pictures from assets_asset where origin = 'generated' group by job_id
        ) as a on a.job_id = j.id
        where coalesce(a.pictures, 0) <> case when j.state = 'succeeded' or j.late then 1 else 0 end
    """,
}


def count(cluster: Cluster, story: Story, people: list[Person]) -> dict[str, Any]:
    """Count everything, and say what is wrong."""
    with psycopg.connect(cluster.guard.url, autocommit=True) as connection:
        for promise, query in WRONG.items():
            row = connection.execute(query).fetchone()
            story.expect(row == (0,), promise if row == (0,) else f"{promise}: {row}")
        kept = {row[0] for row in connection.execute("select key from generation_batch")}
        states = dict(connection.execute("select state, count(*) from generation_job group by 1").fetchall())
        failed = "select error_code, count(*) from generation_job where state = 'failed' group by 1"
        codes = dict(connection.execute(failed).fetchall())
        pictures = connection.execute(
            "select distinct organization_id, sha256 from assets_asset where origin = 'generated'"
        ).fetchall()
    sent = set().union(*(person.sent for person in people))
    refused = [why for person in people for why in person.refused]
    story.expect(not refused and bool(sent), f"no order was refused{': ' + refused[0] if refused else ''}")
    story.expect(sent <= kept, f"each of {len(sent)} accepted orders is there")
    posts = cluster.fal.paid()
    story.expect(max(posts.values(), default=0) <= 1, f"of {len(posts)} paid submits none was sent twice")
    missing = [sha256 for organization, sha256 in pictures if not stored(cluster, organization, sha256)]
    story.expect(not missing, f"{len(pictures)} pictures are in the bucket, their bytes as their names say")
    verified = cluster.packshot("ledger", "verify")
    said = (verified.stdout + verified.stderr).strip().splitlines()
    story.expect(
        verified.returncode == 0, f"packshot ledger verify: {said[-1] if said else verified.returncode}"
    )
    return {
        "orders": len(sent),
        "sent_again": sum(person.retried for person in people),
        "states": states,
        "failed_with": codes,
        "pictures": len(pictures),
        "kills": {node.name: node.kills for node in [*cluster.webs, *cluster.workers]},
    }


def stored(cluster: Cluster, organization: UUID, sha256: str) -> bool:
    from packshot.studio.assets import storage

    key = storage.key(organization, sha256)
    body = cluster.bucket.client.get_object(Bucket=cluster.bucket.name, Key=key)["Body"].read()
    return hashlib.sha256(body).hexdigest() == sha256


def _token(page: str) -> str:
    found = _TOKEN.search(page)
    assert found is not None, page[:500]
    return found.group(1)


def run(asked: argparse.Namespace, seed: int) -> tuple[dict[str, Any], Story]:
    story = Story(quiet=asked.json)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder), stack)
        story.tell(f"two webs and three workers are up; seed {seed}")
        found = count(cluster, story, live(cluster, story, asked, seed))
        if story.wrong:
            kept = Path(tempfile.mkdtemp(prefix="chaos-logs-"))
            for log in Path(folder).glob("*.log"):
                (kept / log.name).write_bytes(log.read_bytes())
            story.tell(f"logs are kept in {kept}")
    return {"seed": seed, **found, "wrong": story.wrong, "story": story.lines}, story


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--stop", type=float, default=60)
    parser.add_argument("--rate", type=float, default=3, help="orders a second")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    first = random.randrange(10**6) if asked.seed is None else asked.seed
    rounds = [run(asked, first + number)[0] for number in range(asked.rounds)]
    clean = not any(found["wrong"] for found in rounds)
    if asked.json:
        print(json.dumps({"clean": clean, "rounds": rounds}))
    else:
        for found in rounds:
            print({name: value for name, value in found.items() if name != "story"})
        print("clean" if clean else "NOT CLEAN")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
