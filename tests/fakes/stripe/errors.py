"""How Stripe says no."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"type": kind, "message": message} | {k: v for k, v in more.items() if v is not None}
        }


def invalid(message: str, code: str | None = None, param: str | None = None) -> StripeError:
    return StripeError(400, "invalid_request_error", message, code=code, param=param)


def missing(kind: str, name: Any) -> StripeError:
    return StripeError(
        404, "invalid_request_error", f"No such {kind}: '{name}'", code="resource_missing", param="id"
    )


def card_error(message: str, code: str, decline: str | None, intent: Any) -> StripeError:
    return StripeError(402, "card_error", message, code=code, decline_code=decline, payment_intent=intent)
