"""What is to be said about a plan at the top of pages: one sentence, and one way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.foundation.billing.contracts import Standing


@dataclass(frozen=True, slots=True)
class PlanNotice:
    tone: str
    """info | warning | error"""
    text: str
    label: str
    address: str
    """Of the one thing that mends it; a path, or the provider's page."""
    method: str = "get"


def notice(standing: Standing) -> PlanNotice | None:
    """The notice of this moment, if there is one; for those who look after the money."""
    subscription = standing.subscription
    if subscription is None:
        return None
    if subscription.status in ("past_due", "unpaid"):
        return _owed(standing)
    if subscription.cancel_at is not None:
        day = formats.date_format(subscription.cancel_at, "DATE_FORMAT")
        text = _("The plan is cancelled and ends on %(day)s. Bought credits stay.") % {"day": day}
        return PlanNotice("warning", text, _("Keep the plan"), "/billing/resume", "post")
    if subscription.status == "trialing" and subscription.trial_end is not None:
        days = max((subscription.trial_end - standing.now) // timedelta(days=1), 0)
        text = ngettext(
            "The trial ends in %(days)d day; then the plan is paid for.",
            "The trial ends in %(days)d days; then the plan is paid for.",
            days,
        )
        return PlanNotice("info", text % {"days": days}, _("Plan and billing"), "/billing")
    return None


def _owed(standing: Standing) -> PlanNotice:
    if standing.entitlement.status == "past_due" and standing.entitlement.until is not None:
        day = formats.date_format(standing.entitlement.until, "DATE_FORMAT")
        text = _("The last payment did not work. The plan stays until %(day)s; nothing is lost.") % {
            "day": day
        }
    else:
        text = _("The last payment did not work, and the plan is off until it does. Nothing is lost.")
    invoice = standing.open_invoice
    if invoice is not None and invoice.hosted_url:
        return PlanNotice("error", text, _("Pay now"), invoice.hosted_url)
    return PlanNotice("error", text, _("Plan and billing"), "/billing")
