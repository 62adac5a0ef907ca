"""Every table and every address with another tenant's ids: reads show nothing, writes change nothing, answers are 404.

Both lists are asked for, of the database's catalogue and of the resolver: a table that `furnish` leaves empty or a
route with a parameter that `IDS` does not know fails here, and whoever adds one says whose object it is.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image
from psycopg import sql
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.db.sql import call, rows
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import NotFound, Problem
from packshot.foundation.accounts.models import User
from packshot.foundation.apikeys import commands as apikeys
from packshot.foundation.organizations import commands as organizations
from packshot.foundation.organizations import queries as workspaces
from packshot.foundation.webhooks import commands as webhooks
from packshot.foundation.webhooks import queries as sent
from packshot.foundation.webhooks.commands import Wanted
from packshot.studio.assets import commands as assets
from packshot.studio.assets.contracts import ExportSpec, Selection
from packshot.studio.boards import commands as boards
from packshot.studio.credits import commands as credits_
from packshot.studio.credits import notices, topups
from packshot.studio.credits.topups import Pack, Pending, Shop
from packshot.studio.generation import commands as generation
from packshot.studio.generation import operator
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import Order
from packshot.studio.statement import queries as statement
from packshot.studio.writing import asking
from packshot.studio.writing import commands as writing
from tests.conftest import Tenant
from tests.foundation.billing.paid import invoice_of, paid
from tests.foundation.people import plan
from tests.studio.generation.hand import Hand
from tests.tables import key_column, tenant_tables_of


@dataclass(frozen=True)
class Furnished:
    """A tenant with something in every table, and the ids of it."""

    tenant: Tenant
    ids: dict[str, str]


def picture() -> bytes:
    """A picture that nobody else has."""
    file = io.BytesIO()
    Image.frombytes("RGB", (16, 16), os.urandom(16 * 16 * 3)).save(file, "PNG")
    return file.getvalue()


def furnish(tenant: Tenant, worker: psycopg.Connection) -> Furnished:
    """Put a row of this tenant's into every tenant table, through the commands that people and workers use."""
    actor, board_id = tenant.actor, uuid7()
    slug = boards.create(actor, board_id, "Bottles")
    asset = assets.upload(actor, data=picture(), filename="bottle.png", board_id=board_id)
    seen = {"width": 16, "height": 16, "placeholder": "data:,", "source_type": "digitalCapture"}
    seen |= {"organization_id": str(tenant.organization_id), "id": str(asset.id)}
    worker.execute("select public.assets_inspected_v1(%s)", [Jsonb(seen)])
    picked = Selection(ids=(asset.id,))
    assets.describe(actor, asset.id, tags=["summer"])
    change = assets.change(actor, picked, "favourite")
    export = assets.export(actor, picked, ExportSpec())
    view_id = assets.save_view(actor, "Summer", "tag=summer")
    worker.execute("select public.assets_hold_bytes_v1(%s, %s)", [tenant.organization_id, "0" * 64])
    arrival_id = uuid7()
    arrival = {"id": str(arrival_id), "name": "a.png", "bytes": 9, "media_type": "image/png"}
    with acting_as(actor):
        call("assets_expect_v1", {**arrival, "board_id": str(board_id)})
    order = Order(
        key=str(uuid7()),
        operation="generate",
        model="mock-scene",
        prompt="on a table",
        variants=2,
        board_id=board_id,
    )
    batch_id = generation.submit(actor, order).batch_id
    snippet_id = uuid7()
    generation.save_snippet(actor, snippet_id, name="Light", text="soft light from the left")
    cancelled, job = [tile.job_id for tile in work.batch(actor, batch_id).tiles]
    generation.cancel_job(actor, cancelled)
    reply = replied(tenant, worker, board_id)
    operator.limit(tenant.organization_id, 9)
    plan(tenant.organization_id, 10)
    organizations.invite(actor, [f"person-{uuid7()}@example.com"], "member")
    [invitation] = workspaces.invitations(actor)
    takeout_id = organizations.take_out(actor)
    made = [tenant.organization_id, takeout_id, 9]
    worker.execute("select public.organizations_took_out_v1(%s, %s, %s)", made)
    spend(tenant)
    order_id = paid(tenant)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute(
            "update billing_order set guests = %s where id = %s",
            [Jsonb({"emails": ["a@example.com"]}), order_id],
        )
    key = apikeys.make(actor, name="A shop", scopes=["models:read"])
    apikeys.begin(actor, str(uuid7()), "0" * 64)
    endpoint_id, delivery_id = hooked(tenant, worker)
    ids = {
        "endpoint_id": str(endpoint_id),
        "delivery_id": str(delivery_id),
        "key_id": str(key.id),
        "reply_id": str(reply),
        "order_id": str(order_id),
        "invoice_ref": invoice_of(order_id),
        "slug": slug,
        "board_id": str(board_id),
        "asset_id": str(asset.id),
        "batch_id": str(batch_id),
        "job_id": str(job),
        "change_id": str(change.id),
        "export_id": str(export.id),
        "arrival_id": str(arrival_id),
        "view_id": str(view_id),
        "snippet_id": str(snippet_id),
        "user_id": str(tenant.user_id),
        "invitation_id": str(invitation.id),
        "takeout_id": str(takeout_id),
    }
    return Furnished(tenant, ids)


