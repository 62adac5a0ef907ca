"""What can be wrong with a picture that somebody gave us."""

from __future__ import annotations


class BadPicture(Exception):
    """The bytes are not a picture this package accepts.

    `code` is stable and for programs; `message` is one plain sentence for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message
