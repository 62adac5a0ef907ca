"""The same work with django-hordak: 10 set aside, then 7 charged, between three accounts. One JSON line out.

    python bench/ledger_hordak.py DATABASE_URL CALLERS SECONDS

Two transfers make a pair, each committed by itself, as a reserve and a finalize are. hordak checks that a
transaction's legs sum to zero; it has no holds, no lots, no replay, and lets a balance fall below zero.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings


def configure(url: str) -> None:
    parts = urlsplit(url)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": parse_qs(parts.query)["host"][0],
                "NAME": parts.path.lstrip("/"),
                "USER": parts.username,
                "CONN_MAX_AGE": None,
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        SECRET_KEY="bench",
    )
    django.setup()


def main(url: str, callers: int, seconds: float) -> dict[str, Any]:
    configure(url)
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from hordak.models import Account
    from moneyed import Money

    def account(name: str, kind: str) -> Any:
        found = Account.objects.filter(name=name).first()
        return found or Account.objects.create(name=name, type=kind, code=None, currencies=["EUR"])

    wallet, held, spent = account("wallet", "LI"), account("held", "LI"), account("spent", "LI")
    pairs: list[float] = []
    turn = threading.Lock()
    until = time.perf_counter() + seconds

    def work() -> None:
        own: list[float] = []
        while (start := time.perf_counter()) < until:
            wallet.transfer_to(held, Money(10, "EUR"))
            held.transfer_to(spent, Money(7, "EUR"))
            own.append(time.perf_counter() - start)
        connection.close()
        with turn:
            pairs.extend(own)

    threads = [threading.Thread(target=work) for _ in range(callers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    pairs.sort()
    return {
        "pairs_s": round(len(pairs) / took, 1),
        "pair_p50_ms": round(pairs[len(pairs) // 2] * 1e3, 2),
        "pair_p99_ms": round(pairs[min(len(pairs) - 1, len(pairs) * 99 // 100)] * 1e3, 2),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
