"""What a key looks like: `pk_live_`, 43 letters for 32 random bytes, and 6 that check the rest.

The check tells a mistyped or cut-off key from a wrong one, and lets scanners of code recognise ours.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass

PREFIX = "pk_live_"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(r"pk_live_[0-9A-Za-z]{49}")


@dataclass(frozen=True, slots=True)
class Token:
    """A key as it is shown once, to whoever made it."""

    secret: str

    @property
    def shown(self) -> str:
        """Enough to be known by, too little to be guessed from."""
        return f"{self.secret[:12]}…{self.secret[-4:]}"

    @property
    def hash(self) -> str:
        """32 random bytes need no salt and no slowness: there is nothing to guess."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def new() -> Token:
    body = PREFIX + _base62(int.from_bytes(secrets.token_bytes(32)), 43)
    return Token(body + _check(body))


def read(text: str) -> Token | None:
    """The key that a request names; None for what cannot be one."""
    if _FORM.fullmatch(text) is None or _check(text[:-6]) != text[-6:]:
        return None
    return Token(text)


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def _base62(number: int, width: int) -> str:
    found = ""
    while number:
        number, digit = divmod(number, 62)
        found = _DIGITS[digit] + found
    return found.rjust(width, "0")
