"""From one database address to each role's own."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from packshot.settings import settings

LOGINS = ("packshot_owner", "packshot_web", "packshot_worker", "packshot_staff")


def password_of(login: str) -> str:
    """Each login's own password, derived from the secret key: nothing to store, nothing to hand around."""
    return hmac.new(settings().secret().encode(), f"database:{login}".encode(), hashlib.sha256).hexdigest()


def parameters(url: str, *, login: str | None = None, database: str | None = None) -> dict[str, Any]:
    """libpq's parameters of an address; with `login`, those of one of our roles on the same database."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {parts.scheme}://")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", None) or parts.hostname or "localhost"
    found: dict[str, Any] = {
        "host": host,
        "dbname": database or parts.path.lstrip("/") or "postgres",
        **query,
    }
    if parts.port:
        found["port"] = parts.port
    if login is not None:
        found |= {"user": login, "password": password_of(login)}
    else:
        if parts.username:
            found["user"] = unquote(parts.username)
        if parts.password:
            found["password"] = unquote(parts.password)
    return found
