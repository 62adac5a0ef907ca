"""Who is told of what happens to a workspace, and to whom it happens; once each."""

from __future__ import annotations

import pytest

from packshot.db.tenancy import Actor
from packshot.foundation.organizations import commands
from tests.foundation.at_once import at_once


@pytest.fixture
def told(company):
    """Kind and reader of each letter of the company, oldest first."""

    def read() -> list[tuple[str, object]]:
        found = company.admin.execute(
            "select kind, user_id from letters_letter where organization_id = %s order by created_at, id",
            [company.id],
        )
        return found.fetchall()

    return read


def test_who_is_removed_is_told_and_who_leaves_is_not(company, told):
    removed, leaver = company.hire(), company.hire("admin")
    commands.remove(company.owner, removed.user_id)
    commands.leave(leaver)
    assert told() == [("organizations.removed", removed.user_id)]


def test_removed_twice_is_told_twice(company, told):
    person = company.hire()
    commands.remove(company.owner, person.user_id)
    email = company.admin.execute(
        "select email from accounts_user where id = %s", [person.user_id]
    ).fetchone()
    commands.invite(company.owner, [email[0]], "member")
    commands.accept(person.user_id, company.token(email[0]))
    commands.remove(company.owner, person.user_id)
    assert told() == [("organizations.removed", person.user_id)] * 2


def test_both_are_told_when_ownership_is_handed_over(company, told):
    heir = company.hire()
    commands.transfer(company.owner, heir.user_id)
    assert sorted(told(), key=str) == sorted(
        [("organizations.transferred", heir.user_id), ("organizations.transferred", company.owner.user_id)],
        key=str,
    )


def test_every_owner_is_told_once_of_a_deletion_and_of_its_end(company, told):
    second, _member = company.hire("owner"), company.hire("admin")
    owners = {company.owner.user_id, second.user_id}
    at_once(4, lambda index: commands.close((company.owner, second)[index % 2]))
    assert {kind for kind, _ in told()} == {"organizations.closing"}
    assert sorted(map(str, (who for _, who in told()))) == sorted(map(str, owners))
    commands.keep(company.owner)
    commands.keep(company.owner)
    commands.close(company.owner)
    kinds = [kind for kind, _ in told()]
    assert kinds.count("organizations.kept") == 2
    assert kinds.count("organizations.closing") == 4, "another deletion is another happening"


def test_owners_hear_of_the_erasure_when_it_is_done_and_nothing_stays(company, told, login):
    worker = login("packshot_worker")
    second, admin_ = company.hire("owner"), company.hire("admin")
    commands.close(company.owner)
    company.admin.execute(
        "update organizations_organization set erase_at = now() - interval '1 minute' where id = %s",
        [company.id],
    )
    company.admin.execute("delete from letters_letter where organization_id <> %s", [company.id])
    for _ in range(2):  # the rooms take several rounds
        worker.execute("select public.organizations_due_v1(100)")
        company.admin.execute("update letters_letter set due_at = null where kind = 'organizations.closing'")
        assert worker.execute("select public.letters_claim_v1()").fetchone() == (None,), (
            "not before it is true"
        )
    worker.execute("select public.organizations_erased_v1(%s)", [company.id])
    assert {who for kind, who in told()} == {company.owner.user_id, second.user_id}
    assert {kind for kind, who in told()} == {"organizations.erased"}
    assert admin_.user_id not in {who for _, who in told()}
    for _ in range(2):
        letter = worker.execute("select public.letters_claim_v1()").fetchone()[0]
        assert letter["body"] == {"workspace": "A Person's studio"}
        told_args = [letter["organization"], letter["id"]]
        worker.execute("select public.letters_told_v1(%s, %s, 'sent', null)", told_args)
    assert told() == []


def test_what_is_refused_tells_nobody(company, told):
    member = company.hire()
    for deed in (
        lambda: commands.remove(member, company.owner.user_id),
        lambda: commands.transfer(member, member.user_id),
        lambda: commands.close(member),
        lambda: commands.remove(company.owner, company.owner.user_id),
        lambda: commands.transfer(company.owner, Actor(company.id, company.id).user_id),
    ):
        with pytest.raises(Exception, match=r"\w"):
            deed()
    assert told() == []
