"""Version 1 of the API: its operations, put together."""

from __future__ import annotations

from packshot.api.operations import StrictApi, refuse_unknown
from packshot.api.v1 import account, assets, boards, generations, models, uploads, wallet
from packshot.foundation.apikeys.contracts import VERSIONS

ABOUT = (
    "Order pictures, watch them come, and find them again. A key of the workspace opens it; amounts are "
    "micro-credits (1 credit is 1,000,000), times are RFC 3339 in UTC, lists go by cursor, and whatever goes wrong "
    "is a problem document (RFC 9457)."
)

api = StrictApi("Packshot", VERSIONS[-1], ABOUT)
for _room in (account, models, generations, uploads, assets, boards, wallet):
    api.add_router("", _room.router)
refuse_unknown(api)
