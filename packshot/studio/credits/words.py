"""The ledger's terms as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext as _

from packshot.studio.credits.money import MICRO


def written(micro: int) -> str:
    """Micro-credits as credits: no decimals where there are none, else at most two, never rounded up."""
    value = Decimal(micro) / MICRO
    places = 0 if micro % MICRO == 0 else 2
    step = Decimal(1).scaleb(-places)
    shown = formats.number_format(value.quantize(step, rounding="ROUND_FLOOR"), places, force_grouping=True)
    return shown.replace("-", "−")


def source_words() -> dict[str, str]:
    """Where a lot came from."""
    return {
        "included": _("Monthly allowance"),
        "purchased": _("Bought"),
        "promotional": _("Given"),
        "adjustment": _("Adjusted"),
        "refund": _("Came back"),
    }


def kind_words() -> dict[str, str]:
    """What an entry of the log is."""
    return {
        "grant": _("Granted"),
        "topup": _("Bought"),
        "monthly_reset": _("Monthly allowance"),
        "reserve": _("Held for work"),
        "debit": _("Charged"),
        "release": _("Given back"),
        "refund": _("Came back"),
        "expire": _("Ran out"),
        "adjust": _("Adjusted"),
        "freeze": _("Set aside"),
        "unfreeze": _("Set free"),
        "claw": _("Taken back"),
        "repay": _("Paid what was owed"),
    }


def entry_word(words: Mapping[str, str], kind: str, amount: int) -> str:
    """By `kind_words()`; what had run out and is there again has come back."""
    return words["refund"] if kind == "expire" and amount > 0 else words.get(kind, kind)
