"""Errors told to Sentry, or to whatever speaks its protocol: where the code broke, and nothing of what it worked on."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from packshot.telemetry.redaction import clean

if TYPE_CHECKING:
    from sentry_sdk.transport import Transport

_IDS = ("request_id", "organization", "job", "trace_id", "provider", "model")


def start(dsn: str, service: str, *, release: str, transport: Transport | None = None) -> None:
    """Report what is logged as an error, and what ends the process. Raises sentry_sdk.utils.BadDsn.

    No request, no local variables, no breadcrumbs: stack, class of the error, and its message without what looks
    private.
    """
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration
    from sentry_sdk.integrations.threading import ThreadingIntegration

    sentry_sdk.init(
        dsn,
        release=release,
        server_name=service,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=lambda _pending, _timeout: None),
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
        ],
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=_scrubbed,
        transport=transport,
    )
    logging.getLogger().addHandler(Teller())


class Teller(logging.Handler):
    """Tells of every record from ERROR up. Sentry has one too, which would send a structlog event whole."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        import sentry_sdk
        from sentry_sdk.utils import event_from_exception

        if record.name.startswith("sentry_sdk"):
            return
        said = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        info = record.exc_info or (sys.exc_info() if said.get("exc_info") else None)
        event: Any = {}
        if info is not None and info[1] is not None:
            event, _ = event_from_exception(info[1], client_options=sentry_sdk.get_client().options)
        event |= {
            "level": record.levelname.lower(),
            "logger": record.name,
            "logentry": {"message": str(said.get("event", ""))},
            "tags": {name: str(said[name]) for name in _IDS if name in said},
        }
        sentry_sdk.capture_event(event)


def _scrubbed(event: Any, _hint: dict[str, Any]) -> Any:
    """The last thing that happens to whatever is sent, by us or by Sentry's hooks."""
    for name in ("request", "user", "extra", "breadcrumbs", "modules", "contexts"):
        event.pop(name, None)
    if "logentry" in event:
        event["logentry"] = {"message": clean(event["logentry"]["message"])}
    for each in event.get("exception", {}).get("values", ()):
        each["value"] = clean(each.get("value") or "")
        for frame in (each.get("stacktrace") or {}).get("frames", ()):
            frame.pop("vars", None)
    return event
