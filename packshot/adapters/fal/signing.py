"""Whether a message is fal's, is about our account, and is new: Ed25519 over names, time and the body's hash."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from packshot.adapters.fal.keys import Keys
from packshot.adapters.fal.refs import BadRef, named
from packshot.ports.generation import BadCallback, Callback

TOLERANCE_S = 300
_STATUSES = ("OK", "ERROR")


def read(keys: Keys, user: str | None, headers: Mapping[str, str], body: bytes, now: float) -> Callback:
    """Verify and read. Whatever needs no key is looked at first. Raises BadCallback and CallbackUnchecked.

    `user` is the account that messages must be about: the keys are the same for all of fal's customers.
    """
    found = {name.lower(): value for name, value in headers.items()}
    request, account, at, mark = (
        found.get(f"x-fal-webhook-{name}", "") for name in ("request-id", "user-id", "timestamp", "signature")
    )
    if not (at.isascii() and at.isdigit() and len(at) <= 12) or abs(now - int(at)) > TOLERANCE_S:
        raise BadCallback("it is too old or too new")
    if user is not None and not hmac.compare_digest(account.encode(), user.encode()):
        raise BadCallback("it is about another account")
    try:
        signature = bytes.fromhex(mark)
    except ValueError:
        raise BadCallback("the signature is none") from None
    signed = "\n".join((request, account, at, hashlib.sha256(body).hexdigest())).encode()
    known = keys.current()
    if not _fits(known, signature, signed) and not _fits(keys.newer(known), signature, signed):
        raise BadCallback("the signature is not fal's")
    return _about(request, body)


def _fits(keys: Sequence[Ed25519PublicKey], signature: bytes, signed: bytes) -> bool:
    for key in keys:
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            continue
        return True
    return False


def _about(request: str, body: bytes) -> Callback:
    try:
        said = json.loads(body)
        name, status = named(said["request_id"]), said["status"]
    except (ValueError, KeyError, TypeError, BadRef) as error:
        raise BadCallback("it cannot be read") from error
    if name != request or status not in _STATUSES:
        raise BadCallback("its head and its body are about different things")
    # fal gives its messages no names: what it says again of the same request is the same message.
    return Callback(ref=name, event_id=f"{name}:{status}")
