"""Sentences that were written down before it was known who reads them.

Databases, workers and the catalogue speak English; what they say is translated where it is shown, by the same
catalogues as everything else (`scripts/messages` collects these sentences too). What a provider says stays as it is.
"""

from __future__ import annotations

from django.utils.translation import gettext


def told(text: str) -> str:
    """The sentence in the language of whoever is looking; one that no catalogue knows as it was written."""
    return gettext(text) if text else text  # the empty message is the catalogue's own header
