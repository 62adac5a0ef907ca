"""What plans and packs are called, and what is said about them, in the language that is active."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from packshot.foundation.billing.plans import Pack, Plan, Translation, book


def name_of(item: str, otherwise: str) -> str:
    """The name of a plan or pack by its key; `otherwise` for one that is not in the file any more."""
    found = _sold(item)
    if found is None:
        return otherwise
    return _here(found).name or found.name


def about(item: str) -> str:
    """The sentence about a plan."""
    found = book().plans[item]
    return _here(found).about or found.about


def bought(name: str, quantity: int) -> str:
    return name if quantity == 1 else f"{name} × {quantity}"


def line_words(what: str, *, part: bool, back: bool) -> str:
    """An invoice's line: `part` for the rest of a period, `back` for what is not used of the plan before."""
    if not part:
        return what
    if back:
        return _("Unused time of %(plan)s") % {"plan": what}
    return _("The rest of the period with %(plan)s") % {"plan": what}


def _sold(item: str) -> Plan | Pack | None:
    return book().plans.get(item) or book().packs.get(item)


def _here(sold: Plan | Pack) -> Translation:
    language = get_language() or ""
    return sold.translations.get(language) or sold.translations.get(language[:2]) or Translation()
