"""The words of letters about webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from packshot.foundation.letters.contracts import Body, Way, Words, Writer
from packshot.foundation.letters.writing import path


def _disabled(body: Body) -> Words:
    named = {"name": body["workspace"], "url": body["url"]}
    return Words(
        subject=_("A webhook of %(name)s was switched off") % named,
        says=(
            _("%(url)s answered that it is gone (410), so nothing more is sent to it.") % named
            if body["reason"] == "gone"
            else _("%(url)s has taken no message for five days, so nothing more is sent to it.") % named,
            _(
                "What has failed until now is kept for thirty days; what happens while it is off is not kept for it."
            ),
            _("When it answers again, switch it on and send what has failed once more."),
        ),
        way=Way(_("The webhook"), path(reverse("webhook", args=[body["endpoint"]]))),
    )


WRITERS: Final[Mapping[str, Writer]] = {"webhooks.disabled": _disabled}
