"""The audit log: appended, read by those who run a workspace, and changed by nobody."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from uuid_utils.compat import uuid7

from packshot.db.origin import Origin, coming_from
from packshot.db.tenancy import acting_as
from packshot.errors import UpgradeNeeded
from packshot.foundation.audit import queries
from packshot.foundation.audit.commands import record
from packshot.foundation.audit.queries import Filter
from packshot.foundation.audit.sentences import said, sentences
from packshot.foundation.organizations import commands
from tests.foundation.people import plan
from tests.foundation.terms import off

LOGINS = ["packshot_web", "packshot_worker", "packshot_staff"]


def all_of(actor):
    return list(queries.walk(actor, Filter()))


def test_who_what_when_and_from_where(company):
    with coming_from(Origin("192.0.2.7", "Browser/1\0" + "x" * 400, "r-1")):
        commands.rename(company.owner, "Kiln")
    [latest, *_] = all_of(company.owner)
    assert (latest.action, latest.actor, latest.target) == (
        "organization.renamed",
        company.boss.email,
        "Kiln",
    )
    assert (latest.address, latest.request_id) == ("192.0.2.7", "r-1")
    assert latest.user_agent == ("Browser/1" + "x" * 400)[:300]
    assert latest.details == {"from": "A Person's studio", "to": "Kiln"}
    commands.rename(company.owner, "Oven")
    assert all_of(company.owner)[0].address == "", "no request, no address of the one before"


@pytest.mark.parametrize("login_name", LOGINS)
@pytest.mark.parametrize(
    "statement",
    [
        "update audit_event set actor = 'x'",
        "delete from audit_event",
        "truncate audit_event",
        "insert into audit_event (organization_id, id) values (gen_random_uuid(), gen_random_uuid())",
    ],
)
def test_no_login_rewrites_it(company, login, login_name, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login(login_name).execute(statement)


@pytest.mark.parametrize("statement", ["update audit_event set actor = 'x'", "delete from audit_event"])
def test_no_member_rewrites_it(company, statement):
    with pytest.raises(DatabaseError), acting_as(company.owner), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement", ["update audit_event set actor = 'x'", "delete from audit_event", "truncate audit_event"]
)
def test_not_even_a_superuser_by_mistake(company, admin, statement):
    before = company.log()
    with pytest.raises(psycopg.Error, match="append-only"):
        admin.execute(statement)
    assert company.log() == before


def test_a_member_neither_reads_nor_writes_it(company):
    colleague = company.hire()
    assert all_of(colleague) == []
    assert queries.actors(colleague) == []
    with pytest.raises(DatabaseError), acting_as(company.owner), connection.cursor() as cursor:
        cursor.execute("select public.audit_record_v1(%s, null, 'a.b', '', '{}')", [company.id])
    assert all_of(company.hire("admin"))


def test_another_workspaces_log_is_empty(company, new_tenant):
    stranger = new_tenant()
    plan(stranger.organization_id, 1)
    assert {each.target for each in all_of(stranger.actor)} == {"A Person's studio"}
    assert not {each.id for each in all_of(stranger.actor)} & {each.id for each in all_of(company.owner)}


def test_without_a_plan_for_it_nobody_reads_it_and_nothing_of_it_is_lost(company):
    commands.rename(company.owner, "Kiln")
    off(company.id)
    for read in (
        lambda: queries.page(company.owner, Filter()),
        lambda: queries.walk(company.owner, Filter()),
    ):
        with pytest.raises(UpgradeNeeded) as refused:
            read()
        assert refused.value.detail == {"feature": "audit"}
    commands.rename(company.owner, "Oven")
    company.seats(1)
    assert [each.target for each in all_of(company.owner)][:2] == ["Oven", "Kiln"]


def test_a_login_notes_in_its_own_transaction(company):
    record(company.owner, "key.made", "Shop", {"scopes": ["read"]})
    record(None, "credits.granted", "500", {}, organization_id=company.id)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(company.owner, "key.made", "Other", {})
        raise ZeroDivisionError
    with pytest.raises(ValueError, match="belongs"):
        record(None, "key.made", "Nobody's", {})
    [granted, made, *_] = all_of(company.owner)
    assert (made.action, made.actor, made.details) == ("key.made", company.boss.email, {"scopes": ["read"]})
    assert (granted.actor, granted.actor_id) == ("system", None)


def test_pages_walk_without_a_gap_or_a_repeat(company):
    for number in range(7):
        record(company.owner, "key.made", str(number), {})
    seen, before = [], None
    while True:
        page, before = queries.page(company.owner, Filter(what="key."), before, 3)
        seen += [each.target for each in page]
        if before is None:
            break
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    page, after = queries.page(company.owner, Filter(what="key.made"), None, 7)
    assert (len(page), after) == (7, None)


def test_every_sentence_is_whole_with_any_details(company):
    for number, action in enumerate(sentences()):
        record(company.owner, action, f"target {number}", {})
    record(company.owner, "future.deed", "something", {"x": 1})
    for event in all_of(company.owner):
        assert "%(" not in said(event)
    assert said(all_of(company.owner)[0]) == "future.deed something"


def test_an_address_of_somebody_gone_stays_in_it(company, admin):
    colleague = company.hire()
    commands.leave(colleague)
    [left, *_] = all_of(company.owner)
    admin.execute(
        "update accounts_user set email = %s where id = %s", [f"{uuid7()}@example.com", colleague.user_id]
    )
    assert all_of(company.owner)[0].actor == left.actor
