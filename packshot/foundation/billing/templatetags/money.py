"""Money and plans as people read them."""

from __future__ import annotations

from django import template
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from packshot.foundation.billing import naming
from packshot.ports.money import Money, decimals
from packshot.ports.payments import Price

register = template.Library()

_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


@register.filter
def money(amount: Money) -> str:
    """'$1,234.50', in German '1.234,50 €'; with the currency's own number of decimals."""
    places = decimals(amount.currency)
    number = formats.number_format(abs(amount.major), places, force_grouping=True)
    sign = _SIGNS.get(amount.currency)
    minus = "−" if amount.amount < 0 else ""
    if sign is not None and (get_language() or "en").startswith("en"):
        return f"{minus}{sign}{number}"
    return f"{minus}{number}\N{NO-BREAK SPACE}{sign or amount.currency.upper()}"


@register.filter
def called(price: Price) -> str:
    """What a price is for."""
    return naming.name_of(price.item, price.name)


@register.filter
def status_word(status: str) -> str:
    """A subscription's status in words."""
    words = {
        "free": _("Free"),
        "trialing": _("Trial"),
        "active": _("Active"),
        "past_due": _("Payment due"),
        "unpaid": _("Not paid"),
        "incomplete": _("Waiting for the first payment"),
        "paused": _("Paused"),
        "cancelled": _("Ended"),
    }
    return words.get(status, status)


@register.filter
def invoice_word(status: str) -> str:
    words = {
        "open": _("Open"),
        "paid": _("Paid"),
        "void": _("Void"),
        "uncollectible": _("Not collected"),
    }
    return words.get(status, status)


@register.filter
def feature_word(feature: str) -> str:
    words = {
        "auto_topup": _("Buys credits by itself when they run low"),
        "members": _("Members and invitations"),
        "audit": _("Audit log"),
        "commerce": _("Stores"),
    }
    return words.get(feature, feature)
