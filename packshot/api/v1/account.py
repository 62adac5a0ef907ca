"""Who asks."""

from __future__ import annotations

from uuid import UUID

from ninja import Router

from packshot.api.guard import ApiRequest
from packshot.api.operations import ApiKey, Time, View
from packshot.foundation.billing import queries as billing
from packshot.foundation.organizations import queries as organizations

router = Router(tags=["Account"])


class Workspace(View):
    id: UUID
    name: str
    plan: str


class KeyInUse(View):
    """The key that asks. Its secret is kept nowhere."""

    id: UUID
    name: str
    shown: str
    scopes: list[str]
    version: str
    expires_at: Time | None


class Account(View):
    workspace: Workspace
    key: KeyInUse
    user_id: UUID
    role: str


@router.get("/account", response=Account, auth=ApiKey("account:read"), operation_id="get_account")
def account(request: ApiRequest) -> Account:
    """The workspace that the key works for, and what the key may do."""
    caller = request.caller
    return Account(
        workspace=Workspace(
            id=caller.actor.organization_id,
            name=organizations.workspace(caller.actor).name,
            plan=billing.entitlement(caller.actor).plan,
        ),
        key=KeyInUse(
            id=caller.key_id,
            name=caller.name,
            shown=caller.shown,
            scopes=sorted(caller.scopes),
            version=caller.version,
            expires_at=caller.expires_at,
        ),
        user_id=caller.actor.user_id,
        role=caller.role,
    )
