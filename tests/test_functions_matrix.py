"""Every function of the database that the web may reach, each argument by its name, with what is another tenant's.

`test_tenancy_matrix.py` puts every id in every place; here the other arguments are what a function takes seriously. An
argument that nobody knows, and a function of the web's login that is in no list, fail here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import product
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection
from psycopg import sql
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Problem
from tests.conformance.shops import price
from tests.conftest import Tenant
from tests.foundation.people import Company
from tests.tables import RIGHTS_AND_MONEY, tenant_tables_of
from tests.test_tenancy_matrix import Furnished, fingerprints, furnish

Arguments = list[str]
Values = dict[str, list[Any]]

# What the web's own login may call beyond members: its callers have seen who asks. Those that take an organization are
# tried below with one's own and everything else another's; these take none, because
BY_ITSELF = {
    # they find the organization by the object, which the caller has looked up for somebody who may;
    "billing_order_opened_v1", "billing_order_page_v1", "billing_whose_v1",
    "credits_finalize_v1", "credits_refund_v1", "credits_release_v1",
    # each command names its wallet or its actor, and is checked by the function (test_races.py, test_submit.py);
    "credits_apply_v1", "generation_submit_v1",
    # a secret proves it (test_invitations.py, tests/api);
    "apikeys_enter_v1",
    "organizations_accept_v1", "organizations_decline_v1", "organizations_invitation_v1",
    # they are about the person who is signed in, or signs up;
    "organizations_hold_person_v1", "organizations_of_v1", "organizations_open_v1",
    # or they are nobody's: the inbox of payments, the mock's clock, the queue's length.
    "billing_advance_clock_v1", "billing_handled_v1", "billing_leaving_v1", "billing_not_handled_v1",
    "billing_receive_v1", "billing_running_v1", "billing_take_v1", "generation_queue_depth_v1",
    "generation_queue_v1", "generation_spent_v1", "generation_status_v1", "generation_trace_v1",
}  # fmt: skip
ITS_ORGANIZATION = {"p_organization", "p_wallet"}


def functions(admin: psycopg.Connection, login: str) -> dict[tuple[str, int], Arguments]:
    """Those that a role may call, with the names of what they take."""
    found = admin.execute(
        """
        select proname, oid::integer, coalesce(proargnames[:pronargs], '{}')
        from pg_proc
        where pronamespace = 'public'::regnamespace and has_function_privilege(%s, oid, 'EXECUTE')
            and prorettype <> 'trigger'::regtype
        order by 1
        """,
        [login],
    )
    return {(name, oid): list(arguments) for name, oid, arguments in found}


def of_the_web(admin: psycopg.Connection) -> dict[tuple[str, int], Arguments]:
    """Those that its login may call and members may not."""
    members = functions(admin, "packshot_member")
    return {key: found for key, found in functions(admin, "packshot_web").items() if key not in members}


def test_what_the_web_is_trusted_with_is_written_down(admin):
    found = of_the_web(admin)
    without = {name for (name, _), arguments in found.items() if not ITS_ORGANIZATION & set(arguments)}
    assert without == BY_ITSELF


def theirs(victim: Furnished, admin: psycopg.Connection) -> Values:
    """What to give for an argument of a name: an object of theirs, or words that are obeyed."""
    ids, wallet = victim.ids, victim.tenant.organization_id
    of = {
        name: str(admin.execute(statement, [wallet]).fetchone()[0])  # type: ignore[index]  (furnished)
        for name, statement in {
            "lot": "select id from credits_lot where wallet_id = %s limit 1",
            "hold": "select id from credits_hold where wallet_id = %s and state = 'open' limit 1",
            "record": "select ref from billing_record where organization_id = %s limit 1",
            "customer": "select ref from billing_customer where organization_id = %s limit 1",
        }.items()
    }
    everything = [*(value for name, value in ids.items() if name != "slug"), str(wallet), *of.values()]
    uuids = [each for each in everything if len(each) == 36]
    asset, board, person = ids["asset_id"], ids["board_id"], str(victim.tenant.user_id)
    selection = Jsonb({"ids": [asset], "search": None})
    search = Jsonb({"board": board, "boards": [board], "like": asset})
    invited = {"id": str(uuid7()), "email": "x@example.com", "seed": str(uuid7()), "hash": "0" * 64}
    body = {
        **ids, "id": asset, "board": board, "organization_id": str(wallet),
        "selection": {"ids": [asset], "search": None}, "ids": [asset], "search": None,
        "action": "trash", "value": None, "spec": {}, "name": "Theirs", "query": "",
        "sha256": "0" * 64, "bytes": 9, "media_type": "image/png", "title": "Theirs", "tags": ["theirs"],
        "role": "admin", "people": [invited], "language": "en",
        "scopes": ["models:read"], "networks": [], "shown": "pk_live_x", "hash": "0" * 64, "version": "2026-11-01",
        "url": "https://hooks.example.com/", "types": [], "secret": "x",
    }  # fmt: skip
    return {
        "p": [Jsonb(body), Jsonb(body | {"id": board}), Jsonb([body])],
        "p_id": uuids, "p_after": [asset], "p_before": [asset, None], "p_asset": [asset],
        "p_batch": [ids["batch_id"], None],
        "p_job": [ids["job_id"], None], "p_user": [person], "p_member": [person], "p_seed": [str(uuid7())],
        "p_order": [ids["order_id"]], "p_lot": [of["lot"]], "p_hold": [of["hold"]], "p_actor": [person],
        "p_slug": [ids["slug"]], "p_boards": [Jsonb([board])], "p_selection": [selection], "p_search": [search],
        "p_filter": [Jsonb({}), Jsonb({"member": person, "board": board})], "p_names": [Jsonb([of["record"]])],
        "p_ref": [of["record"], f"pack:{ids['order_id']}"], "p_customer": [of["customer"]],
        "p_name": ["Theirs"], "p_title": ["Theirs"], "p_text": ["theirs", ""], "p_description": ["Theirs"],
        "p_role": ["owner", "admin", "member", "viewer"], "p_audience": ["invited", "organization"],
        "p_shelf": ["active", "trash"], "p_sort": ["name"], "p_after_key": [""], "p_hash": ["0" * 64],
        "p_kind": ["pack", "subscription", "change", "invoice"], "p_price": [price("pack-1000", None), price("pro")],
        "p_pack": [price("pack-1000", None)], "p_provider": ["mock"], "p_back": ["/"], "p_language": ["en"],
        "p_status": ["paid", "failed"], "p_key": [str(uuid7())], "p_source": ["included"], "p_policy": ["draw"],
        "p_action": ["member.removed"], "p_target": [person], "p_url": ["https://pay.example/"], "p_event": ["1"],
        "p_limit": [9], "p_cap": [1], "p_most": [9], "p_quantity": [1], "p_life_s": [60], "p_below": [1],
        "p_daily_cap": [1], "p_amount": [1], "p_priority": [1], "p_allowance": [1], "p_expires_in": [60],
        "p_archived": [True], "p_enabled": [True, False], "p_declined": [True], "p_partial": [False],
        "p_since": ["2020-01-01"], "p_until": ["2099-01-01"], "p_as_of": ["2099-01-01T00:00Z"],
        "p_months": [Jsonb(["2026-01-01T00:00Z"])], "p_feature": ["members", "audit"],
        "p_guests": [Jsonb({"emails": ["x@example.com"], "role": "member"})], "p_roles": [["owner", "admin"]],
        "p_start": ["2020-01-01T00:00Z"], "p_end": ["2099-01-01T00:00Z"], "p_expires_at": [None],
        "p_anchor": ["2026-01-01T00:00Z"], "p_body": [Jsonb({"fact": "PackPurchased"})], "p_details": [Jsonb({})],
        "p_state": [Jsonb({"status": "active", "ref": of["record"]})], "p_note": [Jsonb({})],
        "generation_callback_v1.p_body": [b"{}"], "credits_reserve_v1.p_ref": [Jsonb({"job": ids["job_id"]})],
        "p_new": [Jsonb({"id": str(uuid7()), "shown": "pk_live_x", "hash": "0" * 64})], "p_overlap": [24],
        "p_fingerprint": ["0" * 64], "apikeys_finish_v1.p_status": [200], "apikeys_finish_v1.p_body": ["{}"],
        "p_endpoint": [Jsonb(body | {"id": str(uuid7())})], "p_secret": ["x"], "p_delivery": [ids["delivery_id"]],
        "p_holds": [Jsonb([{"id": of["hold"], "amount": 1}])],
    }  # fmt: skip


def tries(name: str, arguments: Arguments, values: Values) -> Iterator[tuple[Any, ...]]:
    given = [values.get(f"{name}.{each}", values.get(each)) for each in arguments]
    assert None not in given, f"{name} takes {arguments}: say in theirs() what to try"
    return product(*given)  # type: ignore[arg-type]  (none is None)


def statement(name: str, arguments: Arguments) -> sql.Composed:
    """Typed by the function, as arguments of a text are."""
    marks = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(each), sql.Placeholder()) for each in arguments
    )
    return sql.SQL("select * from {}({})").format(sql.Identifier("public", name), marks)


def attempt(actor: Actor, name: str, arguments: Arguments, given: tuple[Any, ...]) -> str:
    """All that it answers; nothing where it refuses."""
    try:
        with acting_as(actor), connection.cursor() as cursor:
            cursor.execute(statement(name, arguments).as_string(cursor.connection), given)
            return str(cursor.fetchall())
    except (DatabaseError, Problem):
        return ""


@pytest.fixture
def victim(new_tenant, login) -> Furnished:
    return furnish(new_tenant(), login("packshot_worker"))


def test_strangers_move_and_learn_nothing_by_any_function(victim, new_tenant, admin):
    """As the owner of another workspace, and with the claim to be in theirs."""
    tables, values, stranger = tenant_tables_of(admin), theirs(victim, admin), new_tenant()
    secrets = (victim.tenant.email, "Bottles", "soft light", victim.ids["slug"])
    before = fingerprints(admin, tables, victim.tenant)
    for (name, _), arguments in functions(admin, "packshot_member").items():
        for given in tries(name, arguments, values):
            for claimed in (stranger.organization_id, victim.tenant.organization_id):
                told = attempt(Actor(stranger.user_id, claimed), name, arguments, given)
                assert not any(word in told for word in secrets), name
        assert fingerprints(admin, tables, victim.tenant) == before, name


def test_members_move_nothing_of_rights_and_money(victim, new_tenant, admin):
    """A member of the workspace itself, by every function; leaving it aside, which is theirs."""
    values, tables = theirs(victim, admin), sorted(RIGHTS_AND_MONEY)
    member = Company(victim.tenant, admin, new_tenant).hire()
    before = fingerprints(admin, tables, victim.tenant)
    for (name, _), arguments in functions(admin, "packshot_member").items():
        for given in tries(name, arguments, values):
            attempt(member, name, arguments, given)
        assert fingerprints(admin, tables, victim.tenant) == before, name


def test_one_s_own_organization_opens_nothing_of_another(victim, new_tenant, admin, login):
    """The web's own login mixes two tenants up: the organization is one's own, everything else is theirs."""
    stranger: Tenant = new_tenant()
    mine = {name: [str(stranger.organization_id)] for name in ITS_ORGANIZATION}
    values, tables, web = theirs(victim, admin) | mine, tenant_tables_of(admin), login("packshot_web")
    before = fingerprints(admin, tables, victim.tenant)
    tried = 0
    for (name, _), arguments in of_the_web(admin).items():
        if not ITS_ORGANIZATION & set(arguments):
            continue
        for given in tries(name, arguments, values):
            with contextlib.suppress(psycopg.Error):
                web.execute(statement(name, arguments), given)
        assert fingerprints(admin, tables, victim.tenant) == before, name
        tried += 1
    assert tried > 15
