"""The SDK, made once and asked in one way: pinned, patient for seconds only, its errors in the words of the port."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import stripe
import structlog
from pydantic import SecretStr

from packshot.ports.payments import Missing, PaymentsUnavailable, Refused

log = structlog.get_logger(__name__)

VERSION: Final = "2026-10-28.endive"
"""What objects look like: the version that stripe-python 16.1 was written for. Raised together with it, and tested."""
TIMEOUT_S: Final = (5.0, 20.0)
"""To connect, and to answer."""
RETRIES: Final = 1
"""The SDK's own, with the same key of ours: for a kept connection that Stripe had closed. Callers do the rest."""

_DECLINED = "The card was declined. Nothing was charged."
_NOT_TAKEN = "The payment provider does not take this. Nothing was charged."


def client(key: SecretStr, url: str) -> stripe.StripeClient:
    """One account's API at an address; may be used from any thread."""
    # At INFO the SDK tells every request, at DEBUG bodies with people's addresses in them.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        key.get_secret_value(),
        stripe_version=VERSION,
        base_addresses={"api": url},
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
        max_network_retries=RETRIES,
    )


def once(act: object, step: str) -> stripe.RequestOptions:
    """The options of a write: the same act and step are the same request, also after a restart."""
    return {"idempotency_key": f"packshot:{act}:{step}"}


def plain(found: stripe.StripeObject) -> dict[str, Any]:
    """An object of the SDK as plain values; nothing of the SDK goes further than the module that asked."""
    return found.to_dict()


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Errors of the SDK as those of the port. Only codes are logged: sentences and bodies may name people."""
    try:
        yield
    except stripe.CardError as error:
        raise Refused(_DECLINED, "declined") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("stripe does not let us in", what=what, code=error.code, request=error.request_id)
        raise PaymentsUnavailable(f"stripe: {what}: not let in") from error
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            raise Missing(f"stripe: {what}: {error.param or 'object'} is not there") from error
        log.error("stripe refused", what=what, code=error.code, param=error.param, request=error.request_id)
        raise Refused(_NOT_TAKEN) from error
    except stripe.IdempotencyError as error:
        log.error("an act was sent again with other words", what=what, request=error.request_id)
        raise Refused("This was asked for before, in other words. Nothing was done again.") from error
    except stripe.StripeError as error:
        log.warning("stripe did not answer", what=what, error=type(error).__name__, status=error.http_status)
        raise PaymentsUnavailable(f"stripe: {what}: {type(error).__name__}") from error
