"""What crosses the border: amounts, messages, states."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from packshot.adapters.stripe import events, reading
from packshot.adapters.stripe.client import VERSION
from packshot.adapters.stripe.money import sent, told
from packshot.ports.money import Money
from packshot.ports.payment_states import Kind
from packshot.ports.payments import Forged, Refused
from packshot.settings import Settings
from tests.adapters.stripe.conftest import Shop
from tests.fakes.stripe import message, signed

# Amounts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(1999, "eur"), 1999),
        (Money(1999, "jpy"), 1999),
        (Money(1999, "isk"), 199900),
        (Money(5000, "ugx"), 500000),
        (Money(12340, "kwd"), 12340),
        (Money(500, "mga"), 5),
    ],
)
def test_amounts_go_as_stripe_counts_them(money: Money, amount: int) -> None:
    assert sent(money) == amount
    assert told(amount, money.currency) == money


@pytest.mark.parametrize("money", [Money(12345, "kwd"), Money(501, "mga")])
def test_an_amount_that_stripe_cannot_charge_is_refused(money: Money) -> None:
    with pytest.raises(Refused):
        sent(money)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["eur", "usd", "jpy", "isk", "ugx", "huf", "krw"]))
def test_no_amount_is_changed_on_the_way(amount: int, currency: str) -> None:
    assert told(sent(Money(amount, currency)), currency) == Money(amount, currency)


# Messages ------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def told_of(shop: Shop) -> Any:
    """A genuine message, as (headers' signature, body, secret)."""
    endpoint = shop.fake.endpoint("http://127.0.0.1:9/none")
    shop.subscribed()
    body = message(shop.fake.events("invoice.paid")[0])
    return signed(body, endpoint, at=NOW.timestamp())["Stripe-Signature"], body, SecretStr(endpoint.secret)


def test_a_genuine_message_says_what_it_is_about(told_of: Any, shop: Shop) -> None:
    header, body, secret = told_of
    notice = events.verified([SecretStr("whsec_older"), secret], header, body, NOW)
    assert (notice.kind, notice.ref) == (
        Kind.INVOICE,
        shop.fake.events("invoice.paid")[0]["data"]["object"]["id"],
    )
    assert (notice.version, notice.livemode, notice.account) == (VERSION, False, None)


@pytest.mark.parametrize("late", [301, -301])
def test_a_message_of_another_time_is_forged(told_of: Any, late: int) -> None:
    header, body, secret = told_of
    events.verified([secret], header, body, NOW + timedelta(seconds=late - (1 if late > 0 else -1)))
    with pytest.raises(Forged):
        events.verified([secret], header, body, NOW + timedelta(seconds=late))


def test_so_is_everything_else_that_is_not_signed(told_of: Any) -> None:
    header, body, secret = told_of
    for secrets, said, text in (
        ([], header, body),
        ([SecretStr("whsec_other")], header, body),
        ([SecretStr("")], header, body),
        ([secret], header, body + b" "),
        ([secret], header.replace("v1=", "v0="), body),
        ([secret], "", body),
        ([secret], None, body),
        ([secret], "t=,v1=", body),
        ([secret], "nonsense", body),
        ([secret], "t=1,v1=ünknown", body),
        ([secret], header, b"\xff\xfe"),
    ):
        with pytest.raises(Forged):
            events.verified(secrets, said, text, NOW)


@pytest.mark.parametrize(
    "text", [b"[]", b"{}", b"null", b'{"object": "event"}', b"\xc3\xa4", b'{"object": "v2.core.event"}']
)
def test_a_signed_message_that_is_no_event_is_forged(shop: Shop, text: bytes) -> None:
    endpoint = shop.fake.endpoint("http://127.0.0.1:9/none")
    header = signed(text, endpoint, at=NOW.timestamp())["Stripe-Signature"]
    with pytest.raises(Forged):
        events.verified([SecretStr(endpoint.secret)], header, text, NOW)


def test_what_we_do_not_follow_has_no_object(shop: Shop) -> None:
    shop.customer()
    notice = events.notice(json.loads(message(shop.fake.events("customer.created")[0])))
    assert (notice.kind, notice.ref, notice.type) == (None, None, "customer.created")


def test_every_event_that_we_follow_names_an_object(shop: Shop) -> None:
    sub = shop.subscribed()
    shop.fake.use_card(sub.customer, "4000000000000341")
    shop.fake.advance(60 * 86400)
    session = shop.session(shop.customer(), "pack")
    shop.fake.pay(session.id)
    intent = shop.api.checkout.sessions.retrieve(session.id).payment_intent
    shop.fake.refund(intent, 100)
    shop.fake.dispute(intent)
    followed = [json.loads(message(each)) for each in shop.fake.events() if each["type"] in events.EVENTS]
    assert len({each["type"] for each in followed}) > 12
    assert all(events.notice(each).ref for each in followed)


def test_the_operators_page_names_exactly_these_events() -> None:
    page = (Path(__file__).parents[3] / "docs" / "stripe.md").read_text()
    listed = page.partition("### Events to enable\n```\n")[2].partition("\n```")[0].split()
    assert tuple(listed) == events.EVENTS
    assert VERSION in page


# States --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("warning_closed", "prevented"),
        ("warning_under_review", "inquiry"),
        ("under_review", "open"),
        ("appeal_under_review", "lost"),
    ],
)
def test_disputes_of_every_kind_are_read(shop: Shop, status: str, expected: str) -> None:
    session = shop.session(shop.customer(), "pack")
    shop.fake.pay(session.id)
    intent = shop.api.checkout.sessions.retrieve(session.id).payment_intent
    seen = shop.api.disputes.retrieve(shop.fake.dispute(intent)["id"]).to_dict()
    state = reading.dispute(seen | {"status": status}, intent)
    assert (state.status, state.withdrawn) == (expected, 999)


def test_a_dispute_booked_in_another_currency_counts_whole(shop: Shop) -> None:
    session = shop.session(shop.customer(), "pack")
    shop.fake.pay(session.id)
    intent = shop.api.checkout.sessions.retrieve(session.id).payment_intent
    seen = shop.api.disputes.retrieve(shop.fake.dispute(intent)["id"]).to_dict()
    seen["balance_transactions"] = [{"amount": -1100, "currency": "usd"}]
    assert reading.dispute(seen, intent).withdrawn == 999
    seen["balance_transactions"].append({"amount": 1100, "currency": "usd"})
    assert reading.dispute(seen, intent).withdrawn == 0


# Settings and logs ---------------------------------------------------------------------------------------------------


def test_stripe_is_set_up_whole_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="PACKSHOT_STRIPE_WEBHOOK_SECRET"):
        Settings(payments="stripe", stripe_key=SecretStr("sk_test_1"))
    with pytest.raises(ValueError, match="test keys"):
        Settings(stripe_key=SecretStr("sk_live_1"), stripe_test_clock="clock_1")
    with pytest.raises(ValueError, match="https"):
        Settings(stripe_url="http://api.stripe.example")
    assert "sk_test_hidden" not in repr(Settings(stripe_key=SecretStr("sk_test_hidden")))


def test_neither_keys_nor_people_are_logged(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    from packshot.adapters.stripe.client import asking, client

    caplog.set_level(logging.DEBUG)
    ours = client(SecretStr(shop.fake.key), shop.fake.url).v1
    ours.customers.create({"email": "secret.person@example.com"})
    with pytest.raises(Refused), asking("test"):
        ours.customers.create({"nonsense": "secret.person@example.com"})  # type: ignore[typeddict-unknown-key]  # that is the test
    assert "secret.person" not in caplog.text
    assert shop.fake.key not in caplog.text
