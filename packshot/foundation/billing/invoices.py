"""Invoices as papers: of a provider that has none of its own, the mock and invoices by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from packshot.foundation.billing.naming import bought, line_words
from packshot.foundation.billing.paper import Paper, draw
from packshot.foundation.billing.templatetags.money import money
from packshot.ports.money import Money
from packshot.ports.payment_states import InvoiceLine, InvoiceState
from packshot.settings import settings


def pdf(invoice: InvoiceState, names: Mapping[str, str], payer: str) -> bytes:
    """In the language that is active; `names`: of what the lines' prices are for."""
    return draw(_paper(invoice, names, payer))


def _paper(invoice: InvoiceState, names: Mapping[str, str], payer: str) -> Paper:
    number = invoice.number or invoice.ref
    facts = [(_("Number"), number), (_("Date"), _day(invoice.created_at))]
    if invoice.paid_at is not None:
        facts.append((_("Paid on"), _day(invoice.paid_at)))
    elif invoice.due_at is not None and invoice.status == "open":
        facts.append((_("To be paid by"), _day(invoice.due_at)))
    net = Money(invoice.total.amount - invoice.tax.amount, invoice.total.currency)
    return Paper(
        language=get_language() or "en",
        title=_("Invoice %(number)s") % {"number": number},
        sender=(*settings().seller.splitlines(),) or ("Packshot", settings().address),
        receiver_title=_("Billed to"),
        receiver=(payer,),
        facts=tuple(facts),
        head=(_("Item"), _("Amount")),
        lines=tuple(_line(line, names) for line in invoice.lines),
        sums=(
            (_("Without tax"), money(net)),
            (_("Tax"), money(invoice.tax)),
            (_("Total"), money(invoice.total)),
        ),
        end=_end(invoice),
    )


def _line(line: InvoiceLine, names: Mapping[str, str]) -> tuple[str, str, str]:
    name = names.get(line.price or "")
    if name is None:
        what = line.description
    else:
        what = line_words(bought(name, line.quantity), part=line.proration, back=line.amount.amount < 0)
    period = ""
    if line.period_start is not None and line.period_end is not None:
        period = f"{_day(line.period_start)} – {_day(line.period_end)}"
    return what, period, money(line.amount)


def _end(invoice: InvoiceState) -> str:
    if invoice.status == "paid":
        return _("Paid. Thank you.")
    if invoice.status == "open":
        return _("Still to pay: %(due)s") % {"due": money(invoice.due)}
    return _("This invoice is void: nothing is to pay.")


def _day(moment: datetime) -> str:
    return formats.date_format(moment, "DATE_FORMAT")
