"""Finding pictures: what words and facts mean, pages and counts, and who sees what."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.errors import Invalid, NotFound
from packshot.studio.assets import queries
from packshot.studio.assets.contracts import COLOURS, KINDS, RATIOS, REVIEWS, Count, Search, Selection
from packshot.studio.assets.search import described, from_query, parse, to_query
from tests.studio.assets.seed import seed
from tests.studio.assets.support import add, board, invite, member


def found(actor: Actor, search: Search, limit: int = 60) -> list[UUID]:
    return [view.id for view in queries.page(actor, search, limit=limit)]


@pytest.fixture
def mugs(tenant, admin) -> dict[str, UUID]:
    organization = tenant.organization_id
    return {
        "file": add(admin, organization, name="red-mug_01.JPG", origin="upload"),
        "prompt": add(admin, organization, prompt="A blue mug, on a marble table", model="local-scene"),
        "title": add(
            admin, organization, title="Grüne Tasse", alt="It's green; isn't it?", tags=["summer", "sale"]
        ),
        "product": add(admin, organization, product="Teapot 12oz", media_type="video/mp4", operation="video"),
    }


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mug", {"file", "prompt"}),
        ("MUG", {"file", "prompt"}),
        ("mu", {"file", "prompt"}),
        ("ug", set()),
        ("mug -blue", {"file"}),
        ("-mug", {"title", "product"}),
        ("01", {"file"}),
        ("jpg", {"file", "prompt", "title", "product"}),
        ("red.mug", {"file"}),
        ("mug red", {"file"}),
        ('"mug red"', set()),
        ('"red mug"', {"file"}),
        ('"red mu"', set()),
        ('"marble table"', {"prompt"}),
        ('-"marble table" mug', {"file"}),
        ('"table a"', set()),  # from the prompt into the name: no phrase crosses
        ("grüne", {"title"}),
        ("GRÜNE", {"title"}),
        ("isn't", {"title"}),
        ("sale", {"title"}),
        ("teapot 12", {"product"}),
        ("  ", {"file", "prompt", "title", "product"}),
        ("-", {"file", "prompt", "title", "product"}),
        ("...", {"file", "prompt", "title", "product"}),
        ("'", {"file", "prompt", "title", "product"}),
        ("mug & !blue | (", {"prompt"}),
        ('"unclosed mug', set()),
        ('"blue mug', {"prompt"}),
    ],
)
def test_words_mean_what_they_say(tenant, mugs, text, names):
    assert set(found(tenant.actor, Search(text=text))) == {mugs[name] for name in names}


# The meaning once more, in a few lines.

_APART = re.compile("[\x01-/:-@\\[-`{-\xbf\u2000-\u206f\u3000-\u303f\ufeff]+")


def words(text: str) -> list[str]:
    return [word for word in _APART.split(text.lower()) if word]


def meant(text: str, fields: list[str]) -> bool:
    def has(asked: list[str], exact: bool) -> bool:
        for field in map(words, fields):
            for at in range(len(field) - len(asked) + 1):
                run = field[at : at + len(asked)]
                last = run[-1] == asked[-1] if exact else run[-1].startswith(asked[-1])
                if run[:-1] == asked[:-1] and last:
                    return True
        return False

    for no, phrase, no_word, word in re.findall(r'(-?)"([^"]*)"?|(-?)(\S+)', text):
        asked = words(word or phrase)
        if asked and has(asked, exact=not word) == bool(no or no_word):
            return False
    return True


_SIGNS = st.text(alphabet="aäbß01 -_.\"'\\:*&|!()<>,%\u2013\u00e9Éé\t\n", max_size=24)


@pytest.fixture(scope="module")
def shelf(server):
    """A person with pictures of all kinds of words, for many examples."""
    import psycopg
    from django.db import transaction

    from packshot.foundation.accounts.models import User
    from packshot.foundation.organizations.commands import open_personal

    with transaction.atomic():
        user = User.objects.create_user(f"{uuid7()}@example.com", "a long enough password", name="P")
        actor = Actor(user.id, open_personal(user.id, "S"))
    texts = [
        ("a", "b"), ("ab", "ba"), ("a b", "0 1"), ("a-b", "b_a.01"), ("äb", "É a"), ("b a b", "aa"), ("0", "01 10"),
        ("a.b 0", "x"), ("ß", "a a"), ("", "b0"), ("a'b", 'a"b'), ("a\\b", "a:b*"),
    ]  # fmt: skip
    with psycopg.connect(server.database_url, autocommit=True) as admin:
        fields = {
            add(admin, actor.organization_id, prompt=prompt, name=name or "n"): [prompt, name or "n"]
            for prompt, name in texts
        }
    return actor, fields


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_SIGNS)
def test_whatever_is_typed_means_the_same_as_in_the_model(shelf, text):
    actor, fields = shelf
    assert set(found(actor, Search(text=text))) == {each for each, has in fields.items() if meant(text, has)}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80), tag=st.text(max_size=20), name=st.text(max_size=20))
def test_nothing_that_can_be_typed_is_an_error(shelf, text, tag, name):
    actor, _ = shelf
    queries.page(actor, Search(text=text, tags=(tag,), models=(name,), operations=(name,)))


@pytest.mark.parametrize(
    ("search", "names"),
    [
        (Search(kinds=("photo",)), {"file"}),
        (Search(kinds=("photo", "video")), {"file", "product"}),
        (Search(operations=("video",)), {"product"}),
        (Search(models=("local-scene", "other")), {"prompt"}),
        (Search(tags=("summer",)), {"title"}),
        (Search(tags=("Summer", "sale")), {"title"}),
        (Search(tags=("summer", "winter")), set()),
        (Search(tags=("summ",)), set()),
        (Search(kinds=("picture",), text="mug"), {"prompt"}),
        (Search(trash=True), set()),
        (Search(favourite=True), set()),
        (Search(pinned=True), set()),
        (Search(reviews=("undecided",)), {"file", "prompt", "title", "product"}),
        (Search(reviews=("approved", "rejected")), set()),
        (Search(until=datetime.now(UTC) - timedelta(days=1)), set()),
        (Search(since=datetime.now(UTC) - timedelta(days=1)), {"file", "prompt", "title", "product"}),
        (Search(ratios=("1:1",)), {"file", "prompt", "title", "product"}),
        (Search(ratios=("16:9",)), set()),
    ],
)
def test_facts_narrow_it(tenant, mugs, search, names):
    assert set(found(tenant.actor, search)) == {mugs[name] for name in names}
    assert queries.count(tenant.actor, search) == Count(len(names), more=False)


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ((1000, 1000), "1:1"), ((1000, 1019), "1:1"), ((800, 1000), "4:5"), ((1080, 1920), "9:16"),
        ((1920, 1080), "16:9"), ((3000, 1000), "landscape"), ((1000, 3000), "portrait"), ((1000, 1100), "portrait"),
        ((4032, 3024), "4:3"), ((6000, 4000), "3:2"),
    ],
)  # fmt: skip
def test_a_shape_has_a_name(tenant, admin, size, ratio):
    each = add(admin, tenant.organization_id, width=size[0], height=size[1])
    assert [name for name in RATIOS if found(tenant.actor, Search(ratios=(name,))) == [each]] == [ratio]


def test_colours_reviews_people_and_pins(tenant, admin, new_tenant):
    organization = tenant.organization_id
    red = add(admin, organization, colours=["red", "white"], created_by=tenant.user_id)
    other = member(admin, organization, new_tenant)
    blue = add(admin, organization, colours=["blue"], favourite=True, created_by=other.user_id)
    assert found(tenant.actor, Search(colours=("white", "black"))) == [red]
    assert found(tenant.actor, Search(favourite=True)) == [blue]
    assert found(tenant.actor, Search(by=(other.user_id,))) == [blue]
    assert set(found(tenant.actor, Search(by=(other.user_id, tenant.user_id)))) == {red, blue}
    facets = queries.facets(tenant.actor)
    assert {person.id for person in facets.people} == {tenant.user_id, other.user_id}


def test_facets_are_those_of_pictures_that_are_seen(tenant, admin, new_tenant):
    organization = tenant.organization_id
    secret = board(tenant.actor, "Secret")
    add(admin, organization, model="m-2", tags=["b", "a"])
    add(admin, organization, model="m-1", tags=["b"])
    add(admin, organization, model="m-3", tags=["hidden", "b"], board_id=secret)
    add(admin, organization, model="m-4", tags=["gone"], deleted_at="2026-01-01")
    other = member(admin, organization, new_tenant)
    invite(admin, organization, secret, tenant.actor, "owner")
    assert queries.facets(tenant.actor).tags == ("a", "b", "hidden")
    assert (queries.facets(other).tags, queries.facets(other).models) == (("a", "b"), ("m-1", "m-2"))


def test_pages_follow_one_another_in_both_orders(tenant, admin):
    ids = [add(admin, tenant.organization_id, prompt="mug") for _ in range(7)]
    for search, order in ((Search(text="mug"), ids[::-1]), (Search(order="oldest"), ids)):
        seen: list[UUID] = []
        while page := queries.page(tenant.actor, search, seen[-1] if seen else None, limit=3):
            seen += [view.id for view in page]
        assert seen == order
    assert queries.newest(tenant.actor, Search(order="oldest")) == ids[-1]


def test_counts_stop_at_their_cap(tenant, admin):
    ids = [add(admin, tenant.organization_id) for _ in range(5)]
    assert queries.count(tenant.actor, Search(), cap=4) == Count(4, more=True)
    assert queries.count(tenant.actor, Search(), cap=5) == Count(5, more=False)
    assert queries.count(tenant.actor, Search(), cap=None) == Count(5, more=False)
    everything = Selection(search=Search(), upto=ids[3], but=(ids[0],))
    assert queries.count_selected(tenant.actor, everything) == Count(3, more=False)
    assert queries.count_selected(tenant.actor, Selection(ids=(ids[0], uuid7()))) == Count(1, more=False)


def test_who_does_not_see_a_board_finds_nothing_of_it(tenant, admin, new_tenant):
    organization = tenant.organization_id
    secret = board(tenant.actor, "Secret")
    hidden = add(admin, organization, prompt="mug", board_id=secret, phash=1)
    shown = add(admin, organization, prompt="mug", phash=2)
    other = member(admin, organization, new_tenant)
    invite(admin, organization, secret, tenant.actor, "owner")
    assert found(other, Search(text="mug")) == [shown]
    assert found(other, Search(board=secret)) == []
    assert queries.count(other, Search()).number == 1
    assert queries.count_selected(other, Selection(ids=(hidden, shown))).number == 1
    assert set(found(tenant.actor, Search(text="mug"))) == {hidden, shown}
    with pytest.raises(NotFound):
        queries.page(other, Search(like=hidden))
    with pytest.raises(NotFound):
        queries.lineage(other, hidden)
    stranger = new_tenant()
    for search in (Search(), Search(text="mug"), Search(board=secret), Search(trash=True)):
        assert found(stranger.actor, search) == []


def test_rejected_uploads_are_not_shown_and_new_ones_are(tenant, admin):
    new = add(admin, tenant.organization_id, state="new")
    bad = add(admin, tenant.organization_id)
    admin.execute(
        "update public.assets_asset set state = 'rejected', reject_reason = 'x' where id = %s", [bad]
    )
    assert found(tenant.actor, Search()) == [new]


def test_pictures_that_look_alike(tenant, admin, login):
    organization = tenant.organization_id
    hashes = [0x0123456789ABCDEF, 0x0123456789ABCDEE, 0x0123456789ABCD00, -1, 0x0123456789ABCDEF ^ 0x7F]
    ids = [add(admin, organization, phash=each) for each in hashes]
    add(admin, organization)
    assert set(found(tenant.actor, Search(like=ids[0]))) == {ids[1], ids[4]} | (
        {ids[2]} if (hashes[0] ^ hashes[2]).bit_count() <= 10 else set()
    )
    assert found(tenant.actor, Search(like=ids[3])) == []
    worker = login("packshot_worker")
    while worker.execute("select public.assets_liken_v1(1000)").fetchone()[0]:
        pass
    groups = queries.duplicates(tenant.actor)
    assert [{view.id for view in group.pictures} for group in groups] == [{ids[0], ids[1]}, {ids[2], ids[4]}]
    assert queries.duplicates(tenant.actor, after=groups[0].group) == groups[1:]
    assert queries.duplicates(tenant.actor, after=groups[1].group) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 63), max_size=7))
def test_hashes_that_differ_in_seven_bits_are_always_found(server, bits):
    import psycopg

    with psycopg.connect(server.database_url) as admin:
        organization, phash = uuid7(), -(2**62) + 12345
        other = phash
        for bit in bits:
            other ^= -(2**63) if bit == 63 else 1 << bit
        met = admin.execute(
            "select public.assets_bands_v1(%s, %s) && public.assets_probes_v1(%s, %s),"
            " bit_count((%s::bigint # %s::bigint)::bit(64))",
            [organization, other, organization, phash, other, phash],
        ).fetchone()
    assert met == (True, len(bits))


def test_lineage_reads_up_and_down(tenant, admin):
    organization = tenant.organization_id
    photo = add(admin, organization, origin="upload", product="Mug")
    cut = add(admin, organization, parent_id=photo)
    scene = add(admin, organization, parent_id=cut)
    edit, other = add(admin, organization, parent_id=scene), add(admin, organization, parent_id=scene)
    beside = add(admin, organization, parent_id=photo)
    tree = queries.lineage(tenant.actor, cut)
    assert [(each.picture.id, each.depth) for each in tree] == [
        (photo, -1), (cut, 0), (scene, 1), (edit, 2), (other, 2)
    ]  # fmt: skip
    assert {each.picture.product for each in tree} == {"Mug"}
    assert beside not in {each.picture.id for each in tree}
    admin.execute("update public.assets_asset set deleted_at = now() where id = %s", [scene])
    assert [each.picture.id for each in queries.lineage(tenant.actor, cut)] == [photo, cut, edit, other]


def test_pinned_pictures_come_first_by_their_pins(tenant, admin):
    here = board(tenant.actor)
    ids = [add(admin, tenant.organization_id, board_id=here) for _ in range(3)]
    for each in (ids[2], ids[0]):
        admin.execute("update public.assets_asset set pinned_at = clock_timestamp() where id = %s", [each])
    assert [view.id for view in queries.pinned(tenant.actor, here)] == [ids[0], ids[2]]
    assert set(found(tenant.actor, Search(board=here, pinned=True))) == {ids[0], ids[2]}


SEARCHES = st.builds(
    Search,
    board=st.none() | st.uuids(),
    text=st.text(alphabet='abc -"&=?ä', max_size=20).map(str.strip),
    kinds=st.sets(st.sampled_from(KINDS)).map(lambda s: tuple(k for k in KINDS if k in s)),
    operations=st.lists(st.sampled_from(["edit", "upscale"]), unique=True).map(tuple),
    models=st.lists(st.sampled_from(["local-scene", "mock-scene"]), unique=True).map(tuple),
    reviews=st.sets(st.sampled_from(REVIEWS)).map(lambda s: tuple(k for k in REVIEWS if k in s)),
    favourite=st.booleans(),
    pinned=st.booleans(),
    tags=st.lists(st.sampled_from(["summer", "a b", "ä&=?"]), unique=True).map(tuple),
    colours=st.sets(st.sampled_from(COLOURS)).map(lambda s: tuple(k for k in COLOURS if k in s)),
    ratios=st.sets(st.sampled_from(RATIOS)).map(lambda s: tuple(k for k in RATIOS if k in s)),
    since=st.none()
    | st.integers(0, 10**9).map(lambda s: datetime(2020, 1, 2, tzinfo=UTC) + timedelta(seconds=s)),
    until=st.none() | st.dates().map(lambda d: datetime(2025, d.month, min(d.day, 28), tzinfo=UTC)),
    by=st.lists(st.uuids(), max_size=2, unique=True).map(tuple),
    trash=st.booleans(),
    like=st.none() | st.uuids(),
    order=st.sampled_from(["newest", "oldest"]),
)


@settings(max_examples=200)
@given(SEARCHES)
def test_an_address_says_its_search(search):
    assert from_query(QueryDict(to_query(search))) == search


@pytest.mark.parametrize(
    "query",
    ["kind=film", "review=maybe", "colour=mauve", "ratio=7:9", "order=best", "board=x", "by=x", "like=1",
     "since=yesterday", "until=2026-13-01", "favourite=yes", "trash=2", "model=A%20B", "op=%00", "until=9999-12-31"],
)  # fmt: skip
def test_what_an_address_cannot_mean_is_refused(query):
    with pytest.raises(Invalid):
        from_query(QueryDict(query))


def test_other_names_in_an_address_are_let_be():
    assert from_query(QueryDict("after=x&page=2&q=&kind=")) == Search()
    assert to_query(Search()) == ""


def test_the_end_of_a_day_is_meant_by_until():
    search = from_query(QueryDict("since=2026-11-01&until=2026-11-20"))
    assert (search.since, search.until) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 11, 21, tzinfo=UTC),
    )


def test_a_long_text_is_cut_and_many_terms_are_too():
    assert len(parse("a " * 1000)) == 32
    assert len(parse("x" * 1000)[0].text) == 400


def test_a_word_is_common_or_rare_in_one_organization(admin, new_tenant):
    """Of that many of its newest pictures, and not of everybody's."""
    person, other = new_tenant(), new_tenant()
    seed(admin, other, board(other.actor), 300, prompt="a kitchen scene")
    seed(admin, person, board(person.actor), 300, prompt="a studio shot")
    (rare,) = seed(admin, person, board(person.actor), 1, prompt="zephyr")

    def common(text: str) -> bool:
        asked = [person.organization_id, Jsonb(described(Search(text=text)))]
        (answer,) = admin.execute("select public.assets_common_v1(%s, %s)", asked).fetchone()
        return answer

    assert common("studio")
    assert not common("zephyr")
    assert not common("kitchen")
    assert not common("")
    assert found(person.actor, Search(text="zephyr")) == [rare]
    assert queries.count(person.actor, Search(text="studio"), 100) == Count(100, True)
