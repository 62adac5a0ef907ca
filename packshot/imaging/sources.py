"""Where a picture comes from, in the words of the IPTC digital source type vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterable

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

STRENGTH = (
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicMedia",
    "compositeSynthetic",
    "algorithmicallyEnhanced",
    "humanEdits",
    "digitalCapture",
)
"""Strongest first: what a viewer most needs to be told outlives every later, milder step."""

_FOUND = re.compile(rb"cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{1,64})")


class UnknownSourceType(ValueError):
    """Not a term of STRENGTH."""


def uri(source_type: str) -> str:
    """The full address of a term; raises UnknownSourceType."""
    if source_type not in STRENGTH:
        raise UnknownSourceType(source_type)
    return VOCABULARY + source_type


def strongest(source_types: Iterable[str]) -> str:
    """The term that a work made of these must carry. Raises UnknownSourceType, ValueError when empty."""
    terms = list(source_types)
    for term in terms:
        uri(term)
    if not terms:
        raise ValueError("nothing to choose from")
    return min(terms, key=STRENGTH.index)


def read_source_type(data: bytes) -> str | None:
    """The strongest known term written in a file's metadata, or None.

    XMP packets are made to be found by scanning, in every container; so no decoder touches the bytes.
    """
    found = {match.decode("ascii") for match in _FOUND.findall(data)}
    known = found & set(STRENGTH)
    return strongest(known) if known else None
