"""A web process under load, for tests that kill things: opens organizations and submits until all of it is taken.

`python -m tests.worker.shop ORGANIZATIONS BATCHES SCRIPT` prints a line for each accepted batch. Whatever breaks
under its feet, it sends the same order under the same key again, as a browser that got no answer would.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from packshot import installation


def main() -> None:
    organizations, batches, script = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    installation.set_up_django()
    from django.db import DatabaseError, connection, transaction
    from uuid_utils.compat import uuid7

    from packshot.db.tenancy import Actor
    from packshot.foundation.accounts.models import User
    from packshot.foundation.organizations.commands import open_personal
    from packshot.studio.generation import commands
    from tests.worker.support import order

    def person() -> Actor:
        with transaction.atomic():
            user = User.objects.create_user(f"{uuid7()}@example.com", "a long enough password", name="P")
            return Actor(user.id, open_personal(user.id, "Studio"))

    def buy(actor: Actor, model: str) -> None:
        asked = order(model=model, variants=2, script=script)
        while True:
            try:
                found = commands.submit(actor, asked)
                break
            except DatabaseError:
                time.sleep(0.1)  # the server is away; the same order goes again
            finally:
                connection.close()
        line = json.dumps({"organization": str(actor.organization_id), "batch": str(found.batch_id)})
        with printing:
            print(line, flush=True)

    printing = threading.Lock()
    actors = [person() for _ in range(organizations)]
    with ThreadPoolExecutor(4) as threads:
        for i in range(batches):
            threads.submit(buy, actors[i % organizations], ("mock-scene", "mock-remote")[i % 2])


if __name__ == "__main__":
    main()
