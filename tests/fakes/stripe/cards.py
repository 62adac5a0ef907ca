"""The numbers that are typed on the page, and how a payment with each goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    brand: str = "visa"
    decline: str | None = None
    """Every charge is declined with this code."""
    later: str | None = None
    """Only charges after the first page are declined."""
    authenticate: str = "never"
    """`setup`: the first time, in person. `always`: each time, so that nothing works off-session."""
    dispute: str | None = None
    """`open` or `inquiry` as soon as it is paid."""
    delayed: str | None = None
    """Money that comes days later, or fails then: `succeeds`, `fails`."""
    refund_fails: bool = False


CARDS = {
    "4242424242424242": Card(),
    "5555555555554444": Card("mastercard"),
    "4000000000000002": Card(decline="generic_decline"),
    "4000000000009995": Card(decline="insufficient_funds"),
    "4000000000000069": Card(decline="expired_card"),
    "4000000000000341": Card(later="generic_decline"),
    "4000002500003155": Card(authenticate="setup"),
    "4000002760003184": Card(authenticate="always"),
    "4000000000000259": Card(dispute="open"),
    "4000000000001976": Card(dispute="inquiry"),
    "4000000000005126": Card(refund_fails=True),
    "DE89370400440532013000": Card("sepa_debit", delayed="succeeds"),
    "DE62370400440532013001": Card("sepa_debit", delayed="fails"),
}
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
}
"""What stands for a card in requests."""
OWN_CODES = {"expired_card", "incorrect_cvc", "processing_error"}
"""Declines whose error code is not `card_declined`."""
