"""What each process that serves or works begins with."""

from __future__ import annotations

from importlib.metadata import version

from packshot.settings import settings
from packshot.telemetry import errors, traces


def start(part: str) -> None:
    """Trace, and report errors, where the settings name somebody to tell; `part` is `web` or `worker`."""
    traces.start(f"packshot-{part}")
    dsn = settings().sentry_dsn
    if dsn is not None:
        errors.start(dsn.get_secret_value(), f"packshot-{part}", release=f"packshot@{version('packshot')}")
