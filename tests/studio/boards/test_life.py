"""What becomes of a board: its words, its cover, archive, trash, end; and that it is told."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from uuid_utils.compat import uuid7

from packshot.errors import Conflict, Forbidden, Invalid, NotFound
from packshot.studio.assets import commands as assets
from packshot.studio.assets import queries as pictures
from packshot.studio.boards import commands, queries
from packshot.studio.boards.contracts import Listing
from packshot.studio.boards.sentences import sentence
from packshot.studio.generation import commands as generation
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import Order
from tests.studio.boards.people import Office
from tests.test_tenancy_matrix import furnish, picture


@pytest.fixture
def office(tenant, admin, new_tenant) -> Office:
    return Office(tenant, admin, new_tenant)


@pytest.fixture
def furnished(tenant, login):
    return furnish(tenant, login("packshot_worker"))


def opened(actor, title="Bottles") -> tuple[str, object]:
    board_id = uuid7()
    return commands.create(actor, board_id, title), board_id


def titles(actor, **wanted) -> list[str]:
    return [card.board.title for card in queries.listing(actor, Listing(**wanted)).cards]


def test_words_are_changed_one_by_one_and_given_back(tenant):
    slug, _ = opened(tenant.actor)
    assert commands.edit(tenant.actor, slug, description=" For spring ") == commands.Words("Bottles", "")
    assert commands.edit(tenant.actor, slug, title="Jars") == commands.Words("Bottles", "For spring")
    board = queries.board(tenant.actor, slug)
    assert (board.title, board.description) == ("Jars", "For spring")
    assert commands.edit(tenant.actor, slug, description="") == commands.Words("Jars", "For spring")
    assert queries.board(tenant.actor, slug).description == ""


@pytest.mark.parametrize("words", [{"title": " "}, {"title": "x" * 121}, {"description": "x" * 2001}])
def test_words_have_limits(tenant, words):
    slug, _ = opened(tenant.actor)
    with pytest.raises(Invalid):
        commands.edit(tenant.actor, slug, **words)
    assert queries.board(tenant.actor, slug).title == "Bottles"


def test_an_archived_board_is_off_the_list_and_readable(tenant):
    slug, _ = opened(tenant.actor)
    commands.archive(tenant.actor, slug)
    assert titles(tenant.actor) == []
    assert titles(tenant.actor, shelf="archived") == ["Bottles"]
    assert queries.board(tenant.actor, slug).archived_at is not None
    commands.archive(tenant.actor, slug, archived=False)
    assert titles(tenant.actor) == ["Bottles"]
    assert queries.board(tenant.actor, slug).archived_at is None


def test_a_deleted_board_takes_all_that_lies_on_it_along_and_brings_it_back(furnished):
    actor, ids = furnished.tenant.actor, furnished.ids
    commands.delete(actor, ids["slug"])
    assert titles(actor) == []
    for gone in (
        lambda: queries.board(actor, ids["slug"]),
        lambda: pictures.asset(actor, UUID(ids["asset_id"])),
        lambda: pictures.original(actor, UUID(ids["asset_id"])),
        lambda: work.batch(actor, UUID(ids["batch_id"])),
        lambda: commands.rename(actor, ids["slug"], "Still here"),
        lambda: assets.upload(actor, data=picture(), filename="a.png", board_id=UUID(ids["board_id"])),
        lambda: generation.cancel_batch(actor, UUID(ids["batch_id"])),
        lambda: generation.submit(actor, an_order(UUID(ids["board_id"]))),
    ):
        with pytest.raises(NotFound):
            gone()
    assert queries.slugs(actor, [ids["board_id"]]) == {}
    card = queries.listing(actor, Listing(shelf="trash")).cards[0]
    assert (card.board.title, card.pictures, card.days_left) == ("Bottles", 1, 30)
    assert card.deleted_by is not None
    assert card.deleted_by.user_id == actor.user_id

    commands.restore(actor, ids["slug"])
    assert titles(actor) == ["Bottles"]
    assert pictures.asset(actor, UUID(ids["asset_id"])).state == "ready"
    assert work.batch(actor, UUID(ids["batch_id"])).id
    assert titles(actor, shelf="trash") == []


def an_order(board_id) -> Order:
    return Order(key=str(uuid7()), operation="generate", model="mock-scene", prompt="x", board_id=board_id)


def test_the_trash_shows_a_board_to_those_who_may_take_it_out(office):
    editor, maker = office.hire(), office.hire()
    slug, _ = opened(maker)
    commands.delete(maker, slug)
    assert titles(editor, shelf="trash") == []
    with pytest.raises(NotFound):
        commands.restore(editor, slug)
    assert titles(maker, shelf="trash") == titles(office.owner, shelf="trash") == ["Bottles"]
    commands.restore(office.owner, slug)
    assert titles(editor) == ["Bottles"]


def test_only_owners_delete(office):
    editor, maker = office.hire(), office.hire()
    slug, _ = opened(maker)
    with pytest.raises(Forbidden):
        commands.delete(editor, slug)
    commands.delete(office.owner, slug)


def test_the_inbox_stays_as_it_is(tenant):
    assets.upload(tenant.actor, data=picture(), filename="loose.png")
    card = queries.inbox(tenant.actor)
    assert card is not None
    slug = card.board.slug
    for attempt in (
        lambda: commands.rename(tenant.actor, slug, "Mine"),
        lambda: commands.edit(tenant.actor, slug, description="x"),
        lambda: commands.archive(tenant.actor, slug),
        lambda: commands.delete(tenant.actor, slug),
        lambda: commands.open_to(tenant.actor, slug, "invited"),
        lambda: commands.seat(tenant.actor, slug, tenant.user_id, "viewer"),
    ):
        with pytest.raises(Invalid):
            attempt()
    assert queries.board(tenant.actor, slug).inbox
    assert titles(tenant.actor) == []


def test_the_cover_is_the_chosen_one_while_it_is_there(furnished, admin):
    actor, ids = furnished.tenant.actor, furnished.ids
    second = assets.upload(actor, data=picture(), filename="later.png", board_id=UUID(ids["board_id"])).id
    admin.execute(
        "update assets_asset set state = 'ready', width = 16, height = 16, placeholder = 'data:,',"
        " source_type = 'digitalCapture' where id = %s",
        [second],
    )

    def cover() -> str:
        found = queries.listing(actor, Listing()).cards[0].cover
        assert found is not None
        return str(found.id)

    assert cover() == str(second)
    assert commands.choose_cover(actor, ids["slug"], ids["asset_id"]) is None
    assert cover() == ids["asset_id"]
    assert str(commands.choose_cover(actor, ids["slug"], None)) == ids["asset_id"]
    assert cover() == str(second)
    with pytest.raises(NotFound):
        commands.choose_cover(actor, ids["slug"], uuid7())


def test_shelves_search_order_and_pages(tenant):
    for title in ("cherry", "Apple", "banana split"):
        opened(tenant.actor, title)
    assert titles(tenant.actor) == ["banana split", "Apple", "cherry"]
    assert titles(tenant.actor, sort="name") == ["Apple", "banana split", "cherry"]
    assert titles(tenant.actor, text=" SPLIT ban") == ["banana split"]
    assert titles(tenant.actor, text="%") == []
    for sort in ("recent", "name"):
        walked, after = [], None
        while True:
            page = queries.listing(tenant.actor, Listing(sort=sort), after, limit=2)
            walked += [card.board.title for card in page.cards]
            if (after := page.after) is None:
                break
        assert walked == titles(tenant.actor, sort=sort)


def test_what_was_done_is_told_latest_first(office, login):
    furnished = furnish(office.boss, login("packshot_worker"))
    actor, ids = office.owner, furnished.ids
    colleague = office.hire()
    commands.rename(actor, ids["slug"], "Jars")
    commands.seat(actor, ids["slug"], colleague.user_id, "viewer")
    commands.choose_cover(actor, ids["slug"], ids["asset_id"])
    acts, more = queries.activity(actor, ids["slug"])
    assert more is None
    told = ["cover", "added", "renamed", "generated", "generated", "created"]
    assert [act.verb for act in acts if act.verb in told] == told
    assert [str(view.id) for view in acts[0].pictures] == [ids["asset_id"]]
    assert acts[1].whom is not None
    assert acts[1].whom.user_id == colleague.user_id
    assert sentence(acts[2]) == "A Person renamed the board from Bottles to Jars."
    assert sentence(acts[3]) == "A Person talked with the studio: “A mug”"
    assert sentence(acts[4]) == "A Person asked for 2 pictures: 0 made. “on a table”"
    walked, before = [], None
    while True:
        page, before = queries.activity(actor, ids["slug"], before, limit=2)
        walked += page
        if before is None:
            break
    assert walked == acts

    office.dismiss(colleague)
    acts, _ = queries.activity(actor, ids["slug"])
    assert sentence(acts[1]) == "A Person gave somebody who has left a seat: Viewer."


def test_nothing_is_told_where_nothing_changed(tenant):
    slug, _ = opened(tenant.actor)
    commands.rename(tenant.actor, slug, "Bottles")
    commands.archive(tenant.actor, slug, archived=False)
    commands.open_to(tenant.actor, slug, "organization")
    commands.choose_cover(tenant.actor, slug, None)
    acts, _ = queries.activity(tenant.actor, slug)
    assert [act.verb for act in acts] == ["created"]


def test_every_verb_has_its_sentence(tenant):
    """In the words of nobody who is left, which every verb must bear."""
    from packshot.studio.boards import sentences
    from packshot.studio.boards.contracts import Act

    subject = {
        "from": "a",
        "to": "viewer",
        "number": 3,
        "operation": "generate",
        "prompt": "",
        "asked": 1,
        "made": 0,
    }
    for verb in [*sentences._SENTENCES, "danced"]:
        act = Act(uuid7(), None, None, verb, subject, None, ())  # type: ignore[arg-type]
        assert sentence(act).startswith("Somebody who has left "), verb
        assert sentence(act).endswith("."), verb


def erase(login) -> int:
    row = login("packshot_worker").execute("select boards_erase_v1(100)").fetchone()
    return row[0]


def test_a_board_is_erased_after_thirty_days_in_the_trash(furnished, admin, login):
    actor, ids = furnished.tenant.actor, furnished.ids
    organization = furnished.tenant.organization_id

    def count(statement: str) -> int:
        return admin.execute(statement, [organization, ids["board_id"]]).fetchone()[0]

    def age(days: int) -> None:
        admin.execute(
            "update boards_board set deleted_at = now() - make_interval(days => %s) where id = %s",
            [days, ids["board_id"]],
        )

    commands.delete(actor, ids["slug"])
    age(29)
    erase(login)
    assert count("select count(*) from boards_board where organization_id = %s and id = %s") == 1
    age(31)
    erase(login)
    assert count("select count(*) from boards_board where organization_id = %s and id = %s") == 1, (
        "work is under way"
    )
    admin.execute(
        "update generation_job set state = 'cancelled', finished_at = now() where organization_id = %s"
        " and finished_at is null",
        [organization],
    )
    erase(login)
    assert count("select count(*) from boards_board where organization_id = %s and id = %s") == 0
    for table in ("boards_member", "boards_activity", "assets_asset"):
        assert count(f"select count(*) from {table} where organization_id = %s and board_id = %s") == 0, table
    prompts = admin.execute(
        "select distinct prompt from generation_batch where organization_id = %s", [organization]
    ).fetchall()
    assert prompts == [("",)]
    written = "select count(*) from generation_text where organization_id = %s"
    assert admin.execute(written, [organization]).fetchone() == (0,)
    with pytest.raises(NotFound):
        commands.restore(actor, ids["slug"])


def test_a_conflict_is_one_for_the_page_too(tenant):
    slug, _ = opened(tenant.actor)
    with pytest.raises(Conflict, match="Name another owner first"):
        commands.seat(tenant.actor, slug, tenant.user_id, None)


def test_members_cannot_call_what_is_the_workers(login):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login("packshot_web").execute("select boards_erase_v1(1)")
