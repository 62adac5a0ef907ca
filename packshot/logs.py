"""One log for everything: structlog, to standard error, for people or as JSON lines."""

from __future__ import annotations

import logging
import sys

import structlog

from packshot.settings import settings
from packshot.telemetry import traces
from packshot.telemetry.redaction import redact


def configure() -> None:
    """Set logging up for this process; the standard library's records take the same road as ours."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        traces.name_in_log,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = settings().log_json
    # Plain tracebacks: the rich ones print local variables, which hold prompts and tokens.
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    final: list[structlog.types.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*final, renderer])
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "pgqueuer", "psycopg.pool", "_granian", "granian.access", "django.request"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
