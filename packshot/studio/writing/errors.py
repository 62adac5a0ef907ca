"""What can be wrong around what models write."""

from __future__ import annotations

from packshot.errors import Conflict, Unavailable


class PriceChanged(Conflict):
    """A proposal costs another amount than the page showed; nothing was ordered.

    `detail`: `price`, what it costs now, in micro-credits.
    """

    code = "price_changed"


class NobodyWrites(Unavailable):
    """No model that writes is connected in this installation."""

    code = "nobody_writes"
