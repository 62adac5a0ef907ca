"""Uploads whose bytes need not travel: the command and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Invalid
from packshot.studio.assets.commands import clean_name

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Adoption:
    state: Literal["here", "known", "unknown"]
    """On the board already; put on it from bytes that the organization has; to be sent."""
    asset_id: UUID | None


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
