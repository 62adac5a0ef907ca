"""Spans leave the process over OTLP where the environment says so, and only then."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from packshot.telemetry import traces


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A collector's HTTP side; what it was sent."""
    sent: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not into the test's output."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_are_sent_by_otlp_before_the_process_ends(collector, monkeypatch):
    address, sent = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    traces.start("packshot-web")
    with traces.span("order", model="mock-scene", variants=2, batch=None):
        kept = traces.carried()
    traces.stop()
    ((path, body),) = sent
    assert path == "/v1/traces"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert named["service.name"] == "packshot-web"
    (span,) = resource.scope_spans[0].spans
    assert (span.name, {each.key for each in span.attributes}) == ("order", {"model", "variants"})
    assert kept is not None
    assert kept.split("-")[1:3] == [span.trace_id.hex(), span.span_id.hex()]


def test_a_line_of_the_log_names_its_trace():
    traces.start_with("packshot-test", SimpleSpanProcessor(InMemorySpanExporter()))
    try:
        assert traces.name_in_log(None, "info", {"event": "x"}) == {"event": "x"}
        with traces.span("order"):
            carried = traces.carried()
            assert carried is not None
            found = traces.name_in_log(None, "info", {"event": "x"})
        assert json.dumps(found) == json.dumps({"event": "x", "trace_id": carried.split("-")[1]})
    finally:
        traces.stop()
