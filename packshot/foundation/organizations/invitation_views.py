"""What an invited person sees: the invitation, and a yes or a no. The link is for whoever holds it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from packshot.errors import NotFound, Problem
from packshot.foundation.organizations import commands, queries
from packshot.foundation.organizations.current import choose_organization
from packshot.foundation.organizations.pages import role_word
from packshot.fragments import say_next
from packshot.words import told


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show it; POST `answer=accept` or `answer=decline` answers it, for the account that is signed in."""
    user_id = request.user.pk if request.user.is_authenticated else None
    if request.method != "POST" or user_id is None:
        return _shown(request, token)
    try:
        if request.POST.get("answer") == "decline":
            commands.decline(user_id, token)
            return _private(render(request, "organizations/declined.html"))
        found = queries.offer(token)
        organization_id = commands.accept(user_id, token)
    except NotFound:
        return _shown(request, token)
    except Problem as problem:
        return _shown(request, token, problem)
    choose_organization(request, organization_id)
    say_next(request, _("Welcome to %(name)s.") % {"name": found.organization if found else ""})
    return HttpResponseRedirect(reverse("home"))


def _shown(request: HttpRequest, token: str, problem: Problem | None = None) -> HttpResponse:
    offer = queries.offer(token)
    if offer is None:
        return _private(render(request, "organizations/invitation_gone.html", status=404))
    back = urlencode({"next": reverse("invitation", args=[token])})
    context = {
        "offer": offer,
        "role": role_word(offer.role),
        "problem": told(problem.message) if problem else "",
        "sign_in": f"{reverse('account_login')}?{back}",
        "sign_up": f"{reverse('account_signup')}?{back}",
        "other": request.user.is_authenticated and getattr(request.user, "email", "") != offer.email,
    }
    status = problem.status if problem else 200
    return _private(render(request, "organizations/invitation.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    """The address is the secret; the studio's referrer policy keeps it from other sites, this from their machines."""
    response["X-Robots-Tag"] = "noindex"
    return response
