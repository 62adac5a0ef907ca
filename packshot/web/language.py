"""Settings → Language: kept with the account, which mails and other browsers ask, and in a cookie of this browser,
so that it holds before anybody has signed in."""

from __future__ import annotations

from typing import cast

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language_from_request, get_language_info, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from packshot.foundation.accounts import commands
from packshot.foundation.accounts.languages import keep
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations.current import MemberRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def language(request: MemberRequest) -> HttpResponse:
    """Which language the pages speak; without a choice, the one that the browser asks for."""
    offered = [code for code, _name in django_settings.LANGUAGES]
    name = django_settings.LANGUAGE_COOKIE_NAME
    if request.method != "POST":
        user = cast("User", request.user)
        chosen = user.language if user.language_chosen else request.COOKIES.get(name, "")
        languages = [(code, get_language_info(code)["name_local"].capitalize()) for code in offered]
        context = {"languages": languages, "chosen": chosen if chosen in offered else ""}
        return render(request, "account/language.html", context)
    response = redirect("settings-language")
    wanted = request.POST.get("language", "")
    if wanted not in offered:
        response.delete_cookie(name)
        request.COOKIES.pop(name, None)
        commands.speak(request.actor.user_id, get_language_from_request(request), chosen=False)
        return response
    commands.speak(request.actor.user_id, wanted, chosen=True)
    keep(response, wanted)
    with override(wanted):
        messages.success(request, _("The pages speak English now."))
    return response
