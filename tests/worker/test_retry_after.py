"""When a receiver of webhooks wants to be asked again, in either of the two ways of saying so."""

from __future__ import annotations

import pytest

from packshot.worker import hooks


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("99999999999999", 86400),
        ("soon", None),
        ("-5", None),
        ("Sat, 21 Nov 2026 20:00:10 GMT", 10),
        ("Sat, 21 Nov 2026 19:00:00 GMT", 0),
    ],
)
def test_what_a_receiver_asks_for_is_read_either_way(text, seconds):
    assert hooks._seconds(text, 1795291200.0) == seconds
