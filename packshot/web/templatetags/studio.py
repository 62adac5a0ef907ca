"""What the templates need beyond Django's own: built files, icons, credits, times."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.studio.credits.words import written
from packshot.studio.generation.queries import writer
from packshot.studio.generation.wording import operation_word
from packshot.web.assets import manifest

register = template.Library()

MICRO = 1_000_000
_MINUTES_FROM_S = 90


@register.simple_tag
def asset(name: str) -> str:
    """The address of a built file, e.g. `{% asset "app.js" %}`."""
    return static(manifest().file(name))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; decoration unless it is given a label. Raises KeyError for an unknown name."""
    if name not in manifest().icons:
        raise KeyError(f"no such icon: {name} (see frontend/icons.txt)")
    address = f"{static(manifest().file('icons.svg'))}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, address
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', address)


@register.filter
def credits(micro: int) -> str:  # noqa: A001 the word of the domain
    """Micro-credits as credits: no decimals where there are none, else at most two, never rounded up."""
    return written(micro)


@register.simple_tag
def credits_word(micro: int) -> str:
    """'1 credit', '8 credits', '2.50 credits'."""
    number = credits(micro)
    return ngettext("%(number)s credit", "%(number)s credits", 1 if micro == MICRO else 2) % {
        "number": number
    }


@register.filter
def seconds_word(seconds: int | float) -> str:
    """A wait in the words a person would use: '8 s', '2 min'."""
    whole = max(0, round(seconds))
    if whole < _MINUTES_FROM_S:
        return _("%(n)d s") % {"n": whole}
    return _("%(n)d min") % {"n": round(whole / 60)}


@register.simple_tag
def when(moment: datetime) -> SafeString:
    """A time as people say it, with the exact one on hover."""
    exact = formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact,
        _relative(moment, timezone.now()),
    )


def _relative(moment: datetime, now: datetime) -> str:
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 0:
        return formats.date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT")
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _("%(n)d min ago") % {"n": minutes}
    if minutes < 24 * 60:
        return _("%(n)d h ago") % {"n": minutes // 60}
    if minutes < 7 * 24 * 60:
        days = minutes // (24 * 60)
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    return formats.date_format(timezone.localtime(moment), "DATE_FORMAT")


@register.filter
def percent(share: float) -> str:
    """A share of one in percent, without decimals."""
    return f"{round(share * 100)} %"


@register.simple_tag
def estimate(seconds: tuple[int, int]) -> str:
    """An honest range: 'about 4 to 9 s'; one number where both ends are said alike."""
    least, most = seconds_word(seconds[0]), seconds_word(seconds[1])
    if least == most:
        return _("about %(time)s") % {"time": most}
    if seconds[1] < _MINUTES_FROM_S:
        return _("about %(least)d to %(most)d s") % {"least": seconds[0], "most": seconds[1]}
    return _("about %(least)s to %(most)s") % {"least": least, "most": most}


@register.simple_tag
def typical(time: Any) -> str:
    """How long a model usually takes: 'usually 3 to 6 s here' where that was measured."""
    least = max(1, round(time.least_s))
    most = max(least, round(time.most_s))
    if least == most:
        said = seconds_word(most)
    elif most < _MINUTES_FROM_S:
        said = _("%(least)d to %(most)d s") % {"least": least, "most": most}
    else:
        said = _("%(least)s to %(most)s") % {"least": seconds_word(least), "most": seconds_word(most)}
    words = _("Usually %(time)s here.") if time.measured else _("About %(time)s.")
    return words % {"time": said}


@register.filter
def least(prices: dict[Any, int]) -> int:
    """The lowest of several prices."""
    return min(prices.values(), default=0)


@register.simple_tag
def returned_word(micro: int) -> str:
    """'4 credits came back.'"""
    count = 1 if micro == MICRO else 2
    words = ngettext("%(number)s credit came back.", "%(number)s credits came back.", count)
    return words % {"number": credits(micro)}


@register.simple_tag
def ratio_sign(ratio: str) -> SafeString:
    """A small outline in the shape of a ratio such as '4:5'."""
    width, height = (int(part) for part in ratio.split(":"))
    scale = 12 / max(width, height)
    w, h = round(width * scale, 1), round(height * scale, 1)
    return format_html(
        '<svg viewBox="0 0 14 14" aria-hidden="true"><rect x="{}" y="{}" width="{}" height="{}" rx="1"></rect></svg>',
        round(7 - w / 2, 1),
        round(7 - h / 2, 1),
        w,
        h,
    )


@register.simple_tag
def writes(operation: str) -> bool:
    """Whether a model is connected that writes this: `{% writes "describe" as describes %}`."""
    return writer(operation) is not None


@register.filter
def operation(name: str) -> str:
    """An operation as the verb on its button."""
    return operation_word(name)


@register.filter
def parameter(name: str) -> str:
    """What a model's further choice is called."""
    words = {"factor": _("Factor"), "seconds": _("Length"), "motion": _("Motion"), "variant": _("Variant")}
    return words.get(name, name.replace("_", " ").capitalize())


@register.filter
def parameter_choice(value: object, name: str) -> str:
    """A choice as it is read: a number with its unit, a word in the person's language."""
    if name == "factor":
        return f"{value}×"
    if name == "seconds":
        return _("%(n)s s") % {"n": value}
    motions = {"push_in": _("Closer"), "pull_out": _("Away"), "pan": _("Sideways"), "orbit": _("Around")}
    return motions.get(str(value), str(value))


@register.filter
def as_json(mapping: dict[Any, Any]) -> str:
    """A plain mapping for a data attribute; the template escapes it."""
    return json.dumps({str(key): value for key, value in mapping.items()})


@register.filter
def source_type(name: str) -> str:
    """The IPTC digital source type in words."""
    words = {
        "compositeSynthetic": _("Composed of a photo and a drawn scene"),
        "trainedAlgorithmicMedia": _("Made by a trained model"),
        "compositeWithTrainedAlgorithmicMedia": _("A photo with parts made by a trained model"),
        "algorithmicallyEnhanced": _("A photo changed by an algorithm"),
        "algorithmicMedia": _("Drawn by an algorithm"),
        "digitalCapture": _("A photo"),
    }
    return words.get(name, name)
