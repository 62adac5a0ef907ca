"""Every address and every function of a workspace, tried by a member of it and by an admin, with every id there is.

A member changes nothing about who is here; an admin nothing about owners, the workspace's end, and its data.
"""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import get_resolver, reverse
from psycopg import sql
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Problem
from packshot.foundation.accounts.models import User
from packshot.foundation.billing import urls as billing_urls
from packshot.foundation.organizations import commands, queries
from packshot.foundation.organizations import urls as organization_urls
from packshot.foundation.webhooks import commands as webhooks
from packshot.foundation.webhooks import queries as sent
from packshot.foundation.webhooks import urls as webhook_urls
from packshot.foundation.webhooks.commands import Wanted
from tests.foundation.billing.paid import paid
from tests.foundation.people import Company
from tests.test_tenancy_matrix import member_functions

TABLES = {
    "organizations_organization": "id",
    "organizations_membership": "organization_id",
    "organizations_invitation": "organization_id",
    "organizations_takeout": "organization_id",
    "audit_event": "organization_id",
    "billing_order": "organization_id",
    "webhooks_endpoint": "organization_id",
    "webhooks_delivery": "organization_id",
}
# What a member may do about themselves, and with what is theirs: tested with the pages.
ONES_OWN = {"workspace-leave", "workspace-switch", "workspace-none", "invitation"}
# What an admin may do, apart from owners.
ADMINS = {
    "billing-seats",
    "billing-seats-buy",
    "members-invite",
    "invitation-revoke",
    "invitation-resend",
    "workspace",
}
ADMINS |= {each.name for each in webhook_urls.urlpatterns}


class House:
    """A workspace with one of each role, an invitation and a takeout."""

    def __init__(self, company: Company, worker: psycopg.Connection) -> None:
        self.company = company
        self.people = {"owner": company.owner, "admin": company.hire("admin"), "member": company.hire()}
        self.colleague = company.hire()
        commands.invite(company.owner, [f"person-{uuid7()}@example.com"], "member")
        [self.invitation] = [each.id for each in queries.invitations(company.owner)]
        self.takeout = commands.take_out(company.owner)
        self.order = paid(company.boss)
        company.admin.execute(
            "update billing_order set kind = 'change', guests = %s where id = %s",
            [Jsonb({"emails": ["guest@example.com"], "role": "admin", "language": "en"}), self.order],
        )
        worker.execute("select public.organizations_took_out_v1(%s, %s, %s)", [company.id, self.takeout, 9])
        self.endpoint = uuid7()
        webhooks.create(company.owner, self.endpoint, Wanted("https://hooks.example.com/"))
        webhooks.test(company.owner, self.endpoint)
        [self.delivery] = [each.id for each in sent.deliveries(company.owner, self.endpoint)[0]]

    @property
    def ids(self) -> dict[str, UUID]:
        return {
            "user_id": self.company.boss.user_id,
            "invitation_id": self.invitation,
            "takeout_id": self.takeout,
            "endpoint_id": self.endpoint,
            "delivery_id": self.delivery,
        }

    def rows(self, *, of_owners: bool = False) -> dict[str, list[str]]:
        """Everything about who is here; or what of it no admin may touch."""
        found = {}
        for table, column in TABLES.items():
            statement = sql.SQL("select t::text from {} as t where {} = %s order by 1").format(
                sql.Identifier(table), sql.Identifier(column)
            )
            found[table] = [row[0] for row in self.company.admin.execute(statement, [self.company.id])]
        if of_owners:
            boss = str(self.company.boss.user_id)
            found = {
                "organizations_membership": [
                    each for each in found["organizations_membership"] if boss in each or ",owner," in each
                ],
                "organizations_takeout": found["organizations_takeout"],
                "end": self.company.admin.execute(
                    "select erase_at, closing_by, erased_at from organizations_organization where id = %s",
                    [self.company.id],
                ).fetchall(),
            }
        return found


