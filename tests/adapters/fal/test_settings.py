"""Where fal is: with TLS, or on this very machine."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from packshot.settings import Settings


@pytest.mark.parametrize("name", ["fal_queue_url", "fal_jwks_url"])
def test_keys_travel_with_tls_or_not_at_all(name):
    assert getattr(Settings(**{name: "http://127.0.0.1:8000/"}), name) == "http://127.0.0.1:8000"
    assert getattr(Settings(**{name: "https://relay.example"}), name) == "https://relay.example"
    for address in ("http://queue.fal.run", "http://localhost.example", "ftp://127.0.0.1", "queue.fal.run"):
        with pytest.raises(ValidationError, match="https"):
            Settings(**{name: address})
