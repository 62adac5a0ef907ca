"""OpenTelemetry traces: a request, the order in it, and every step of its jobs in whichever worker, are one trace.

Exported over OTLP where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, and then only; without it nothing of OpenTelemetry is
imported and a span costs nothing. Spans hold ids and names, never words of people nor messages of errors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Span

_provider: TracerProvider | None = None


def start(service: str) -> None:
    """Trace this process, if the environment says where to. The exporter reads the other OTEL_ variables itself."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    start_with(service, BatchSpanProcessor(OTLPSpanExporter()))


def start_with(service: str, processor: SpanProcessor) -> None:
    """Trace this process into `processor`."""
    global _provider  # noqa: PLW0603  (one a process)
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    stop()
    _provider = TracerProvider(resource=Resource.create({"service.name": service}))
    _provider.add_span_processor(processor)


def stop() -> None:
    """Send what is still to be sent, and trace no more."""
    global _provider  # noqa: PLW0603  (one a process, made on first use)
    if _provider is not None:
        _provider.shutdown()
        _provider = None


@contextmanager
def span(
    name: str, *, parent: str | None = None, server: bool = False, **attributes: str | int | float | None
) -> Iterator[Span | None]:
    """Everything inside is a part of this span; `parent` is what `carried` gave elsewhere. None while not traced.

    An error inside marks the span with its class; its message stays out of it.
    """
    if _provider is None:
        yield None
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode

    tracer = _provider.get_tracer("packshot")
    with tracer.start_as_current_span(
        name,
        context=None if parent is None else _context(parent),
        kind=SpanKind.SERVER if server else SpanKind.INTERNAL,
        attributes={key: value for key, value in attributes.items() if value is not None},
        record_exception=False,
        set_status_on_exception=False,
    ) as found:
        try:
            yield found
        except Exception as error:
            found.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def carried() -> str | None:
    """The current span as a W3C `traceparent`, to be kept with what is done later elsewhere."""
    if _provider is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def tracing() -> bool:
    """Whether this process traces."""
    return _provider is not None


def name_in_log(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog's processor: the line tells which trace it belongs to."""
    if _provider is not None:
        from opentelemetry.trace import get_current_span

        context = get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _context(parent: str) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent}, context=Context())
