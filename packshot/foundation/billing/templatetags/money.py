"""Money and plans as people read them."""

from __future__ import annotations

from collections.abc import Callable

from django import template
from django.utils import formats
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from packshot.foundation.billing import naming
from packshot.foundation.billing.plans import Offer
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
def offer_word(offer: Offer) -> str:
    """What is bought and what it costs, as the button says it."""
    words = {"name": called(offer.price), "price": money(offer.price.unit)}
    if offer.kind == "pack":
        return _("%(name)s · %(price)s") % words
    if offer.terms["per_seat"]:
        return _("%(name)s · %(price)s a seat") % words
    if offer.price.interval == "year":
        return _("%(name)s · %(price)s a year") % words
    return _("%(name)s · %(price)s a month") % words


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
def gate_title(gate: str) -> str:
    """Over the dialog that a gate opens."""
    words = {
        "credits": _("More credits"),
        "seats": _("More seats"),
        "boards": _("More boards"),
        "concurrent_jobs": _("More pictures at a time"),
        "slots": _("More products"),
    }
    return words.get(gate, _("A larger plan"))


@register.simple_tag
def gate_sentence(gate: str, limit: int | None) -> str:
    """Why a gate is closed, and what was not lost. `limit`: how many the plan brings, where it is about a number."""
    if limit is not None and gate in _COUNTED:
        return _COUNTED[gate](limit) % {"n": limit}
    words = {
        "credits": _("Your draft stays as it is. After the payment you come back to it."),
        "members": _("Members and invitations belong to a plan for teams. What you wrote is kept."),
        "audit": _(
            "The audit log belongs to a larger plan. All of it is kept, and is there once you have one."
        ),
        "auto_topup": _("Automatic top-ups belong to a larger plan. The rule was not saved."),
    }
    return words.get(gate, _("This belongs to a larger plan."))


_COUNTED: dict[str, Callable[[int], str]] = {
    "seats": lambda _n: _(
        "There are not seats enough: the plan has %(n)d. Nobody was invited, and what you wrote is kept."
    ),
    "boards": lambda n: ngettext(
        "The plan has room for %(n)d board, and it is there; archived ones count, the trash does not. "
        "Nothing was changed and no board goes away.",
        "The plan has room for %(n)d boards, and they are there; archived ones count, the trash does not. "
        "Nothing was changed and no board goes away.",
        n,
    ),
    "concurrent_jobs": lambda n: ngettext(
        "The plan makes %(n)d picture at a time. The others are in line and begin by themselves: "
        "nothing is lost, and a larger plan lets more of them in at once.",
        "The plan makes %(n)d pictures at a time. The others are in line and begin by themselves: "
        "nothing is lost, and a larger plan lets more of them in at once.",
        n,
    ),
    "slots": lambda n: ngettext(
        "The plan has room for %(n)d product, and it is there. Nothing was changed.",
        "The plan has room for %(n)d products, and they are there. Nothing was changed.",
        n,
    ),
}


@register.filter
def feature_word(feature: str) -> str:
    words = {
        "auto_topup": _("Buys credits by itself when they run low"),
        "members": _("Members and invitations"),
        "audit": _("Audit log"),
        "commerce": _("Stores"),
    }
    return words.get(feature, feature)
