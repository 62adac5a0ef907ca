"""For whom a request acts: the person who signed in, and which of their organizations."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from structlog.contextvars import bind_contextvars

from packshot.db.tenancy import Actor
from packshot.foundation.organizations.errors import AnotherWorkspace, NoWorkspace
from packshot.foundation.organizations.queries import OrganizationOf, organizations_of

_CHOSEN = "organization"

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """The request that `signed_in` hands to a view: somebody is signed in and acts for an organization."""

    actor: Actor


def actor_of(request: HttpRequest) -> Actor | None:
    """Who acts, None where nobody is signed in; asks the database at most once a request.

    The organization is the one chosen in this session, else the person's first. Not inside `acting_as`,
    which needs the answer. Raises `NoWorkspace` for somebody who is a member of nothing.
    """
    kept = vars(request)
    if "actor" not in kept:
        kept["actor"] = _find(request)
        if kept["actor"] is not None:
            bind_contextvars(organization=str(kept["actor"].organization_id))
    found: Actor | None = kept["actor"]
    return found


def organizations_in(request: HttpRequest) -> list[OrganizationOf]:
    """Those of the person who acts, oldest first, as `actor_of` has found them; empty where nobody is signed in."""
    found: list[OrganizationOf] = vars(request).get("organizations", [])
    return found


def choose_organization(request: HttpRequest, organization_id: UUID) -> None:
    """Act for this organization from the next request on; one that is not the person's own is ignored."""
    request.session[_CHOSEN] = str(organization_id)


def signed_in(
    view: Callable[Concatenate[MemberRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view for people who are signed in; it finds `request.actor` set.

    Anyone else is sent to the sign-in page and from there back here; programs that ask for JSON get a 401.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        actor = actor_of(request)
        if actor is None:
            return sign_in_first(request)
        _require_the_page_s(request, actor)
        return view(cast("MemberRequest", request), *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", guarded)


def sign_of(actor: Actor) -> str:
    """Who acts for whom, as pages write it down."""
    return f"{actor.user_id}.{actor.organization_id}"


def _require_the_page_s(request: HttpRequest, actor: Actor) -> None:
    """Whoever was removed, or has switched in another tab, does nothing elsewhere from a page that is still open."""
    shown = request.headers.get("X-Actor")
    if request.method == "POST" and shown and shown != sign_of(actor):
        raise AnotherWorkspace(
            "This page is of another workspace than the one you are in now. Nothing was done: reload the page."
        )


def _find(request: HttpRequest) -> Actor | None:
    user_id = request.user.pk if request.user.is_authenticated else None
    if user_id is None:
        return None
    vars(request)["organizations"] = organizations_of(user_id)
    found = [each.organization_id for each in organizations_in(request)]
    if not found:
        raise NoWorkspace("You are not a member of any workspace.")
    chosen = request.session.get(_CHOSEN)
    return Actor(user_id, next((each for each in found if str(each) == chosen), found[0]))


def sign_in_first(request: HttpRequest) -> HttpResponseBase:
    """The answer to somebody who has not signed in: where to do that, and from there back here."""
    if request.path.startswith("/api/") or not request.accepts("text/html"):
        return JsonResponse({"code": "signed_out", "message": "Sign in first."}, status=401)
    if request.headers.get("HX-Request") == "true":
        # The page that the person looks at, not the fragment it asked for.
        page: str | None = vars(request)["htmx"].current_url_abs_path
        return HttpResponse(headers={"HX-Redirect": _sign_in_url(page)})
    return HttpResponseRedirect(_sign_in_url(request.get_full_path() if request.method == "GET" else None))


def _sign_in_url(back: str | None) -> str:
    address = resolve_url("account_login")
    return f"{address}?{urlencode({'next': back})}" if back else address
