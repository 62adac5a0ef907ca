"""What other people's servers can be told of generations (see sql/webhooks.sql)."""

from __future__ import annotations

from django.utils.translation import gettext as _


def events() -> dict[str, str]:
    """Each type with what it says."""
    return {
        "generation.succeeded": _("A picture or clip is there"),
        "generation.failed": _("One could not be made"),
        "generation.cancelled": _("One was cancelled"),
        "batch.completed": _("All of a request have ended"),
    }
