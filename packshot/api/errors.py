"""What can be wrong with a request before any room has seen it."""

from __future__ import annotations

from dataclasses import dataclass

from packshot.errors import Forbidden, Problem, Unavailable


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where: a JSON pointer into the body, or the name of a parameter or header."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class BadRequest(Problem):
    """Not readable as HTTP, JSON or one of our headers; `code` says which."""

    def __init__(self, message: str, *faults: Fault, code: str) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # of each one its own: they have a status in common and no rule
        self.faults = faults


class NoEntry(Problem):
    """No key, or one that opens nothing."""

    status = 401

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # as above


class AddressNotAllowed(Forbidden):
    code = "address_not_allowed"


class InsufficientScope(Forbidden):
    code = "insufficient_scope"


class UnknownMethod(Problem):
    """`detail["allow"]` names those there are."""

    status = 405
    code = "method_not_allowed"


class BodyTooLarge(Problem):
    status = 413
    code = "too_large"


class WrongMediaType(Problem):
    status = 415
    code = "unsupported_media_type"


class RateLimited(Problem):
    """`detail["retry_after"]`: seconds."""

    status = 429
    code = "rate_limited"


class InvalidRequest(Problem):
    """The body or the query does not have the form that the operation takes."""

    status = 422
    code = "invalid_request"

    def __init__(self, *faults: Fault) -> None:
        super().__init__("The request does not have the form that this operation takes. Nothing was done.")
        self.faults = faults


class FetchRefusedHere(Problem):
    """The address of a file may not be asked, or what came may not be kept."""

    status = 422
    code = "fetch_refused"


class FetchFailedHere(Problem):
    """The other server did not deliver."""

    status = 502
    code = "fetch_failed"


class Busy(Unavailable):
    """`detail["retry_after"]`: seconds."""
