"""What must not be told is not told: by the name of its field, by its look, and in tracebacks."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from packshot import logs
from packshot.settings import settings
from packshot.telemetry.redaction import HIDDEN, clean, redact

SECRETS = {
    "prompt": "a bottle on a stone",
    "negative": "no hands",
    "password": "correct horse battery",
    "session_token": "abc",
    "api_key": "k",
    "Authorization": "Key abc",
    "email": "person@example.com",
    "sentry_dsn": "https://key@sentry.example/1",
    "parameters": {"system": "be kind"},
    "recipients": ["person@example.com"],
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_field_is_hidden_by_its_name_however_deep(name):
    found = redact(None, "info", {"event": "x", name: SECRETS[name], "of": [{"more": {name: SECRETS[name]}}]})
    assert found[name] == HIDDEN
    assert found["of"] == [{"more": {name: HIDDEN}}]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mail to person.name+x@mail.example.co.uk bounced", "mail to [hidden] bounced"),
        ("GET https://fal.media/a.png?X-Goog-Signature=abc failed", "GET https://fal.media/a.png?[hidden] failed"),
        ("Authorization: Bearer abcdef0123456789", "Bearer [hidden]"),
        ("sent Key 0123456789ab:cdef0123", "sent Key [hidden]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", HIDDEN),
        ("sk-ant-0123456789abcdef0123", HIDDEN),
        ("AIzaSyA0123456789abcdef0123", HIDDEN),
        ("postgresql://packshot:secret@db.example.com/x", "postgresql://[hidden]@db.example.com/x"),
        ('password="hunter2", rest', "password=[hidden], rest"),
        ("DETAIL:  Failing row contains (1, a bottle\non a stone, 7).", "DETAIL:  Failing row contains ([hidden])."),
        ("DETAIL:  Key (email)=(person@example.com) exists.", "DETAIL:  Key (email)=([hidden]) exists."),
        ("/accounts/password/reset/key/1-abc-def/", "/accounts/password/reset/key/[hidden]/"),
        ("GET /invitations/tyhjJ7t9B7tu5AZaJsCRK", "GET /invitations/[hidden]"),
    ],
)  # fmt: skip
def test_what_looks_private_is_taken_out_of_a_text(text, kept):
    assert kept in clean(text)
    for part in ("person", "Signature=", "0123456789", "eyJ", "hunter2", "a bottle", "abc-def", ":secret"):
        assert part not in clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "worker ready", "01a1fe27-ef97-7275-a1fc-9f39006ff666", "/boards/01a1fe27ef97/", "3.5 s",
        "fal-ai/nano-banana/edit", "the key for this is not known", "a@b", "https://fal.media/a.png",
        "claimed by host-7:1234",
    ],
)  # fmt: skip
def test_what_one_needs_to_find_a_fault_stays(text):
    assert clean(text) == text


def test_figures_stay_whatever_they_are_called():
    event = {"event": "used", "tokens": 512, "text": None, "prompt": 7}
    assert redact(None, "info", dict(event)) == event


def test_bytes_are_told_by_their_number():
    assert clean({"raw": b"abc"}) == {"raw": "3 bytes"}


@pytest.fixture
def lines(monkeypatch):
    """What the process's log says, as JSON lines; the log is put back afterwards."""
    root = logging.getLogger()
    monkeypatch.setenv("PACKSHOT_LOG_JSON", "true")
    settings.cache_clear()
    logs.configure()
    stream = io.StringIO()
    root.handlers[0].setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.contextvars.clear_contextvars()
    monkeypatch.undo()
    settings.cache_clear()
    logs.configure()


def test_a_line_carries_the_ids_and_hides_the_rest_tracebacks_included(lines):
    secret_words = "a bottle for person@example.com"
    log = structlog.get_logger("packshot.test")
    with structlog.contextvars.bound_contextvars(request_id="r1", organization="o1", job="j1"):
        try:
            raise ValueError(f"cannot draw {secret_words}")
        except ValueError:
            log.exception("broke", prompt=secret_words)
        logging.getLogger("a.library").warning("sent to %s", "person@example.com")
    first, second = lines()
    assert (first["request_id"], first["organization"], first["job"], first["event"]) == (
        "r1",
        "o1",
        "j1",
        "broke",
    )
    assert first["prompt"] == HIDDEN
    assert "ValueError" in first["exception"]
    assert second["request_id"] == "r1"
    assert second["event"] == "sent to [hidden]"
    assert "person@example.com" not in json.dumps([first, second])
