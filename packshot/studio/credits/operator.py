"""What an operator does on the command line: through the owner's login, which no page can become."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from django.db import connections
from uuid_utils.compat import uuid7

from packshot.errors import Invalid, NotFound
from packshot.studio.credits.errors import problem
from packshot.studio.credits.money import format_credits, micro

_OWNER = "owner"
_LONGEST_REASON = 500
_LONGEST_KEY = 150


@dataclass(frozen=True, slots=True)
class Given:
    """A grant as it was booked; amounts in micro-credits."""

    organization: UUID
    lot: UUID
    amount: int
    repaid: int
    """What of it went into debt at once."""
    available: int
    key: str


def grant(organization_id: UUID, words: str, reason: str, key: str | None = None) -> Given:
    """Give an organization so many credits, with an entry in its audit log where there is one.

    The same key grants once; another amount or reason under it is refused. Raises Invalid, KeyReused, NotFound.
    """
    try:
        amount = micro(words)
    except ValueError:
        raise Invalid(f"{words} is not an amount of credits.") from None
    if amount <= 0:
        raise Invalid(f"A grant is more than 0 credits; {words} is not.")
    if not 1 <= len(reason.strip()) <= _LONGEST_REASON:
        raise Invalid(f"Say why, in at most {_LONGEST_REASON} characters: --reason.")
    if key is not None and not 1 <= len(key) <= _LONGEST_KEY:
        raise Invalid(f"A key has 1 to {_LONGEST_KEY} characters.")
    key = f"operator:{key or uuid7()}"
    with connections[_OWNER].cursor() as cursor:
        cursor.execute(
            "select public.credits_operator_grant_v1(%s, %s, %s, %s)",
            [organization_id, key, amount, reason.strip()],
        )
        (answer,) = cursor.fetchone()
    answer = json.loads(answer) if isinstance(answer, str) else answer
    if not answer["ok"] and answer["code"] == "not_found":
        raise NotFound(f"There is no organization {organization_id}.")
    if not answer["ok"] and answer["code"] == "overflow":
        raise Invalid(f"No wallet can hold more than {format_credits(answer['most'])} credits.")
    if not answer["ok"]:
        raise problem(answer)
    return Given(
        organization=organization_id,
        lot=UUID(answer["lot"]),
        amount=amount,
        repaid=answer["repaid"],
        available=answer["available"],
        key=key,
    )
