"""What the tiles of galleries say about their pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.studio.assets import storage
from packshot.studio.assets.contracts import SavedView
from packshot.studio.assets.queries import TRASH_DAYS, AssetView

register = template.Library()


@dataclass(frozen=True, slots=True)
class Mark:
    """A button of the bar that sets or takes one of the `facts` of all that is picked.

    It is offered while not all have the fact `unless`, or only when all have the fact `when`.
    """

    action: str
    key: str
    icon: str
    words: str
    letter: str = ""
    unless: str = ""
    when: str = ""


@register.simple_tag
def marks() -> list[Mark]:
    """Each mark beside the one that takes it away: of the two one is shown."""
    return [
        Mark("favourite", "favourite", "star", _("Favourite"), ".", unless="favourite"),
        Mark("unfavourite", "favourite", "star-off", _("Favourite no more"), ".", when="favourite"),
        Mark("approve", "approve", "circle-check", _("Approve"), "y", unless="approved"),
        Mark("undecide", "approve", "undo-2", _("Approved no more"), "y", when="approved"),
        Mark("reject", "reject", "ban", _("Reject"), "n", unless="rejected"),
        Mark("undecide", "reject", "undo-2", _("Rejected no more"), "n", when="rejected"),
        Mark("pin", "pin", "pin", _("Pin to the top of its board"), unless="pinned"),
        Mark("unpin", "pin", "pin-off", _("Unpin"), when="pinned"),
    ]


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


@register.simple_tag
def shown(picture: AssetView, alt: str = "") -> SafeString:
    """The attributes by which a link opens a picture in the viewer; `alt` where the page has better words for it."""
    said = {
        "href": f"#{picture.id}",
        "data-picture": picture.id,
        "data-full": picture.url,
        "data-width": picture.width,
        "data-height": picture.height,
        "data-alt": alt or spoken(picture),
        "data-media": picture.media_type,
        "data-details": reverse("asset-details", args=[picture.id]),
        "data-download": reverse("asset-download", args=[picture.id]),
        "data-name": picture.name,
    }
    return format_html_join(" ", '{}="{}"', said.items())


@register.filter
def spoken(picture: AssetView) -> str:
    """A picture in words: its alt text, else its title, its prompt, its file's name."""
    return picture.alt or picture.title or picture.prompt or picture.name


@register.simple_tag
def days_left(deleted_at: datetime) -> str:
    """How long a picture still lies in the trash."""
    left = deleted_at + timedelta(days=TRASH_DAYS) - timezone.now()
    days = max(0, -(-left // timedelta(days=1)))
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}


@register.filter
def clip_time(seconds: float | None) -> str:
    """The length of a video as a clock shows it; nothing where it is not known."""
    if seconds is None:
        return ""
    return f"{int(seconds) // 60}:{round(seconds) % 60:02d}"


@register.filter
def keep(views: Iterable[SavedView], query: str) -> bool:
    """Whether one of the views is this search."""
    return any(view.query == query for view in views)


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


@register.simple_tag
def direct_uploads() -> str:
    """Where a browser asks for a place in the store; empty where files go through the server."""
    return reverse("asset-expect") if storage.blobs().direct else ""