def hooked(tenant: Tenant, worker: psycopg.Connection) -> tuple[UUID, UUID]:
    """A webhook, and a message to it that was tried once."""
    endpoint_id = uuid7()
    webhooks.create(tenant.actor, endpoint_id, Wanted("https://hooks.example.com/"))
    webhooks.test(tenant.actor, endpoint_id)
    (delivery,), _ = sent.deliveries(tenant.actor, endpoint_id)
    # Whatever else is due is let go of at once.
    claimed = worker.execute(
        "select organization_id, id, token from public.webhooks_claim_v1(10000, 0)"
    ).fetchall()
    [mine] = [row for row in claimed if row[1] == delivery.id]
    worker.execute("select public.webhooks_tried_v1(%s, %s, %s, 500, 5, 'no', null, null)", mine)
    return endpoint_id, delivery.id


def spend(tenant: Tenant) -> None:
    """A cap, a letter about a low balance, a top-up that is under way, and a statement that was read."""
    plan(tenant.organization_id, 10)
    credits_.set_cap(tenant.actor, tenant.user_id, 10**12)
    notices.set_watch(tenant.actor, 600_000_000)
    topups.connect(Shop(lambda _: [Pack("small", 1, "5")], lambda *_: Pending()))
    topups.set_rule(tenant.actor, enabled=True, below=10**12, pack="small", daily_cap=1)
    topups.connect(None)
    credits_.topup(tenant.organization_id, 200_000_000, key="pack", ref="pack")
    hold = uuid7()
    credits_.reserve(tenant.organization_id, [(hold, 200_000_000)], key="work", expires_in=60)
    credits_.finalize(hold, 200_000_000, key="done", policy="cap")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute(
            "insert into credits_topuptry (organization_id, id, pack, state, created_at, ended_at, token)"
            " values (%s, %s, 'small', 'paid', now(), now(), 1)",
            [tenant.organization_id, uuid7()],
        )
    statement.catch_up(tenant.actor)


def replied(tenant: Tenant, worker: psycopg.Connection, board_id: UUID) -> UUID:
    """A conversation's turn with a question that was answered, and a proposal that somebody said no to."""
    sent = generation.submit(
        tenant.actor, asking.talk(tenant.actor, board_id=board_id, words="A mug", key=str(uuid7()))
    )
    proposal = {"operation": "generate", "model": "mock-scene", "prompt": "on oak", "count": 1}
    text = {"say": "So?", "question": {"text": "Where?", "choices": ["On oak"]}, "proposal": proposal}
    hand = Hand(worker)
    claims = hand.claim(tenant.organization_id, work.batch(tenant.actor, sent.batch_id).tiles[0].job_id)
    hand.settle(claims, assets=[], text=json.dumps(text))
    writing.decline(tenant.actor, sent.batch_id)
    return sent.batch_id


# Parameters of routes that name a tenant's object: `furnish` knows one of each.
IDS = {
    "endpoint_id",
    "delivery_id",
    "slug",
    "key_id",
    "reply_id",
    "order_id",
    "invoice_ref",
    "asset_id",
    "batch_id",
    "job_id",
    "change_id",
    "export_id",
    "arrival_id",
    "view_id",
    "snippet_id",
    "user_id",
    "invitation_id",
    "takeout_id",
}

# What a route wants to read before it looks for its object; any other gets an empty form.
FORMS = {
    "member-role": {"role": "member"},
    "written-make": {"price": "2000000"},
    "written-answer": {"choice": "0"},
    "view-rename": {"name": "Another name"},
    "picture-make": {"act": "remove_background"},
    "snippet-rename": {"name": "Other light"},
    "board-rename": {"title": "Another title"},
    "board-generate": {"model": "mock-scene", "prompt": "on a table", "variants": "1"},
}

