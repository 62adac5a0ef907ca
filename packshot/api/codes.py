"""Every code that an answer of the API can carry: what it means, and what to do. The stable half of an error.

The page about a code, the OpenAPI document and docs/api.md are made of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Code:
    status: int
    title: str
    advice: str


_SAME = "Nothing was changed. Send the same request again"

CODES: dict[str, Code] = {
    "bad_request": Code(400, "The request cannot be read", "Compare it with the reference."),
    "invalid_json": Code(400, "The body is no JSON that can be kept", "Send one JSON object as UTF-8."),
    "invalid_cursor": Code(
        400,
        "The cursor is not one of this list",
        "Take `next_cursor` of the page before as it is, or begin anew.",
    ),
    "invalid_header": Code(400, "A header cannot be read", "`errors` says which and what it takes."),
    "unknown_version": Code(
        400, "There is no such version", "Leave Packshot-Version out, or name one of docs/api.md."
    ),
    "missing_key": Code(401, "No API key", "Send `Authorization: Bearer pk_live_…`."),
    "invalid_key": Code(
        401,
        "The API key opens nothing",
        "Check that it was copied whole, and that whoever made it is still a member.",
    ),
    "expired_key": Code(401, "The API key has expired", "Make a new one in the settings of the workspace."),
    "revoked_key": Code(401, "The API key was revoked", "Make a new one in the settings of the workspace."),
    "insufficient_credits": Code(
        402, "Not enough credits", "Nothing was ordered. Buy credits, order less, or send `partial: true`."
    ),
    "upgrade_needed": Code(
        402,
        "The plan does not bring it",
        "Nothing was changed. An owner of the workspace can choose a plan with more.",
    ),
    "address_not_allowed": Code(
        403,
        "Not from this address",
        "The key is bound to other addresses. Ask from there, or make another key.",
    ),
    "insufficient_scope": Code(
        403,
        "The key may not do this",
        "Make a key with the scope that `detail` names; scopes of a key never change.",
    ),
    "forbidden": Code(403, "Not allowed", "Whoever made the key may not do this either."),
    "member_cap_reached": Code(
        403,
        "The monthly cap is reached",
        "An owner or admin of the workspace can raise the cap of the key's maker.",
    ),
    "not_found": Code(404, "There is no such thing", "It may be mistyped, gone, or another workspace's."),
    "method_not_allowed": Code(405, "Not with this method", "`Allow` names the methods of this address."),
    "conflict": Code(409, "It is not in a state for this", "Read it again, and decide then."),
    "model_unavailable": Code(409, "The model cannot be ordered now", "`GET /v1/models` says which can."),
    "price_changed": Code(
        409, "It costs more than was agreed", "Nothing was ordered. Ask for a quote and send again."
    ),
    "too_large": Code(413, "Too large", "Nothing was kept. A picture has at most 40 MB, another body 1 MB."),
    "unsupported_media_type": Code(415, "Not this type of body", "`Content-Type` is application/json."),
    "unsupported_picture": Code(415, "Not a picture that is taken", "Send a JPEG, PNG, WebP or AVIF."),
    "invalid_request": Code(
        422, "Something in it is not as it must be", "`errors` names each place and what it takes."
    ),
    "invalid": Code(422, "Something in it is not as it must be", "`detail` says what."),
    "invalid_order": Code(
        422,
        "The model does not take this order",
        "`GET /v1/models/{id}` has the JSON Schema of what it takes.",
    ),
    "idempotency_key_reused": Code(
        422,
        "The idempotency key stands for another request",
        "Nothing was done. Use a key of its own for each request.",
    ),
    "fetch_refused": Code(
        422,
        "The address cannot be fetched",
        "It must be public, https, and lead to a picture of at most 40 MB.",
    ),
    "rate_limited": Code(429, "Too many requests", "Wait for the seconds that `Retry-After` says."),
    "internal_error": Code(
        500,
        "Something broke on our side",
        "Send it again under the same Idempotency-Key: what was done is not done twice.",
    ),
    "fetch_failed": Code(502, "The file did not come", f"The other server did not deliver. {_SAME} later."),
    "unavailable": Code(503, "Not available now", f"{_SAME} after the seconds that `Retry-After` says."),
    "spend_cap_reached": Code(
        503,
        "The installation's daily limit is reached",
        f"{_SAME} after midnight UTC, or order another model.",
    ),
}


def code(name: str, status: int) -> Code:
    """What is known of a code; of one that a room has and nobody has described, its status in words."""
    return CODES.get(name) or Code(status, HTTPStatus(status).phrase, "")
