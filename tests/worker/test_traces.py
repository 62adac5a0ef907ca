"""One trace from the order over its job's steps in the worker to the provider's callback."""

from __future__ import annotations

import json

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from packshot.studio.generation import commands
from packshot.telemetry import traces
from tests.worker.support import order, polled, settled, wait_for

LIMIT_S = 60.0
"""The first picture of a module waits for the pool's first process."""


@pytest.fixture
def exporter():
    found = InMemorySpanExporter()
    traces.start_with("packshot-test", SimpleSpanProcessor(found))
    yield found
    traces.stop()


def test_an_order_its_steps_and_the_callback_are_one_trace(tenant, worker, exporter, admin):
    # Polled only in a minute: what ends it is the callback.
    script = polled(delay_s=0.3, poll_after_s=60.0, callback={"after_s": 0.0})
    with traces.span("POST /boards/", server=True) as request:
        batch_id = commands.submit(
            tenant.actor, order(model="mock-remote", prompt="a secret bottle", script=script)
        ).batch_id
        trace = request.get_span_context().trace_id
    assert settled(tenant.actor, batch_id, LIMIT_S).state.value == "succeeded"

    def spans():
        return [span for span in exporter.get_finished_spans() if span.context.trace_id == trace]

    wait_for(spans, lambda found: [span.name for span in found].count("advance") == 2, LIMIT_S)
    found = spans()
    assert sorted(span.name for span in found) == [
        "POST /boards/", "advance", "advance", "callback", "order", "outputs", "provider poll", "provider submit",
        "settle",
    ]  # fmt: skip
    by_name = {span.name: span for span in found}
    ordered = by_name["order"].context.span_id
    for span in found:
        if span.name in ("advance", "callback"):
            assert span.parent.span_id == ordered
    assert by_name["advance"].attributes["model"] == "mock-remote"
    assert by_name["settle"].attributes["outcome"] == "succeeded"
    assert "bottle" not in json.dumps([dict(span.attributes) for span in found])
    (kept,) = admin.execute("select trace from public.generation_batch where id = %s", [batch_id]).fetchone()
    assert kept.split("-")[1] == f"{trace:032x}"


def test_an_error_marks_its_span_without_its_message(exporter):
    with pytest.raises(ValueError), traces.span("broken"):
        raise ValueError("a secret bottle")
    (span,) = exporter.get_finished_spans()
    assert (span.status.is_ok, span.status.description, span.events) == (False, "ValueError", ())


def test_nothing_is_traced_and_nothing_kept_where_nobody_asked(tenant, worker, admin, monkeypatch):
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    traces.start("packshot-test")
    assert not traces.tracing()
    with traces.span("quiet") as span:
        assert (span, traces.carried()) == (None, None)
        batch_id = commands.submit(tenant.actor, order()).batch_id
    assert settled(tenant.actor, batch_id, LIMIT_S).state.value == "succeeded"
    found = admin.execute("select trace from public.generation_batch where id = %s", [batch_id]).fetchone()
    assert found == (None,)
