"""The signature, against the specification's own example and a reading of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from packshot.foundation.webhooks import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()
EVENT = UUID("01a1ffa4-0e8c-7302-bf0d-fcb0507428bd")


def test_the_example_of_the_reference_libraries():
    content = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert signing._signature(SECRET, content) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_signed_is_the_id_the_time_and_every_byte_of_the_body():
    body = '{"a":"grün"}'.encode()
    found = signing.headers(EVENT, body, [SECRET, OTHER], 1_700_000_000)
    assert found["webhook-id"] == "evt_01a1ffa40e8c7302bf0dfcb0507428bd"
    assert found["webhook-timestamp"] == "1700000000"
    signed = b"evt_01a1ffa40e8c7302bf0dfcb0507428bd.1700000000." + body
    keys = [base64.b64decode(each[6:]) for each in (SECRET, OTHER)]
    expected = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    assert found["webhook-signature"] == " ".join(f"v1,{each}" for each in expected)
