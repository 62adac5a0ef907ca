"""`Prefer: wait=N` (RFC 7240): an answer that is held back until its subject is final, on no thread.

An operation says what is waited for; the bridge, which hears of every change, waits and looks again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse

MOST_S = 60
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,6})", re.IGNORECASE)
_KEY = "packshot.wait"


@dataclass(frozen=True, slots=True)
class Look:
    """What is there now."""

    final: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Until `look`, called on a thread after each event about `subject`, is final, but no longer than `seconds`."""

    organization_id: UUID
    subject: UUID
    seconds: int
    look: Callable[[], Look]


def preferred(request: HttpRequest) -> int:
    """The seconds that the caller would wait; 0 for none, or for what cannot be read: a preference binds nobody."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found.group(1)), MOST_S) if found else 0


def hold(request: HttpRequest, response: HttpResponse, wait: Wait) -> None:
    """Have the bridge wait before it sends this answer, whose body it replaces."""
    request.META[_KEY] = wait
    response["Preference-Applied"] = f"wait={wait.seconds}"


def held(environ: dict[str, object]) -> Wait | None:
    """What the answer to this WSGI request waits for."""
    found = environ.get(_KEY)
    return found if isinstance(found, Wait) else None
