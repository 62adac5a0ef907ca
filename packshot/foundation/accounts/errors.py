"""What can go wrong with an account, in words."""

from __future__ import annotations

from packshot.errors import Conflict


class EmailTaken(Conflict):
    """Somebody has this address already. Never shown as such: a page must not tell who has an account."""

    code = "email_taken"
