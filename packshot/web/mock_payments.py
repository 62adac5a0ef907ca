"""The mock provider's own pages: where one pays, looks after cards, and moves its clock. Only where it is switched on.

They play another company's site, so they ask it (the desk) and not our database; but they are shown to those alone
whose account it is, and no card is a real one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from packshot import wiring
from packshot.adapters.mock.payments.books import CARDS
from packshot.adapters.mock.payments.desk import Account, Desk
from packshot.errors import Invalid, NotFound
from packshot.foundation.billing import commands, inbox, providers, queries
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.ports.payment_states import Kind
from packshot.ports.payments import Missing, Refused

P = ParamSpec("P")
DAYS = (1, 7, 31, 365)


def _mock_only(
    view: Callable[Concatenate[MemberRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Nobody finds these pages where another provider takes the money; what the mock refuses is a sentence."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if providers.configured() != "mock":
            raise Http404
        if not queries.may_pay(request.actor):
            raise NotFound("There is nothing here.")
        try:
            return view(request, *args, **kwargs)
        except Missing as error:
            raise NotFound("There is nothing here.") from error
        except Refused as error:
            raise Invalid(str(error)) from error

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", signed_in(guarded))


@require_http_methods(["GET", "POST"])
@_mock_only
def pay(request: MemberRequest, ref: str) -> HttpResponseBase:
    """The page to pay on; a declined card leaves it open, and says so."""
    waiting = _desk().waiting(ref)
    _mine(request, waiting.order.payer.organization)
    said = ""
    if request.method == "POST":
        try:
            _desk().pay(ref, request.POST.get("card", ""), request.POST.get("coupon", "").strip())
            return redirect(waiting.order.success_url)
        except Refused as error:
            said = str(error)
    context = {"waiting": waiting, "cards": CARDS, "said": said, "open": waiting.checkout.status == "open"}
    return render(request, "mock/pay.html", context, status=402 if said else 200)


@require_http_methods(["GET", "POST"])
@_mock_only
def portal(request: MemberRequest, ref: str) -> HttpResponseBase:
    """Another card, and what customers and banks do: refunds, disputes."""
    account = _account(request, ref)
    if request.method == "POST":
        _act(account, request.POST)
        _hear()
        return redirect("mock-portal", ref)
    return render(request, "mock/portal.html", {"account": account, "cards": CARDS})


@require_GET
@_mock_only
def invoice(request: MemberRequest, ref: str) -> HttpResponse:
    found = _desk().invoice(ref)
    account = _account(request, found.customer)
    return render(request, "mock/invoice.html", {"invoice": found, "account": account})


@require_http_methods(["GET", "POST"])
@_mock_only
def confirm(request: MemberRequest, ref: str) -> HttpResponseBase:
    """The bank's question (3-D Secure)."""
    seen = wiring.mock_payments().fetch(Kind.PAYMENT, ref)
    payment = next(state for state in seen.states if state.ref == ref)
    _account(request, cast("str", getattr(payment, "customer", "")))
    if request.method == "POST":
        _desk().confirm(ref, yes=request.POST.get("answer") == "yes")
        _hear()
        return redirect("billing")
    return render(request, "mock/confirm.html", {"payment": payment})


@require_http_methods(["GET", "POST"])
@_mock_only
def clock(request: MemberRequest) -> HttpResponseBase:
    """Go on in time: renewals, trials and expiries fall due as they would."""
    if request.method == "POST":
        days = request.POST.get("days", "")
        if days not in {str(each) for each in DAYS}:
            raise Invalid("The clock goes on by days.")
        commands.advance_clock(timedelta(days=int(days)))
        _hear()
        messages.success(request, _("It is later now."))
        return redirect("mock-clock")
    return render(request, "mock/clock.html", {"now": inbox.now(), "days": DAYS})


# Parts.


def _desk() -> Desk:
    return Desk(wiring.mock_payments())


def _mine(request: MemberRequest, organization: UUID) -> None:
    if organization != request.actor.organization_id:
        raise NotFound("There is nothing here.")


def _account(request: MemberRequest, ref: str) -> Account:
    found = _desk().account(ref)
    _mine(request, found.customer.organization)
    return found


def _act(account: Account, form: Any) -> None:
    """One button of the portal, on something of this account."""
    act, ref = form.get("act", ""), form.get("ref", "")
    payments, disputes = {p.ref for p in account.payments}, {d.ref for d in account.disputes}
    if act == "card":
        _desk().save_card(account.customer.ref, form.get("card", ""))
    elif act in ("refund", "half", "dispute", "inquiry") and ref in payments:
        if act == "refund":
            _desk().refund(ref)
        elif act == "half":
            payment = next(p for p in account.payments if p.ref == ref)
            _desk().refund(ref, payment.amount.amount // 2)
        else:
            _desk().dispute(ref, inquiry=act == "inquiry")
    elif act in ("won", "lost", "open") and ref in disputes:
        _desk().close_dispute(ref, cast("Literal['won', 'lost', 'open']", act))
    else:
        raise Invalid("The form is not whole. Nothing was changed: reload the page.")


def _hear() -> None:
    """What the mock has to tell, told at once: it has no internet to send it over."""
    for headers, body in wiring.mock_payments().unsent():
        inbox.receive("mock", headers, body)
    while inbox.work():
        pass