# Routes whose parameters are a person's own secrets, tested with the accounts and invitations.
SECRETS = {"account_confirm_email", "account_reset_password_from_key", "invitation"}

# Routes whose parameter is a provider's name, which belongs to nobody; tested with the callbacks.
NAMES = {"hooks", "hooks-payments"}

# Routes of the mock payment provider, which is switched off; whose pages they are is tested with billing.
MOCK = {"mock-pay", "mock-portal", "mock-invoice", "mock-confirm"}


@dataclass(frozen=True)
class Route:
    name: str
    parameters: tuple[str, ...]

    def path(self, ids: dict[str, str]) -> str:
        return reverse(self.name, kwargs={name: ids[name] for name in self.parameters})


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[Route]:
    """All routes that take parameters."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            assert not pattern.pattern.converters, f"an include with parameters: {pattern}"
            yield from routes(pattern.url_patterns)
        elif names := tuple(pattern.pattern.regex.groupindex):
            assert pattern.name, f"a route without a name: {pattern}"
            yield Route(pattern.name, names)


ROUTES = [route for route in routes(get_resolver().url_patterns) if route.name not in SECRETS | NAMES | MOCK]


def test_whose_object_a_route_names_is_known():
    unknown = {(route.name, name) for route in ROUTES for name in route.parameters if name not in IDS}
    assert not unknown, "add to IDS, and an object to furnish(), to SECRETS, or to NAMES"
    assert ROUTES


@pytest.fixture(scope="module")
def catalogue(server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.database_url, autocommit=True) as found:
        yield found


@pytest.fixture(scope="module")
def tenant_tables(catalogue) -> list[str]:
    return tenant_tables_of(catalogue)


def whose(table: str) -> sql.Composable:
    return sql.Identifier(key_column(table))


def fingerprints(catalogue, tables: list[str], tenant: Tenant) -> dict[str, tuple[int, str]]:
    """Of all rows of a tenant, read past every right."""
    statement = "select count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t where {} = %s"
    return {
        table: catalogue.execute(
            sql.SQL(statement).format(sql.Identifier("public", table), whose(table)), [tenant.organization_id]
        ).fetchone()
        for table in tables
    }


def visible(table: str, actor: Actor, organization_id: Any) -> int | None:
    """How many rows of an organization an actor sees; None where members may not read at all."""
    statement = sql.SQL("select count(*) from {} where {} = %s").format(
        sql.Identifier("public", table), whose(table)
    )
    with acting_as(actor), connection.cursor() as cursor:
        cursor.execute("select has_table_privilege(current_user, %s, 'SELECT')", [f"public.{table}"])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(statement.as_string(cursor.connection), [organization_id])
        return int(cursor.fetchone()[0])


@pytest.fixture
def victim(new_tenant, login) -> Furnished:
    return furnish(new_tenant(), login("packshot_worker"))


@pytest.fixture
def stranger(new_tenant, login) -> Furnished:
    return furnish(new_tenant(), login("packshot_worker"))


def test_every_table_shows_its_own_tenant_and_no_other(victim, stranger, catalogue, tenant_tables):
    theirs, mine = victim.tenant.organization_id, stranger.tenant.organization_id
    read = 0
    for table in tenant_tables:
        rows = fingerprints(catalogue, [table], victim.tenant)[table][0]
        assert rows > 0, f"furnish() leaves no row in {table}"
        seen = visible(table, victim.tenant.actor, theirs)
        assert seen in (rows, None), table
        read += seen is not None
        for actor in (
            stranger.tenant.actor,
            Actor(stranger.tenant.user_id, theirs),
            Actor(victim.tenant.user_id, mine),
            Actor(uuid7(), theirs),
        ):
            assert visible(table, actor, theirs) in (0, None), (table, actor)
    assert read >= 5


def signed_in(tenant: Tenant) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(id=tenant.user_id))
    return client


METHODS = ("get", "head", "post", "put", "patch", "delete")


def statuses(client: Client, route: Route, path: str, headers: dict[str, str]) -> dict[str, int]:
    """What each method is answered with."""
    found = {}
    for method in METHODS:
        body = {**FORMS.get(route.name, {}), "key": str(uuid7())} if method == "post" else {}
        found[method] = getattr(client, method)(path, body, headers=headers).status_code
    return found


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
def test_every_route_with_anothers_ids_finds_nothing(
    route, fragment, victim, stranger, catalogue, tenant_tables
):
    """Also with one id of each: a board of mine and a picture of theirs."""
    headers = {"HX-Request": "true"} if fragment else {}
    before = fingerprints(catalogue, tenant_tables, victim.tenant)
    client = signed_in(stranger.tenant)
    paths = [
        route.path({name: owner.ids[name] for name, owner in zip(route.parameters, owners, strict=True)})
        for owners in product((stranger, victim), repeat=len(route.parameters))
        if victim in owners
    ]
    for path in paths:
        answers = statuses(client, route, path, headers)
        assert set(answers.values()) <= {404, 405}, (path, answers)
        assert 404 in answers.values(), (path, answers)
    assert fingerprints(catalogue, tenant_tables, victim.tenant) == before

    # The same address is there for the one whose it is: the 404s above were about the person.
    owner = signed_in(victim.tenant)
    path = route.path(victim.ids)
    answers = statuses(owner, route, path, headers)
    assert {status for status in answers.values() if status != 404 and status < 500} > {405}, (path, answers)
    assert all(status != 404 and status < 500 for status in answers.values()), (path, answers)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_asks_a_stranger_to_sign_in(route, victim, catalogue, tenant_tables):
    before = fingerprints(catalogue, tenant_tables, victim.tenant)
    path, client = route.path(victim.ids), Client()
    answers = [getattr(client, method)(path) for method in METHODS]
    assert {answer.status_code for answer in answers} <= {302, 401, 405}
    assert any(answer.status_code == 302 and answer["Location"].startswith("/sign-in") for answer in answers)
    assert fingerprints(catalogue, tenant_tables, victim.tenant) == before


@pytest.mark.parametrize("what", ["reference", "board"])
def test_an_order_cannot_name_what_is_anothers(what, victim, stranger, catalogue, tenant_tables):
    """Ids in a body are as good as ids in an address."""
    before = [fingerprints(catalogue, tenant_tables, each.tenant) for each in (victim, stranger)]
    owner = {"reference": stranger, "board": stranger, what: victim}
    order = Order(
        key=str(uuid7()),
        operation="generate",
        model="mock-scene",
        prompt="on a table",
        board_id=UUID(owner["board"].ids["board_id"]),
        references=(UUID(owner["reference"].ids["asset_id"]),),
    )
    with pytest.raises(NotFound):
        generation.submit(stranger.tenant.actor, order)
    assert [fingerprints(catalogue, tenant_tables, each.tenant) for each in (victim, stranger)] == before


def member_functions(catalogue) -> list[tuple[str, list[str]]]:
    """The functions that members may call, with the types of what they take."""
    found = catalogue.execute(
        """
        select proname, array(
            select format_type(t, null) from unnest(proargtypes) with ordinality as a (t, n) order by n)
        from pg_proc
        where pronamespace = 'public'::regnamespace and has_function_privilege('packshot_member', oid, 'EXECUTE')
        order by 1
        """
    )
    return list(found.fetchall())


def test_no_function_lets_a_member_touch_another_tenant(victim, stranger, catalogue, tenant_tables):
    """Every function that members may call, with every id of the victim in every place: nothing of theirs moves."""
    functions = member_functions(catalogue)
    assert functions
    uuids = [str(victim.tenant.organization_id), str(victim.tenant.user_id)]
    uuids += [value for name, value in victim.ids.items() if name != "slug"]
    body = {**victim.ids, "id": victim.ids["asset_id"], "organization_id": uuids[0], "sha256": "0" * 64}
    picked = {"ids": [victim.ids["asset_id"]], "search": None}
    body |= {"action": "trash", "selection": picked, "spec": {}, "name": "x", "query": "", **picked}
    values = {
        "uuid": uuids,
        "uuid[]": ["{" + ",".join(uuids) + "}"],
        "text": [victim.ids["slug"], "words"],
        "jsonb": [Jsonb(body), Jsonb([body])],
    }
    before = fingerprints(catalogue, tenant_tables, victim.tenant)
    mine = Actor(stranger.tenant.user_id, stranger.tenant.organization_id)
    theirs = Actor(stranger.tenant.user_id, victim.tenant.organization_id)
    for name, types in functions:
        unknown = (
            set(types) - {"integer", "bigint", "boolean", "timestamp with time zone", "date"} - values.keys()
        )
        assert not unknown, f"{name} takes {unknown}: say what to try"
        for actor, given in product((mine, theirs), product(*(values.get(each, [None]) for each in types))):
            try:
                with acting_as(actor):
                    rows(name, *given)
            except (DatabaseError, Problem):
                pass
    assert fingerprints(catalogue, tenant_tables, victim.tenant) == before
