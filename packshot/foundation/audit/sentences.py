"""What an event says, in words; an action that nobody has put into words is shown as it is called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from packshot.foundation.audit.queries import EventView


def sentences() -> dict[str, str]:
    """Each known action with what it says of `target` and its details."""
    return {
        "organization.opened": _("Workspace opened"),
        "organization.renamed": _("Renamed from “%(from)s” to “%(to)s”"),
        "organization.transferred": _("Ownership handed over to %(target)s"),
        "organization.closing": _("Deletion asked for"),
        "organization.kept": _("Deletion taken back"),
        "organization.exported": _("All data asked for"),
        "invitation.sent": _("%(target)s invited as %(role)s"),
        "invitation.resent": _("Invitation of %(target)s sent again"),
        "invitation.revoked": _("Invitation of %(target)s taken back"),
        "invitation.declined": _("Invitation of %(target)s declined"),
        "member.joined": _("%(target)s joined as %(role)s"),
        "member.left": _("%(target)s left"),
        "member.removed": _("%(target)s removed"),
        "member.role": _("%(target)s: from %(from)s to %(to)s"),
        "billing.ordered": _("Ordered: %(target)s"),
        "billing.period_paid": _("Period of the plan %(plan)s"),
        "billing.plan_changed": _("Plan changed to %(plan)s"),
        "billing.pack_bought": _("Credits bought: %(pack)s"),
        "billing.refunded": _("Money returned of the payment %(payment)s"),
        "billing.disputed": _("Payment %(payment)s disputed"),
        "billing.dispute_closed": _("Dispute of the payment %(payment)s closed"),
        "billing.cancelled": _("Plan cancelled"),
        "billing.resumed": _("Plan kept after all"),
        "webhook.created": _("Webhook to %(target)s made"),
        "webhook.changed": _("Webhook to %(target)s changed"),
        "webhook.rotated": _("New secret for the webhook to %(target)s"),
        "webhook.enabled": _("Webhook to %(target)s switched on"),
        "webhook.disabled": _("Webhook to %(target)s switched off"),
        "webhook.deleted": _("Webhook to %(target)s deleted"),
        "credits.granted": _("Credits granted: %(reason)s"),
        "credits.capped": _("Monthly cap of a member changed"),
        "credits.watched": _("Low-balance notice changed"),
        "credits.topup_set": _("Automatic top-up changed"),
        "credits.topup_paid": _("Credits bought automatically"),
        "credits.topup_declined": _("Automatic purchase declined"),
        "key.made": _("API key “%(target)s” made"),
        "key.rotated": _("API key “%(target)s” rotated"),
        "key.revoked": _("API key “%(target)s” revoked"),
    }


class _Words(dict[str, Any]):
    """What a sentence asks for and an event does not have is a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def said(event: EventView) -> str:
    """The event in a line, without who and when."""
    roles = {"owner": _("owner"), "admin": _("admin"), "member": _("member")}
    details = {
        key: roles.get(value, value) if isinstance(value, str) else value
        for key, value in event.details.items()
    }
    sentence = sentences().get(event.action)
    if sentence is None:
        return f"{event.action} {event.target}".strip()
    return sentence % _Words(details, target=event.target)


def groups() -> list[tuple[str, str]]:
    """What one can filter by: a group of actions and its name."""
    return [
        ("member.", _("Members and roles")),
        ("invitation.", _("Invitations")),
        ("organization.", _("Workspace")),
        ("credits.", _("Credits")),
        ("billing.", _("Billing")),
        ("webhook.", _("Webhooks")),
        ("key.", _("API keys")),
    ]
