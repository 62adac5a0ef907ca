"""The addresses that somebody has typed or pasted into one field."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from packshot.errors import Invalid

MOST = 50
_BETWEEN = re.compile(r"[\s,;]+")
_NAMED = re.compile(r"[^<>,;\n]*<([^<>\s]+)>")


def addresses_in(text: str) -> list[str]:
    """Each once, in lower case: separated by commas, lines or spaces, also as `Ann Lee <ann@example.com>`.

    Raises Invalid for none, for more than fifty, and for what is no address.
    """
    found = [each.strip().lower() for each in _BETWEEN.split(_NAMED.sub(r" \1 ", text)) if each.strip()]
    unique = list(dict.fromkeys(found))
    if not unique:
        raise Invalid(_("Give at least one e-mail address."))
    if len(unique) > MOST:
        raise Invalid(_("Invite 1 to 50 people at once."))
    wrong = [each for each in unique if not _is_address(each)]
    if wrong:
        raise Invalid(
            _("This is no e-mail address: %(text)s. Nobody was invited.")
            % {"text": ", ".join(wrong[:3])[:200]}
        )
    return unique


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254
