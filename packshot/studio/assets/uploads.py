"""Uploads whose bytes need not travel through the studio: those that are here already, and those that a browser puts
straight into the store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Conflict, Invalid, NotFound
from packshot.ports.blobs import BlobMissing, Slot
from packshot.studio.assets import storage
from packshot.studio.assets.commands import check_size, clean_name
from packshot.studio.assets.errors import UnsupportedPicture
from packshot.studio.assets.models import Arrival
from packshot.words import told

TYPES = ("image/jpeg", "image/png", "image/webp", "image/avif")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Adoption:
    state: Literal["here", "known", "unknown"]
    """On the board already; put on it from bytes that the organization has; to be sent."""
    asset_id: UUID | None


@dataclass(frozen=True, slots=True)
class Expected:
    """An upload that was promised a place; its picture will have this id."""

    id: UUID
    slot: Slot


@dataclass(frozen=True, slots=True)
class ArrivalView:
    state: Literal["open", "arrived", "received", "rejected"]
    reject_reason: str | None


def adopt(actor: Actor, *, sha256: str, filename: str, board_id: UUID | None = None) -> Adoption:
    """Put a file on a board (None: the inbox) without its bytes, if they are here.

    Raises NotFound, Forbidden and Invalid.
    """
    if not _SHA256.fullmatch(sha256):
        raise Invalid("A SHA-256 has 64 hexadecimal digits.")
    row = {"sha256": sha256, "name": clean_name(filename), "board_id": board_id and str(board_id)}
    with acting_as(actor):
        found = call("assets_adopt_v1", row)
    return Adoption(found["state"], UUID(found["id"]) if "id" in found else None)


def expect(
    actor: Actor,
    *,
    filename: str,
    size: int,
    media_type: str,
    sha256: str | None = None,
    board_id: UUID | None = None,
) -> Expected:
    """Promise a place in the store to a file that is to lie on a board (None: the inbox).

    Size and type are what the browser says; the store takes nothing else there, and a worker believes neither. Raises
    TooLarge, UnsupportedPicture, NotFound, Forbidden, Invalid, and Conflict where too many were promised or the store
    takes nothing from browsers.
    """
    check_size(size)
    if media_type not in TYPES:
        raise UnsupportedPicture("This is not a JPEG, PNG, WebP or AVIF picture.")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise Invalid("A SHA-256 has 64 hexadecimal digits.")
    arrival_id = uuid7()
    key = storage.incoming_key(actor.organization_id, arrival_id)
    slot = storage.blobs().slot(key, size=size, media_type=media_type)
    if slot is None:
        raise Conflict("Files are sent to the studio itself here. Load the page again.")
    row = {
        "id": str(arrival_id),
        "name": clean_name(filename),
        "bytes": size,
        "media_type": media_type,
        "sha256": sha256,
        "board_id": board_id and str(board_id),
    }
    with acting_as(actor):
        call("assets_expect_v1", row)
    return Expected(arrival_id, slot)


def arrived(actor: Actor, arrival_id: UUID) -> None:
    """Have a worker look at what was brought. Twice does no harm.

    Raises NotFound, Forbidden (no editor of the board any more), and Conflict while there is nothing in the store.
    """
    if arrival(actor, arrival_id).state == "open":
        try:
            storage.blobs().info(storage.incoming_key(actor.organization_id, arrival_id))
        except BlobMissing:
            raise Conflict("The file has not arrived. Upload it again.") from None
    with acting_as(actor):
        call("assets_arrived_v1", arrival_id)


def arrival(actor: Actor, arrival_id: UUID) -> ArrivalView:
    """How far an upload of the actor's own is; raises NotFound, also a day after it has become a picture."""
    with acting_as(actor):
        row = Arrival.objects.filter(id=arrival_id).first()
    if row is None:
        raise NotFound("There is no such upload.")
    return ArrivalView(row.state, row.reject_reason and told(row.reject_reason))  # type: ignore[arg-type]  # its check
