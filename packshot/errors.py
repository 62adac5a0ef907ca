"""The one family of errors that a person or a program may be shown."""

from __future__ import annotations

from typing import Any, ClassVar


class Problem(Exception):
    """Something that the caller can understand: what happened, what was not lost, what to do.

    `status` is the HTTP status, `code` a stable word for programs, `message` a sentence for people, and
    `detail` plain values that a page or an API client may use.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class NotFound(Problem):
    """There is no such thing, or it belongs to somebody else: the two are told alike."""

    status = 404
    code = "not_found"


class Forbidden(Problem):
    status = 403
    code = "forbidden"


class Conflict(Problem):
    status = 409
    code = "conflict"


class Invalid(Problem):
    status = 422
    code = "invalid"


class Unavailable(Problem):
    """A part of the house does not answer; nothing was changed and the same request may be sent again."""

    status = 503
    code = "unavailable"


class UpgradeNeeded(Problem):
    """The plan does not bring it, or has no room for more of it; nothing was changed.

    `detail["feature"]` is the word of plans.toml (a feature, a limit, `seats`), and `detail["limit"]` how many the plan
    allows, where it is about a number. The page offers the plans that bring more.
    """

    status = 402
    code = "upgrade_needed"
