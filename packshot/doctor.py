"""`packshot doctor`: what is there, what is missing, and how to mend it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import psycopg
from rich.console import Console
from rich.table import Table

from packshot.settings import settings

_ROOM_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of an installation: how it is, and what to do where it is not well."""

    part: str
    ok: bool
    found: str
    mend: str = ""


class _BadError(Exception):
    """A part is not well: what was found, how to mend it."""

    def __init__(self, found: str, mend: str) -> None:
        super().__init__(found)
        self.found, self.mend = found, mend


def examine() -> list[Finding]:
    """Look at every part; changes nothing, and starts nothing."""
    return [_look(part, check) for part, check in _checks()]


def show(findings: list[Finding], *, as_json: bool) -> None:
    """Print the findings as a table or as one JSON document."""
    if as_json:
        print(
            json.dumps({"ok": all(f.ok for f in findings), "parts": [asdict(f) for f in findings]}, indent=2)
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("part")
    table.add_column("found", overflow="fold")
    for finding in findings:
        mend = f"\n→ {finding.mend}" if finding.mend else ""
        table.add_row("ok" if finding.ok else "NO", finding.part, finding.found + mend)
    Console(soft_wrap=False).print(table)


def _checks() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "python", _python
    yield "home", _home
    yield "disk", _disk
    yield "blobs", _blobs
    yield "secret key", _secret
    yield "database", _database
    yield "worker", _worker
    yield "port", _port
    yield "weights", _weights
    yield "pages", _pages
    yield "mail", _mail
    yield "models", _models
    yield "providers", _providers


def _look(part: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, check())
    except _BadError as bad:
        return Finding(part, False, bad.found, bad.mend)
    except (OSError, psycopg.Error, ImportError, ValueError) as error:
        return Finding(
            part, False, f"{type(error).__name__}: {error}".strip(), "See the message; nothing was changed."
        )


def _python() -> str:
    return f"{sys.version.split()[0]} at {sys.executable}"


def _home() -> str:
    home = settings().home
    if not home.exists():
        return f"{home} (made by the first start)"
    if not os.access(home, os.W_OK | os.X_OK):
        raise _BadError(
            f"{home} cannot be written", f"chown it to this user, or choose another: --home DIR ({home})"
        )
    return str(home)


def _disk() -> str:
    folder = settings().home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        raise _BadError(
            f"{free / 1e9:.1f} GB free", "Make room: pictures and the database need at least 1 GB."
        )
    return f"{free / 1e9:.0f} GB free"


def _blobs() -> str:
    found = settings()
    if "s3" not in (found.blobs, found.blobs_from):
        return f"in {found.home / 'blobs'}"
    from packshot import wiring

    bucket = wiring.bucket_blobs()
    try:
        bucket.check()
    except OSError as error:
        raise _BadError(
            f"the bucket {found.s3_bucket} does not work: {error}",
            "Compare PACKSHOT_S3_* with the bucket, and what its key may do there.",
        ) from error
    moving = "" if found.blobs_from is None else f", on the way from {found.blobs_from}"
    return f"in the bucket {found.s3_bucket}{moving}"


def _secret() -> str:
    if settings().secret_key is not None:
        return "from PACKSHOT_SECRET_KEY"
    path = settings().home / "secret_key"
    if not path.exists():
        return "made by the first start"
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise _BadError(f"{path} can be read by others (mode {mode:o})", f"chmod 600 {path}")
    return f"{path} (mode {mode:o})"


def _database() -> str:
    url = _running_url()
    if url is None:
        return "embedded PostgreSQL 18, not running (started by `packshot up`)"
    return _version(url)


def _version(url: str) -> str:
    from packshot.db.addresses import parameters

    try:
        with psycopg.connect(**parameters(url), connect_timeout=5) as connection:
            number = connection.info.server_version
            row = connection.execute("select to_regclass('public.django_migrations') is not null").fetchone()
    except psycopg.OperationalError as error:
        raise _BadError(f"does not answer: {error}".strip(), "Start it, or mend DATABASE_URL.") from error
    if number < 160000:
        raise _BadError(f"PostgreSQL {number // 10000}", "PostgreSQL 16 or newer is needed.")
    if not (row and row[0]):
        raise _BadError(f"PostgreSQL {number // 10000}, empty", "packshot migrate")
    return f"PostgreSQL {number // 10000}, answers"


def _worker() -> str:
    url = _running_url()
    if url is None:
        return "none (started by `packshot up`)"
    from packshot.db.addresses import parameters

    with psycopg.connect(**parameters(url), connect_timeout=5) as connection:
        row = connection.execute(
            "select count(distinct application_name) from pg_catalog.pg_stat_activity"
            " where usename = 'packshot_worker'"
        ).fetchone()
    if not row or not row[0]:
        raise _BadError("none is connected: jobs wait", "packshot worker (or packshot up)")
    return "connected"


def _port() -> str:
    found = settings()
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((found.host, found.port)) == 0:
            return f"{found.port} answers (a studio, or something else: see /healthz)"
    return f"{found.port} is free"


def _weights() -> str:
    from packshot.imaging.nets import WEIGHTS, BadWeights, weights

    for name in WEIGHTS:
        try:
            weights(name)
        except (BadWeights, FileNotFoundError) as error:
            raise _BadError(
                f"{name}: {error}", "Install packshot again; the weights are part of it."
            ) from error
    return f"{len(WEIGHTS)} networks, checksums right"


def _pages() -> str:
    from packshot.web.paths import STATIC

    if not (STATIC / "dist" / "manifest.json").exists():
        raise _BadError("the built style sheets and scripts are missing", "make frontend")
    return "built"


def _mail() -> str:
    found = settings()
    if found.email_url is None:
        return f"written to {found.home / 'mail'} and the log (set PACKSHOT_EMAIL_URL to send)"
    return "by SMTP"


def _models() -> str:
    from packshot.studio.generation.catalogue import catalogue
    from packshot.wiring import known_providers

    known = known_providers()
    usable = {name for name, provider in known.items() if provider.enable is None}
    found = catalogue().values()
    served = sum(not usable.isdisjoint(model.routes) for model in found)
    missing = sorted({provider.enable for provider in known.values() if provider.enable})
    more = f"; more with {' or '.join(missing)}" if missing else ""
    return f"{served} of {len(found)} have a provider that is set up{more}"


def _providers() -> str:
    """Those that fail now, by what the workers saw; `packshot models check` says more."""
    from packshot.db.addresses import parameters

    url = _running_url()
    if url is None:
        return "not asked: the database is not running"
    with psycopg.connect(**parameters(url), connect_timeout=5) as connection:
        row = connection.execute("select public.generation_status_v1() -> 'providers'").fetchone()
    health: dict[str, dict[str, str]] = row[0] if row else {}
    out = [f"{name} ({one['code']})" for name, one in health.items() if one["state"] == "out"]
    if out:
        raise _BadError(
            f"out: {', '.join(out)}",
            "Work goes to other routes or waits; see the provider's status and account.",
        )
    return "none fails"


def _running_url() -> str | None:
    """The database's address; None where the embedded one is not running."""
    url = settings().database_url
    if url is not None:
        return url
    from packshot.db import server

    where = server.places(settings().home)
    return None if server.running(where) is None else where.url
