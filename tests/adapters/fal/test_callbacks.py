"""What is taken for fal's word: signed by its keys, about our account, of these minutes, and about what it says."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from packshot.adapters.fal.generator import FalGenerator
from packshot.ports.generation import BadCallback, Callback, CallbackUnchecked
from tests.fakes.fal import Fal

BODY = b'{"request_id": "abc", "status": "OK", "payload": {}}'


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receiver(fal: Fal, clock: Clock) -> FalGenerator:
    return made(fal, clock)


def made(fal: Fal, clock: Clock, user: str | None = "github|4711") -> FalGenerator:
    return FalGenerator(SecretStr("k"), user=user, queue_url=fal.url, keys_url=fal.jwks_url, now=clock)


def test_a_genuine_message_names_its_request_and_its_end(fal, receiver):
    assert receiver.parse_callback(fal.signed(BODY, "abc"), BODY) == Callback("abc", "abc:OK")
    body = b'{"request_id": "abc", "status": "ERROR", "payload": {"detail": []}}'
    assert receiver.parse_callback(fal.signed(body, "abc"), body) == Callback("abc", "abc:ERROR")
    assert fal.key_fetches == 1


def forged() -> dict[str, Any]:
    return {"key": Ed25519PrivateKey.generate()}


@pytest.mark.parametrize(
    ("flaws", "changes"),
    [
        (forged(), {}),
        ({"user": "github|of-somebody-else"}, {}),
        ({"age_s": 302}, {}),
        ({"age_s": -400}, {}),
        ({}, {"X-Fal-Webhook-Timestamp": "now"}),
        ({}, {"X-Fal-Webhook-Timestamp": "²"}),
        ({}, {"X-Fal-Webhook-Timestamp": "9" * 400}),
        ({}, {"X-Fal-Webhook-Signature": "no hex"}),
        ({}, {"X-Fal-Webhook-Signature": ""}),
        ({}, {"X-Fal-Webhook-Signature": "00"}),
        ({}, {"X-Fal-Webhook-Request-Id": "abd"}),
        ({}, {"X-Fal-Webhook-User-Id": ""}),
    ],
)
def test_what_is_not_fal_s_word_to_us_now_is_refused(fal, receiver, clock, flaws, changes):
    if "age_s" in flaws:
        flaws = {"at": clock.now - flaws["age_s"]}
    headers = fal.signed(BODY, "abc", **flaws) | changes
    with pytest.raises(BadCallback):
        receiver.parse_callback(headers, BODY)


def test_a_changed_body_and_missing_headers_are_refused(fal, receiver):
    headers = fal.signed(BODY, "abc")
    for body in (BODY + b" ", b"", b"\xff"):
        with pytest.raises(BadCallback):
            receiver.parse_callback(headers, body)
    for name in headers:
        if name.startswith("X-"):
            with pytest.raises(BadCallback):
                receiver.parse_callback({n: v for n, v in headers.items() if n != name}, BODY)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"nothing",
        b'{"request_id": "abc"}',
        b'{"request_id": "other", "status": "OK"}',
        b'{"request_id": ["abc"], "status": "OK"}',
        b'{"request_id": "abc", "status": "MAYBE"}',
        b'{"request_id": "abc", "status": ["OK"]}',
    ],
)
def test_what_fal_never_says_is_refused_though_signed(fal, receiver, body):
    with pytest.raises(BadCallback):
        receiver.parse_callback(fal.signed(body, "abc"), body)


def test_without_a_user_any_account_of_fal_s_is_believed(fal, clock):
    assert made(fal, clock, user=None).parse_callback(fal.signed(BODY, "abc", user="x"), BODY)


def test_new_keys_are_asked_for_when_none_fits_and_at_most_once_a_minute(fal, receiver, clock):
    receiver.parse_callback(fal.signed(BODY, "abc"), BODY)
    clock.now += 61
    fal.rotate()
    assert receiver.parse_callback(fal.signed(BODY, "abc", at=clock.now), BODY)
    assert fal.key_fetches == 2
    for _ in range(5):
        with pytest.raises(BadCallback):
            receiver.parse_callback(fal.signed(BODY, "abc", at=clock.now, **forged()), BODY)
    assert fal.key_fetches == 2


def test_keys_are_a_day_fresh_and_serve_another_while_new_ones_cannot_be_had(fal, receiver, clock):
    receiver.parse_callback(fal.signed(BODY, "abc"), BODY)
    fal.keys_broken = True
    for hours in (23, 25, 47):
        clock.now = time.time() + hours * 3600
        assert receiver.parse_callback(fal.signed(BODY, "abc", at=clock.now), BODY)
    assert fal.key_fetches == 3  # after a day each message asks, a minute apart
    clock.now = time.time() + 49 * 3600
    with pytest.raises(CallbackUnchecked):
        receiver.parse_callback(fal.signed(BODY, "abc", at=clock.now), BODY)


def test_without_keys_nothing_is_believed_and_nothing_called_forged(fal, receiver, clock):
    fal.keys_broken = True
    for _ in range(3):
        with pytest.raises(CallbackUnchecked):
            receiver.parse_callback(fal.signed(BODY, "abc"), BODY)
    assert fal.key_fetches == 1
    fal.keys_broken = False
    clock.now += 61
    assert receiver.parse_callback(fal.signed(BODY, "abc", at=clock.now), BODY)


def test_many_at_once_fetch_the_keys_once(fal, receiver):
    headers, found = fal.signed(BODY, "abc"), []
    gate = threading.Barrier(16)

    def read() -> None:
        gate.wait()
        try:
            found.append(receiver.parse_callback(headers, BODY).ref)
        except CallbackUnchecked:
            found.append("later")

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) <= {"abc", "later"}
    assert "abc" in found
    assert fal.key_fetches == 1


def test_a_document_without_a_key_is_no_document(fal, receiver):
    fal.published = []
    with pytest.raises(CallbackUnchecked):
        receiver.parse_callback(fal.signed(BODY, "abc"), BODY)


def test_the_body_of_a_callback_is_what_the_documentation_says(fal, receiver):
    """So that the fake and the adapter do not agree on a protocol of their own."""
    body = json.dumps(
        {
            "request_id": "123e4567-e89b-12d3-a456-426614174000",
            "gateway_request_id": "923e4567-e89b-12d3-a456-426614174000",
            "status": "OK",
            "payload": None,
            "payload_error": "Response payload is not JSON serializable.",
        }
    ).encode()
    name = "123e4567-e89b-12d3-a456-426614174000"
    assert receiver.parse_callback(fal.signed(body, name), body).ref == name