@pytest.fixture
def house(tenant, admin, new_tenant, login) -> House:
    return House(Company(tenant, admin, new_tenant), login("packshot_worker"))


def client_of(actor: Actor) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(id=actor.user_id))
    session = client.session
    session["organization"] = str(actor.organization_id)
    session.save()
    return client


SEATS = {
    "billing-seats",
    "billing-seats-buy",
}  # what billing has about people; its other routes are tested with it
ROUTES = [
    (pattern.name, tuple(pattern.pattern.regex.groupindex))
    for pattern in (*organization_urls.urlpatterns, *billing_urls.urlpatterns, *webhook_urls.urlpatterns)
    if pattern.name not in ONES_OWN and (pattern not in billing_urls.urlpatterns or pattern.name in SEATS)
]
FORM = {"role": "owner", "name": "Mine", "emails": "a@example.com", "price": "team", "quantity": "50"}
FORM |= {"key": str(uuid7()), "at": "2027-01-01T00:00Z", "url": "https://mine.example.com/"}


def test_the_routes_are_those_that_the_studio_has():
    assert {name for name, _ in ROUTES} <= {
        each for each in get_resolver().reverse_dict if isinstance(each, str)
    }
    assert len(ROUTES) > 8


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize(("name", "parameters"), ROUTES, ids=[name for name, _ in ROUTES])
def test_a_member_sends_and_nothing_changes(house, name, parameters, fragment):
    before = house.rows()
    address = reverse(name, kwargs={each: house.ids[each] for each in parameters})
    headers = {"HX-Request": "true"} if fragment else {}
    answer = client_of(house.people["member"]).post(address, FORM, headers=headers)
    assert answer.status_code in {403, 404, 405}, answer.content
    assert house.rows() == before


@pytest.mark.parametrize(
    ("name", "parameters"), [each for each in ROUTES if each[0] not in ADMINS], ids=lambda each: str(each)
)
def test_an_admin_touches_no_owner(house, name, parameters):
    before = house.rows(of_owners=True)
    address = reverse(name, kwargs={each: house.ids[each] for each in parameters})
    answer = client_of(house.people["admin"]).post(address, FORM)
    assert answer.status_code in {403, 404, 405}, answer.content
    assert house.rows(of_owners=True) == before


def attempt(actor: Actor, name: str, given: tuple[Any, ...]) -> None:
    marks = sql.SQL(", ").join(sql.Placeholder() * len(given))
    statement = sql.SQL("select * from {}({})").format(sql.Identifier("public", name), marks)
    try:
        with acting_as(actor), connection.cursor() as cursor:
            cursor.execute(statement.as_string(cursor.connection), given)
    except (DatabaseError, Problem):
        pass


@pytest.mark.parametrize("role", ["member", "admin"])
def test_no_function_gives_them_more(house, role, admin):
    """Every function that members may call, with every id but their own in every place."""
    actor = house.people[role]
    person = {"id": str(uuid7()), "email": "x@example.com", "seed": str(uuid7()), "hash": "0" * 64}
    uuids = [house.company.boss.user_id, house.invitation, house.takeout, house.company.id, house.order]
    uuids += [house.colleague.user_id, house.endpoint, house.delivery] if role == "member" else []
    values: dict[str, list[Any]] = {
        "uuid": uuids,
        "uuid[]": [uuids],
        "text": ["owner", "admin", "0" * 64],
        "jsonb": [
            Jsonb({"role": "owner", "people": [person]}),
            Jsonb({"role": "member", "people": [person]}),
            Jsonb(
                {
                    "id": str(uuid7()),
                    "url": "https://x.example.com/",
                    "types": [],
                    "secret": "x",
                }
            ),
        ],
        "boolean": [True],
    }
    for name, types in member_functions(admin):
        before = house.rows(of_owners=role == "admin")
        for given in product(*(values.get(each, [None]) for each in types)):
            attempt(actor, name, given)
        assert house.rows(of_owners=role == "admin") == before, name
