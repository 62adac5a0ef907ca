"""An invitation that could not be sent yet: what was written, kept in the session until it is.

The way there may lead over a plan, a payment and a bank; whoever comes back finds the form as they left it.
"""

from __future__ import annotations

from typing import Any

from packshot.errors import Invalid
from packshot.foundation.organizations import queries
from packshot.foundation.organizations.addresses import addresses_in
from packshot.foundation.organizations.current import MemberRequest

_KEY = "invitation-draft"
_LONGEST = 20_000


def keep(request: MemberRequest) -> None:
    """Keep the form that was sent."""
    text, role = request.POST.get("emails", "")[:_LONGEST], request.POST.get("role", "")
    request.session[_KEY] = {
        "organization": str(request.actor.organization_id),
        "text": text,
        "role": role if role in ("admin", "member") else "member",
    }


def kept(request: MemberRequest) -> dict[str, Any]:
    """`text` and `role` as they were written, for this workspace; empty once everybody in it is invited."""
    found = request.session.get(_KEY)
    if found is None or found["organization"] != str(request.actor.organization_id):
        return {}
    try:
        left = set(addresses_in(found["text"])) - queries.known_addresses(request.actor)
    except Invalid:
        left = {found["text"]}
    if not left:
        drop(request)
        return {}
    return {"text": found["text"], "role": found["role"]}


def drop(request: MemberRequest) -> None:
    """It is sent."""
    request.session.pop(_KEY, None)
