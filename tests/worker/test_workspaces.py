"""What workers do for workspaces: mails of invitations, the ZIP of everything, and the end of one."""

from __future__ import annotations

import asyncio
import email
import io
import json
import os
import re
import zipfile
from collections.abc import Awaitable, Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core import mail as django_mail
from django.test import override_settings
from django.utils.translation import override
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.db.tenancy import Actor
from packshot.errors import Conflict
from packshot.foundation.accounts import mail
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations import commands, files, queries
from packshot.settings import settings
from packshot.studio.assets import storage
from packshot.studio.boards import commands as boards
from packshot.worker import closing, invitations
from packshot.worker.database import Database
from packshot.worker.erasing import erase, expire
from packshot.worker.takeouts import PARTS, Takeouts
from tests.foundation.people import Company
from tests.test_tenancy_matrix import furnish
from tests.worker.support import wait_for, worker_process


@pytest.fixture
def company(tenant, admin, new_tenant) -> Company:
    return Company(tenant, admin, new_tenant)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    here = settings().model_copy(update={"home": tmp_path})
    monkeypatch.setattr(mail, "settings", lambda: here)
    return tmp_path / "mail"


@pytest.fixture
def store(tmp_path: Path):
    before = storage.blobs()
    store = DiskBlobs(tmp_path / "blobs", sign_key=b"k" * 32, base_url="", now=lambda: 1_000_000.0)
    storage.connect(store)
    files.connect(store)
    yield store
    storage.connect(before)
    files.connect(before)


