"""What the tiles of galleries say about their pictures."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.studio.assets.queries import AssetView

register = template.Library()

KEPT_DAYS = 30
"""How long the trash keeps a picture."""


@register.simple_tag
def facts(picture: AssetView) -> str:
    """What decides which actions make sense for a picture, in words that the bar of actions knows."""
    found = {
        "video": picture.kind == "video",
        "made": picture.operation == "generate" and picture.job_id is not None,
        "favourite": picture.favourite,
        "approved": picture.review == "approved",
        "rejected": picture.review == "rejected",
        "pinned": picture.pinned_at is not None,
        "unready": picture.state != "ready",
    }
    return " ".join(word for word, true in found.items() if true)


@register.filter
def spoken(picture: AssetView) -> str:
    """A picture in words: its alt text, else its title, its prompt, its file's name."""
    return picture.alt or picture.title or picture.prompt or picture.name


@register.simple_tag
def days_left(deleted_at: datetime) -> str:
    """How long a picture still lies in the trash."""
    left = deleted_at + timedelta(days=KEPT_DAYS) - timezone.now()
    days = max(0, -(-left // timedelta(days=1)))
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}


@register.filter
def clip_time(seconds: float | None) -> str:
    """The length of a video as a clock shows it; nothing where it is not known."""
    if seconds is None:
        return ""
    return f"{int(seconds) // 60}:{round(seconds) % 60:02d}"


@register.filter
def colour(name: str) -> str:
    words = {
        "red": _("Red"),
        "orange": _("Orange"),
        "yellow": _("Yellow"),
        "green": _("Green"),
        "teal": _("Teal"),
        "blue": _("Blue"),
        "purple": _("Purple"),
        "pink": _("Pink"),
        "brown": _("Brown"),
        "black": _("Black"),
        "grey": _("Grey"),
        "white": _("White"),
    }
    return words.get(name, name)
