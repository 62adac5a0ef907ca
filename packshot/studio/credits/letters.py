"""The words of letters about credits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from packshot.foundation.billing.templatetags.money import money
from packshot.foundation.letters.contracts import Body, Way, Words, Writer
from packshot.foundation.letters.writing import path
from packshot.ports.money import Money
from packshot.studio.credits.words import written


def _low_balance(body: Body) -> Words:
    named = {"n": written(body["left"]), "mark": written(body["below"]), "name": body["workspace"]}
    return Words(
        subject=_("%(n)s credits are left") % named,
        says=(
            _("%(name)s has %(n)s credits left, below the %(mark)s at which you wanted to be told.") % named,
            _("Work goes on as long as they last."),
        ),
        way=_statement(),
        also=(_("You are told once, and again only after there was more in between."),),
    )


def _topup_stopped(body: Body) -> Words:
    says = [
        _("The payment for more credits of %(name)s was declined four times in a row, so no more is tried.")
        % {"name": body["workspace"]},
        _("Nothing was charged."),
    ]
    if body["code"]:
        says.append(_("The bank or provider said: %(code)s.") % {"code": body["code"]})
    says.append(_("Look at the payment method, then save the rule again to switch it on."))
    return Words(
        subject=_("Automatic top-up has stopped"),
        says=tuple(says),
        way=Way(_("The rule for top-ups"), path(reverse("settings-credits-rules"))),
    )


def _refunded(body: Body) -> Words:
    named = {
        "name": body["workspace"],
        "back": _amount(body, "returned"),
        "paid": _amount(body, "paid"),
        "taken": written(body["taken"]),
        "restored": written(body["restored"]),
    }
    says = [
        _("Of a payment of %(paid)s for %(name)s, %(back)s has gone back to you by now.") % named,
    ]
    if body["taken"]:
        says.append(
            _(
                "With it %(taken)s credits were taken back. What of them was spent is paid by the next that come."
            )
            % named
        )
    if body["restored"]:
        says.append(_("%(restored)s credits that had been taken back were given again.") % named)
    if not body["taken"] and not body["restored"]:
        says.append(_("Your credits stay as they were."))
    return Words(
        subject=_("Money has come back: %(back)s for %(name)s") % named
        if body["taken"] or not body["restored"]
        else _("Credits were given again to %(name)s") % named,
        says=tuple(says),
        way=_statement(),
    )


def _disputed(body: Body) -> Words:
    named = {"name": body["workspace"]}
    return Words(
        subject=_("A payment for %(name)s is disputed") % named,
        says=(
            _("A bank disputes a payment for %(name)s.") % named,
            _(
                "What is left of the credits that it brought cannot be spent until that is decided; none are lost."
            ),
        ),
        way=_statement(),
        also=(_("You know nothing of it? Ask whoever owns the card, then whoever runs this studio."),),
    )


def _dispute_closed(body: Body) -> Words:
    named = {"name": body["workspace"]}
    if body["outcome"] == "won":
        says = _("The payment stands, and the credits that it brought can be spent again.")
    else:
        says = _("The payment went back. What that took of the credits is told in a mail of its own.")
    return Words(
        subject=_("The dispute about a payment for %(name)s is decided") % named,
        says=(_("The dispute about a payment for %(name)s is decided.") % named, says),
        way=_statement(),
    )


WRITERS: Final[Mapping[str, Writer]] = {
    "credits.low_balance": _low_balance,
    "credits.topup_stopped": _topup_stopped,
    "credits.refunded": _refunded,
    "credits.disputed": _disputed,
    "credits.dispute_closed": _dispute_closed,
}


# Parts.


def _amount(body: Mapping[str, Any], name: str) -> str:
    return money(Money(body[name], body["currency"]))


def _statement() -> Way:
    return Way(_("Your credits"), path(reverse("settings-credits")))
