"""A letter is posted once, sent once, in its reader's language; only what never left is tried again."""

from __future__ import annotations

import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection, transaction

from packshot.foundation.accounts import commands as accounts
from packshot.foundation.accounts.models import User
from packshot.foundation.letters import commands

KIND = "credits.disputed"


@pytest.fixture
def told(admin):
    """What is known of an organization's letters."""

    def read(organization_id):
        found = admin.execute(
            "select due_at, sent_at, tries, error, body from letters_letter where organization_id = %s order by id",
            [organization_id],
        )
        return found.fetchall()

    return read


def post(tenant, key: str | None = None) -> bool:
    return commands.post(tenant.organization_id, key or str(uuid4()), KIND, {})


def test_a_key_is_posted_once_to_those_who_look_after_the_money(
    own_database, tenant, new_tenant, told, admin
):
    for role in ("admin", "member"):
        admin.execute(
            "insert into organizations_membership (organization_id, user_id, role, created_at)"
            " values (%s, %s, %s, now())",
            [tenant.organization_id, new_tenant().user_id, role],
        )
    assert post(tenant, "one")
    assert not post(tenant, "one")
    assert len(told(tenant.organization_id)) == 2
    closed = new_tenant()
    User.objects.filter(id=closed.user_id).update(is_active=False)
    assert post(closed, "one")
    assert told(closed.organization_id) == []


def test_what_is_undone_posts_nothing(own_database, tenant, told):
    with pytest.raises(RuntimeError), transaction.atomic():
        post(tenant)
        raise RuntimeError
    assert told(tenant.organization_id) == []


@pytest.mark.parametrize(
    ("language", "subject"),
    [("de", "Eine Zahlung für"), ("en", "A payment for"), ("", "A payment for")],
)
def test_each_reads_their_own_language(own_database, as_worker, tenant, outbox, told, language, subject):
    accounts.speak(tenant.user_id, language, chosen=True)
    post(tenant)
    as_worker()
    assert commands.deliver() == 1
    [message] = outbox
    assert message.subject.startswith(subject)
    [(due, sent, _tries, _error, body)] = told(tenant.organization_id)
    assert (due, body) == (None, {})
    assert sent is not None


def test_workers_that_come_at_once_send_each_once(own_database, as_worker, new_tenant, outbox):
    for _ in range(5):
        post(new_tenant())
    as_worker()
    start = threading.Barrier(6)

    def one(_: int) -> int:
        start.wait()
        return commands.deliver()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 5
    assert len({message.to[0] for message in outbox}) == len(outbox) == 5


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ConnectionRefusedError(), True),
        (smtplib.SMTPAuthenticationError(535, b"no"), True),
        (smtplib.SMTPDataError(451, b"later"), True),
        (smtplib.SMTPRecipientsRefused({"a@example.com": (450, b"busy")}), True),
        (smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"nobody")}), False),
        (smtplib.SMTPDataError(554, b"no"), False),
        (TimeoutError(), False),  # perhaps it went
    ],
)
def test_only_what_never_left_is_tried_again(
    own_database, as_worker, tenant, told, monkeypatch, admin, outbox, error, again
):
    post(tenant)

    def refuse(*_: object, **__: object) -> int:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(mail.EmailMultiAlternatives, "send", refuse)
        as_worker()
        assert commands.deliver() == 0
    [(due, sent, tries, why, _body)] = told(tenant.organization_id)
    assert (due is not None, sent, tries) == (again, None, 1)
    assert type(error).__name__ in why
    assert commands.deliver() == 0, "not before its time"
    admin.execute("update letters_letter set due_at = now() where due_at is not null")
    assert commands.deliver() == int(again)
    assert len(outbox) == int(again)


def test_it_is_given_up_after_twenty_tries(own_database, as_worker, tenant, told, monkeypatch, admin):
    post(tenant)
    admin.execute("update letters_letter set tries = 19")

    def refuse(*_: object, **__: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", refuse)
    as_worker()
    assert commands.deliver() == 0
    [(due, sent, tries, _error, _body)] = told(tenant.organization_id)
    assert (due, sent, tries) == (None, None, 20)


def test_a_kind_that_nobody_writes_waits_for_the_release_that_does(
    own_database, as_worker, tenant, told, outbox
):
    commands.post(tenant.organization_id, "odd", "nobody.knows", {})
    post(tenant, "good")
    as_worker()
    assert commands.deliver() == 1, "the others go"
    assert [due is not None for due, *_ in told(tenant.organization_id)] == [True, False]


def test_a_closed_account_is_not_written_to(own_database, as_worker, tenant, told, outbox):
    post(tenant)
    User.objects.filter(id=tenant.user_id).update(is_active=False)
    as_worker()
    assert commands.deliver() == 0
    assert outbox == []
    [(due, _sent, _tries, why, _body)] = told(tenant.organization_id)
    assert (due, why) == (None, "the account is closed")


def test_nobody_but_a_worker_reads_letters(own_database, tenant):
    with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("select * from public.letters_letter")
    connection.close()
    with pytest.raises(Exception, match="permission denied"):
        commands.deliver()
