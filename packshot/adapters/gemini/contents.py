"""What is sent: words and pictures as the parts of one message."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from packshot.ports.generation import Failed, FailureCode, Reads, Reference, Task

INLINE_BYTES = 14_000_000
"""All pictures of a request together: in base64, with the words, they stay below Google's 20 MB for a request."""
READS = Reads(frozenset({"image/png", "image/jpeg", "image/webp"}), INLINE_BYTES)


class Unusable(Exception):
    """The task asks for what cannot be done; `why` says so to the person."""

    def __init__(self, why: Failed) -> None:
        super().__init__(why.message)
        self.why = why


def pictures_of(task: Task, least: int, most: int) -> Sequence[Reference]:
    """The task's pictures, which this model reads. Raises Unusable."""
    references = task.references
    if len(references) < least:
        raise Unusable(Failed(FailureCode.INVALID_INPUT, "This needs a picture. Choose one first."))
    if len(references) > most:
        raise Unusable(Failed(FailureCode.INVALID_INPUT, "These are more pictures than the model takes."))
    if any(each.media_type not in READS.media_types for each in references):
        raise Unusable(
            Failed(
                FailureCode.INVALID_INPUT, "This model reads JPEG, PNG and WebP pictures, and no other kind."
            )
        )
    if sum(len(each.data) for each in references) > INLINE_BYTES:
        raise Unusable(
            Failed(
                FailureCode.INVALID_INPUT,
                "The pictures are too large for this model: at most 14 MB together. Choose fewer or smaller ones.",
            )
        )
    return references


def text(words: str) -> dict[str, Any]:
    return {"text": words}


def inline(reference: Reference) -> dict[str, Any]:
    return {"inlineData": {"mimeType": reference.media_type, "data": encoded(reference.data)}}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def message(parts: Sequence[Mapping[str, Any]], role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}