def with_database(work: Callable[[Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        database = await Database.connect(os.environ["DATABASE_URL"], 2)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def mails(folder: Path, address: str) -> list[EmailMessage]:
    found = [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]
    return [each for each in found if each["To"] == address]


def invited(company: Company, name: str = "", language: str = "en") -> tuple[str, UUID]:
    """An address with an open invitation, and the invitation."""
    address = f"person-{uuid7()}@example.com"
    with override(language):
        commands.invite(company.owner, [address], "member")
    [found] = [each.id for each in queries.invitations(company.owner) if each.email == address]
    return address, found


def test_the_mail_of_an_invitation_leads_to_it(company, folder):
    commands.rename(company.owner, "Kiln & Co <b>")
    address, invitation = invited(company)
    with_database(lambda database: invitations.send(database, company.id, invitation))
    [letter] = mails(folder, address)
    text = letter.get_body(("plain",)).get_content()
    page = letter.get_body(("html",)).get_content()
    link = re.search(r"https?://\S+/invitations/(\S+)", text)
    assert link.group(1) == company.token(address)
    assert f'href="{link.group()}"' in page
    assert "A Person invites you to work in “Kiln & Co <b>”" in text
    assert "Kiln &amp; Co &lt;b&gt;" in page
    assert letter["Subject"] == "A Person invites you to Kiln & Co <b>"
    assert [each.mail for each in queries.invitations(company.owner)] == ["sent"]
    with_database(lambda database: invitations.send(database, company.id, invitation))
    assert len(mails(folder, address)) == 1, "told of twice, it is mailed once"


def test_a_revoked_invitation_is_not_mailed(company, folder):
    address, invitation = invited(company)
    commands.revoke(company.owner, invitation)
    with_database(lambda database: invitations.send(database, company.id, invitation))
    assert mails(folder, address) == []


def test_sent_again_each_link_is_another(company, folder):
    address, invitation = invited(company)
    with_database(lambda database: invitations.send(database, company.id, invitation))
    commands.resend(company.owner, invitation)
    with_database(lambda database: invitations.send(database, company.id, invitation))
    links = {each.get_body(("plain",)).get_content() for each in mails(folder, address)}
    assert len(links) == 2
    assert company.token(address) in mails(folder, address)[-1].get_body(("plain",)).get_content()


def test_a_name_with_a_line_break_stays_in_its_line(company, folder, admin):
    User.objects.filter(id=company.boss.user_id).update(name="Ann\nBcc: everybody@example.com")
    address, invitation = invited(company)
    with_database(lambda database: invitations.send(database, company.id, invitation))
    [letter] = mails(folder, address)
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith("Ann Bcc: everybody@example.com invites you")


class Refusing(django_mail.backends.base.BaseEmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, email_messages):
        raise ConnectionRefusedError


def test_a_mail_that_cannot_be_sent_is_told_of_and_sent_again_by_hand(company, folder):
    address, invitation = invited(company)
    with (
        override_settings(EMAIL_BACKEND=f"{__name__}.Refusing"),
        pytest.raises(ConnectionRefusedError),
    ):
        with_database(lambda database: invitations.send(database, company.id, invitation))
    assert [each.mail for each in queries.invitations(company.owner)] == ["waiting"]
    with_database(lambda database: invitations.give_up(database, company.id, invitation))
    assert [each.mail for each in queries.invitations(company.owner)] == ["failed"]
    commands.resend(company.owner, invitation)
    with_database(lambda database: invitations.send(database, company.id, invitation))
    assert len(mails(folder, address)) == 1


def taken_out(actor: Actor, store: DiskBlobs, drafts: Path) -> zipfile.ZipFile:
    takeout_id = commands.take_out(actor)

    async def make(database: Database) -> bool:
        return await Takeouts(database, store, drafts).make(actor.organization_id, takeout_id, lambda: False)

    assert with_database(make)
    return zipfile.ZipFile(
        io.BytesIO(b"".join(store.open_range(files.key(actor.organization_id, takeout_id))))
    )


def lines(whole: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in whole.read(f"{name}.jsonl").decode().splitlines()]


def test_a_takeout_holds_everything_of_one_workspace_and_of_no_other(
    company, new_tenant, login, store, tmp_path
):
    worker: psycopg.Connection = login("packshot_worker")
    mine, theirs = furnish(company.boss, worker), furnish(new_tenant(), worker)
    with taken_out(company.owner, store, tmp_path / "drafts") as whole:
        assert whole.testzip() is None
        assert {f"{name}.jsonl" for name in PARTS} | {"README.txt"} <= set(whole.namelist())
        everything = b"".join(whole.read(name) for name in whole.namelist())
        [person] = lines(whole, "people")
        assert (person["email"], person["role"]) == (company.boss.email, "owner")
        assert [each["title"] for each in lines(whole, "boards") if each["kind"] == "board"] == ["Bottles"]
        pictures = lines(whole, "pictures")
        assert mine.ids["asset_id"] in {each["id"] for each in pictures}
        for each in pictures:
            assert len(whole.read(each["file"])) == each["bytes"]
        batch = next(each for each in lines(whole, "requests") if each["id"] == mine.ids["batch_id"])
        assert batch["prompt"] == "on a table"
        assert mine.ids["job_id"] in {each["id"] for each in batch["jobs"]}
        entries = lines(whole, "credits")
        assert [each["seq"] for each in entries] == list(range(1, len(entries) + 1))
        assert "invitation.sent" in {each["action"] for each in lines(whole, "audit")}
        assert [each["state"] for each in lines(whole, "invitations")] == ["open"]
    for what in (*theirs.ids.values(), str(theirs.tenant.organization_id), theirs.tenant.email):
        assert str(what).encode() not in everything
    assert company.token(lines_email(company)).encode() not in everything
    assert list((tmp_path / "drafts").iterdir()) == []
    [view, *_] = queries.takeouts(company.owner)
    assert view.state == "ready"
    assert view.bytes == store.info(files.key(company.id, view.id)).size


def lines_email(company: Company) -> str:
    return queries.invitations(company.owner)[0].email


def test_a_missing_picture_is_left_out_and_the_rest_is_there(company, login, store, tmp_path):
    furnished = furnish(company.boss, login("packshot_worker"))
    row = company.admin.execute(
        "select sha256 from assets_asset where id = %s", [furnished.ids["asset_id"]]
    ).fetchone()
    store.delete(storage.key(company.id, row[0]))
    with taken_out(company.owner, store, tmp_path / "drafts") as whole:
        found = {each["id"]: each for each in lines(whole, "pictures")}
        assert "file" not in found[furnished.ids["asset_id"]]


def test_one_is_made_at_a_time_and_kept_a_week(company, store, tmp_path, admin):
    first = commands.take_out(company.owner)
    assert commands.take_out(company.owner) == first
    whole = taken_out(company.owner, store, tmp_path / "drafts")
    whole.close()
    key = files.key(company.id, first)
    with_database(lambda database: expire(database, store))
    assert store.info(key).size > 0
    admin.execute(
        "update organizations_takeout set finished_at = now() - interval '8 days' where id = %s", [first]
    )
    with_database(lambda database: expire(database, store))
    with pytest.raises(LookupError):
        store.info(key)
    assert [each.state for each in queries.takeouts(company.owner)] == ["expired"]


def ended(store: DiskBlobs) -> None:
    """As the upkeep does it, again and again."""

    async def rounds(database: Database) -> None:
        for _ in range(4):
            await closing.end(database)
            await erase(database, store)

    with_database(rounds)


def everything(admin: psycopg.Connection, organization_id: UUID) -> dict[str, int]:
    """How many rows each table has of an organization."""
    tables = admin.execute(
        "select table_name::text from information_schema.columns"
        " where table_schema = 'public' and column_name = 'organization_id' order by 1"
    ).fetchall()
    return {
        table: admin.execute(
            f"select count(*) from {table} where organization_id = %s",
            [organization_id],
        ).fetchone()[0]
        for (table,) in tables
    }


# What stays of a workspace: the ledger and what its entries refer to, without words or names (see docs/workspaces.md).
STAYS = {
    "billing_customer",
    "billing_fact",
    "billing_order",
    "billing_record",
    "credits_membermonth",
    "credits_wallet",
    "credits_lot",
    "credits_hold",
    "credits_holdlot",
    "credits_entry",
    "credits_command",
    "generation_batch",
    "generation_job",
    "generation_settlement",
    "writing_declined",
}


def test_nothing_is_erased_before_its_day_or_after_it_was_taken_back(company, login, store, admin):
    furnish(company.boss, login("packshot_worker"))
    before = everything(admin, company.id)
    commands.close(company.owner)
    ended(store)
    told = {"audit_event", "letters_letter"}
    assert {k: v for k, v in everything(admin, company.id).items() if k not in told} == {
        k: v for k, v in before.items() if k not in told
    }
    commands.keep(company.owner)
    admin.execute(
        "update organizations_organization set created_at = created_at - interval '1 year' where id = %s",
        [company.id],
    )
    ended(store)
    assert company.roles() == {company.boss.user_id: "owner"}


def test_on_its_day_a_workspace_is_erased_but_for_what_the_ledger_needs(
    company, new_tenant, login, store, admin
):
    worker = login("packshot_worker")
    neighbour = new_tenant()
    furnish(neighbour, worker)
    furnished = furnish(company.boss, worker)
    boards.create(company.owner, uuid7(), "Mugs")
    colleague = company.hire()
    theirs = everything(admin, neighbour.organization_id)
    commands.close(company.owner)
    admin.execute(
        "update organizations_organization set erase_at = now() - interval '1 second' where id = %s",
        [company.id],
    )
    with pytest.raises(Conflict):
        commands.keep(company.owner)
    # Work that is under way is waited for; then nothing holds it up.
    ended(store)
    assert company.roles() == {}, "nobody acts for it from its day on"
    name, erased_at = admin.execute(
        "select name, erased_at from organizations_organization where id = %s", [company.id]
    ).fetchone()
    assert erased_at is None
    admin.execute(
        "update generation_job set state = 'cancelled', finished_at = now() where organization_id = %s"
        " and finished_at is null",
        [company.id],
    )
    admin.execute("update assets_doomed set due_at = now() where organization_id = %s", [company.id])
    ended(store)
    name, erased_at = admin.execute(
        "select name, erased_at from organizations_organization where id = %s", [company.id]
    ).fetchone()
    left = {table: number for table, number in everything(admin, company.id).items() if number}
    told = admin.execute("select kind, user_id from letters_letter where organization_id = %s", [company.id])
    assert told.fetchall() == [("organizations.erased", company.boss.user_id)], "until its mail is sent"
    assert set(left) <= STAYS | {"letters_letter"}, left
    assert left.keys() >= {"credits_wallet", "credits_entry", "generation_batch"}
    assert (name, erased_at is not None) == ("", True)
    words = admin.execute(
        "select string_agg(prompt || asked || negative || \"references\"::text || parameters::text, '')"
        " from generation_batch where organization_id = %s",
        [company.id],
    ).fetchone()[0]
    assert set(words) <= set("[]{}")
    assert not [each for each in store.walk() if each.key.startswith(str(company.id))]
    assert everything(admin, neighbour.organization_id) == theirs
    assert [each.organization_id for each in queries.organizations_of(colleague.user_id)] != []
    assert furnished.ids


def test_a_real_worker_mails_and_packs(company, tmp_path):
    address, _ = invited(company)
    takeout_id = commands.take_out(company.owner)
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret_key").write_text(settings().secret())
    with worker_process(PACKSHOT_HOME=str(home)) as running:
        wait_for(lambda: queries.invitations(company.owner)[0].mail, lambda mail: mail == "sent")
        wait_for(lambda: queries.takeouts(company.owner)[0].state, lambda state: state == "ready")
        assert running.end() == 0
    assert company.token(address) in mails(home / "mail", address)[0].get_body(("plain",)).get_content()
    stored = DiskBlobs(home / "blobs", sign_key=b"k" * 32, base_url="", now=lambda: 0.0)
    assert stored.info(files.key(company.id, takeout_id)).size > 0
