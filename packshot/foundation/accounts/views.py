"""The pages of accounts that differ from allauth's, and the settings pages that are ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account import views as allauth_views
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from packshot.foundation.accounts import commands, queries
from packshot.foundation.accounts.clients import describe
from packshot.foundation.accounts.forms import UNFINISHED, ProfileForm
from packshot.foundation.organizations.current import MemberRequest, signed_in
from packshot.settings import settings

# The windows of the limits in `conf.py`: after that long there is room again, at the latest.
RETRY_AFTER_S = 60
RETRY_CODE_AFTER_S = 10
RETRY_SIGN_IN_AFTER_S = 300
_SENDS_CODES = {"account_email_verification_sent"}


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in."""

    id: int
    name: str
    user_agent: str
    ip: str
    since: datetime
    current: bool


class SignOut(allauth_views.LogoutView):  # type: ignore[misc]  # allauth has no types
    """Sign out; what this browser has kept of the person's work goes too."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"storage"'
        return response


class SignUp(allauth_views.SignupView):  # type: ignore[misc]  # allauth has no types
    """Sign up; the answer does not tell whether the address had an account."""

    def form_valid(self, form: Any) -> HttpResponse:
        form.redirect_url = self.get_success_url() or reverse("welcome")
        response: HttpResponse = super().form_valid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "terms_version": settings().terms_version}


class SignIn(allauth_views.LoginView):  # type: ignore[misc]  # allauth has no types
    """Sign in; too many wrong passwords for an address or from one place are answered with 429."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if any(error.code == "too_many_login_attempts" for error in form.non_field_errors().as_data()):
            response.status_code = 429
            response["Retry-After"] = str(RETRY_SIGN_IN_AFTER_S)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        unfinished = self.request.session.get(UNFINISHED, False)
        return {**super().get_context_data(**kwargs), "sign_up_unfinished": unfinished}


def too_many(request: HttpRequest) -> HttpResponse:
    """The answer of a limit that was reached: 429, and when to come back."""
    codes = request.resolver_match is not None and request.resolver_match.url_name in _SENDS_CODES
    seconds = RETRY_CODE_AFTER_S if codes else RETRY_AFTER_S
    response: HttpResponse
    if request.accepts("text/html"):
        response = render(request, "429.html", {"seconds": seconds}, status=429)
    else:
        message = _("Too many requests. Wait %(seconds)d seconds.") % {"seconds": seconds}
        response = JsonResponse({"code": "too_many", "message": message}, status=429)
    response["Retry-After"] = str(seconds)
    return response


@signed_in
def welcome(request: MemberRequest) -> HttpResponseBase:  # noqa: ARG001
    """Where signing up leads: who is signed in goes on to the boards, who is not is asked to sign in."""
    return HttpResponseRedirect("/")


def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "account/terms.html", {"terms_version": settings().terms_version})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def profile(request: MemberRequest) -> HttpResponseBase:
    """Who I am: the name, the address, and what was agreed to."""
    person = queries.person(request.actor.user_id)
    form = ProfileForm(request.POST or None, initial={"name": person.name})
    if form.is_valid():
        commands.rename(person.id, form.cleaned_data["name"])
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("settings"))
    return render(request, "account/profile.html", {"form": form, "person": person})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def sessions(request: MemberRequest) -> HttpResponseBase:
    """Where I am signed in; POST `session=<id>` ends one, `session=others` all but this."""
    mine = UserSession.objects.purge_and_list(request.user)
    if request.method != "POST":
        mine.sort(key=lambda each: each.created_at, reverse=True)
        shown = [
            Session(
                id=each.pk,
                name=describe(each.user_agent),
                user_agent=each.user_agent,
                ip=each.ip,
                since=each.created_at,
                current=each.is_current(),
            )
            for each in mine
        ]
        return render(request, "usersessions/usersession_list.html", {"sessions": shown})
    wanted = request.POST.get("session", "")
    if wanted == "others":
        ending = [each for each in mine if not each.is_current()]
    else:
        ending = [each for each in mine if str(each.pk) == wanted and not each.is_current()]
        if not ending:
            raise Http404
    for each in ending:
        each.end()
    messages.success(request, _("Signed out there."))
    return HttpResponseRedirect(reverse("usersessions_list"))
