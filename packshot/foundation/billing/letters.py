"""The words of letters about plans and payments; when each is due says `posting`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from packshot.foundation.billing.naming import bought, line_words, name_of
from packshot.foundation.billing.templatetags.money import money
from packshot.foundation.letters.contracts import Body, Way, Words, Writer
from packshot.foundation.letters.writing import day, path
from packshot.ports.money import Money


def amount(found: Mapping[str, Any]) -> str:
    """An amount of a body, as money is written in the language that is active."""
    return money(Money(found["amount"], found["currency"]))


def _receipt(body: Body) -> Words:
    return Words(
        subject=_("Receipt: %(total)s for %(workspace)s") % _paid(body),
        says=(_("Thank you. %(total)s was paid for %(workspace)s on %(day)s.") % _paid(body),),
        sums=_sums(body),
        way=_billing(),
    )


def _changed(body: Body) -> Words:
    named = _paid(body) | {"plan": _bought(body["plan"])}
    return Words(
        subject=_("The plan of %(workspace)s is %(plan)s now") % named,
        says=(
            _("The plan of %(workspace)s is %(plan)s now; it was changed on %(day)s.") % named,
            _("The difference for the rest of the period:"),
        ),
        sums=_sums(body),
        way=_billing(),
        also=(_("Credits that you have bought stay as they are."),),
    )


def _pack(body: Body) -> Words:
    named = _paid(body) | {"item": _bought(body["item"])}
    return Words(
        subject=_("Receipt: %(total)s for %(workspace)s") % named,
        says=(
            _("Thank you. %(total)s was paid for %(workspace)s on %(day)s.") % named,
            _("“%(item)s” is in your balance. These credits never run out.") % named,
        ),
        sums=_sums(body),
        way=_billing(),
    )


def _topup(body: Body) -> Words:
    named = _paid(body) | {"item": _bought(body["item"])}
    return Words(
        subject=_("Receipt: automatic top-up, %(total)s") % named,
        says=(
            _("Credits of %(workspace)s ran low, so “%(item)s” was bought as your rule says.") % named,
            _("%(total)s was paid on %(day)s with the payment method that is kept.") % named,
        ),
        sums=_sums(body),
        way=_billing(),
        also=(_("You can change the rule or switch it off under Credits."),),
    )


def _failed(body: Body) -> Words:
    named = {"workspace": body["workspace"], "item": _bought(body["item"])}
    return Words(
        subject=_("The payment for “%(item)s” did not work") % named,
        says=(
            _("The bank did not pay for “%(item)s” for %(workspace)s. Nothing was charged, no credits came.")
            % named,
            _("Buy it again, with another way of paying."),
        ),
        way=_billing(),
    )


def _owed(body: Body) -> Words:
    named = {"workspace": body["workspace"], "plan": _bought(body["plan"]), "day": day(body["until"])}
    return Words(
        subject=_("The payment for %(workspace)s did not work") % named,
        says=(
            _("The last payment for the plan %(plan)s of %(workspace)s did not work.") % named,
            _(
                "The plan stays until %(day)s; nothing is lost. After that the free plan holds until it is paid."
            )
            % named,
        ),
        sums=((_("Still to pay"), amount(body["due"])),) if body["due"] else (),
        way=Way(_("Pay now"), body["url"]) if body["url"] else _billing(),
    )


def _trial_soon(body: Body) -> Words:
    named = _plan(body) | {"price": amount(body["price"])}
    if body["interval"] == "year":
        then = _("Then %(price)s a year is charged, plus tax where it applies.") % named
    else:
        then = _("Then %(price)s a month is charged, plus tax where it applies.") % named
    return Words(
        subject=_("The trial of %(plan)s ends on %(day)s") % named,
        says=(
            _("The trial of %(plan)s for %(workspace)s ends on %(day)s.") % named,
            then,
            _("You do not want that? Cancel the plan before that day, and nothing is charged."),
        ),
        way=_billing(),
    )


def _trial_ended(body: Body) -> Words:
    named = _plan(body)
    if body["goes_on"]:
        then = _("The plan goes on and is paid for from now on. The receipt comes in a mail of its own.")
    else:
        then = _("Nothing was charged. The free plan holds from now on; what you made is all there.")
    return Words(
        subject=_("The trial of %(plan)s has ended") % named,
        says=(_("The trial of %(plan)s for %(workspace)s has ended.") % named, then),
        way=_billing(),
    )


def _cancelled(body: Body) -> Words:
    named = _plan(body)
    return Words(
        subject=_("The plan %(plan)s ends on %(day)s") % named,
        says=(
            _("The plan %(plan)s of %(workspace)s is cancelled and ends on %(day)s.") % named,
            _("Until then everything stays as it is, and you can take that back. Bought credits stay."),
        ),
        way=_billing(),
    )


def _resumed(body: Body) -> Words:
    named = _plan(body)
    return Words(
        subject=_("The plan %(plan)s goes on") % named,
        says=(
            _("The plan %(plan)s of %(workspace)s is not cancelled any more.") % named,
            _("It is renewed on %(day)s.") % named,
        ),
        way=_billing(),
    )


def _ended(body: Body) -> Words:
    named = _plan(body)
    return Words(
        subject=_("The plan %(plan)s has ended") % named,
        says=(
            _("The plan %(plan)s of %(workspace)s ended on %(day)s.") % named,
            _("The free plan holds from now on. What you made is all there, and bought credits stay."),
        ),
        way=Way(_("Choose a plan"), path(reverse("pricing"))),
    )


def _scheduled(body: Body) -> Words:
    named = _plan(body) | {"before": _bought(body["before"])}
    return Words(
        subject=_("The plan changes to %(plan)s on %(day)s") % named,
        says=(
            _("From %(day)s on the plan of %(workspace)s is %(plan)s.") % named,
            _("Until then it stays %(before)s, and you can take that back. Bought credits stay.") % named,
        ),
        way=_billing(),
    )


WRITERS: Final[Mapping[str, Writer]] = {
    "billing.receipt": _receipt,
    "billing.changed": _changed,
    "billing.pack": _pack,
    "billing.topup": _topup,
    "billing.failed": _failed,
    "billing.owed": _owed,
    "billing.trial_soon": _trial_soon,
    "billing.trial_ended": _trial_ended,
    "billing.cancelled": _cancelled,
    "billing.resumed": _resumed,
    "billing.ended": _ended,
    "billing.scheduled": _scheduled,
}


# Parts.


def _plan(body: Body) -> dict[str, str]:
    return {"workspace": body["workspace"], "plan": _bought(body["plan"]), "day": day(body["at"])}


def _paid(body: Body) -> dict[str, str]:
    return {"workspace": body["workspace"], "total": amount(body["total"]), "day": day(body["at"])}


def _sums(body: Body) -> tuple[tuple[str, str], ...]:
    lines = [(_line(line), amount(line["amount"])) for line in body.get("lines", ())]
    if body["tax"] is not None:
        lines.append((_("Tax"), amount(body["tax"])))
    lines.append((_("Total"), amount(body["total"])))
    if body["number"]:
        lines.append((_("Invoice"), body["number"]))
    return tuple(lines)


def _line(line: Mapping[str, Any]) -> str:
    if line["what"] is None:
        return str(line["words"])
    return line_words(_bought(line["what"]), part=line["proration"], back=line["amount"]["amount"] < 0)


def _bought(what: Mapping[str, Any]) -> str:
    return bought(name_of(what["item"], what["name"]), what["quantity"])


def _billing() -> Way:
    return Way(_("Plan and billing"), path(reverse("billing")))
