"""For whom a request acts, and what happens to those who have not signed in."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django_htmx.middleware import HtmxDetails
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.errors import Forbidden
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations.commands import open_personal
from packshot.foundation.organizations.current import (
    actor_of,
    choose_organization,
    sign_of,
    signed_in,
)
from packshot.foundation.organizations.errors import AnotherWorkspace


def request_of(user, path="/boards?page=2", method="GET", **headers):
    request = RequestFactory().generic(method, path, headers=headers)
    request.user = user
    request.session = SessionStore()
    request.htmx = HtmxDetails(request)
    return request


@signed_in
def view(request, name="nobody"):
    return HttpResponse(f"{request.actor.organization_id} {name}")


def test_an_actor_is_asked_for_once_a_request(tenant):
    request = request_of(User.objects.get(id=tenant.user_id))
    with CaptureQueriesContext(connection) as queries:
        assert actor_of(request) == actor_of(request) == tenant.actor
        assert view(request, name="Ada").content.decode() == f"{tenant.organization_id} Ada"
    assert len(queries) == 1


def test_nobody_is_nobody_without_a_query():
    request = request_of(AnonymousUser())
    with CaptureQueriesContext(connection) as queries:
        assert actor_of(request) is None
    assert len(queries) == 0


def test_the_chosen_organization_is_acted_for_while_one_is_a_member(tenant, new_tenant):
    second = open_personal(tenant.user_id, "Second")
    user = User.objects.get(id=tenant.user_id)
    for chosen, expected in [
        (second, second),
        (tenant.organization_id, tenant.organization_id),
        (new_tenant().organization_id, tenant.organization_id),
        (uuid7(), tenant.organization_id),
    ]:
        request = request_of(user)
        choose_organization(request, chosen)
        assert actor_of(request) == Actor(tenant.user_id, expected)


def test_a_page_of_another_workspace_sends_nothing(tenant, new_tenant):
    """Whoever was removed, or has switched in another tab, is told so; looking is no harm."""
    user = User.objects.get(id=tenant.user_id)
    open_there = sign_of(Actor(tenant.user_id, new_tenant().organization_id))
    with pytest.raises(AnotherWorkspace):
        view(request_of(user, method="POST", **{"X-Actor": open_there}))
    assert view(request_of(user, **{"X-Actor": open_there})).status_code == 200
    for mine in (sign_of(tenant.actor), ""):
        assert view(request_of(user, method="POST", **{"X-Actor": mine})).status_code == 200


def test_who_is_a_member_of_nothing_may_do_nothing(tenant, admin):
    user = User.objects.get(id=tenant.user_id)
    admin.execute("delete from organizations_membership where user_id = %s", [tenant.user_id])
    with pytest.raises(Forbidden):
        view(request_of(user))


def test_a_page_leads_to_signing_in_and_back():
    assert view(request_of(AnonymousUser()))["Location"] == "/sign-in?next=%2Fboards%3Fpage%3D2"


def test_a_form_is_not_sent_again_after_signing_in():
    assert view(request_of(AnonymousUser(), method="POST"))["Location"] == "/sign-in"


def test_a_fragment_leads_the_whole_page_to_signing_in():
    for method in ("GET", "POST"):
        request = request_of(
            AnonymousUser(),
            "/fragment",
            method,
            **{"HX-Request": "true", "HX-Current-URL": "http://testserver/boards/1?a=b"},
        )
        answer = view(request)
        assert (answer.status_code, answer["HX-Redirect"]) == (200, "/sign-in?next=%2Fboards%2F1%3Fa%3Db")


def test_a_fragment_of_another_site_is_not_come_back_to():
    request = request_of(
        AnonymousUser(), "/fragment", **{"HX-Request": "true", "HX-Current-URL": "http://evil.example/boards"}
    )
    assert view(request)["HX-Redirect"] == "/sign-in"


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/api/v1/boards", "*/*"), ("/boards", "application/json"), ("/x", "text/event-stream")],
)
def test_a_program_gets_a_status(path, accept):
    answer = view(request_of(AnonymousUser(), path, accept=accept))
    assert answer.status_code == 401
    assert b"signed_out" in answer.content


def test_thirty_threads_never_mix(new_tenant):
    """Each thread asks again and again who it is, on connections that all threads share by turns."""
    from packshot.db.tenancy import acting_as
    from packshot.foundation.organizations.models import Membership, Organization

    tenants = [new_tenant() for _ in range(30)]
    start, wrong = threading.Barrier(30), []

    def run(tenant) -> None:
        start.wait(30)
        for _ in range(15):
            with acting_as(tenant.actor):
                seen = [each.id for each in Organization.objects.all()]
                people = [each.user_id for each in Membership.objects.all()]
            if seen != [tenant.organization_id] or people != [tenant.user_id]:
                wrong.append((tenant, seen, people))

    threads = [threading.Thread(target=run, args=(each,)) for each in tenants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
