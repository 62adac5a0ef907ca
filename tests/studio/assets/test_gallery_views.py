"""Galleries over HTTP: what their parts show, what a form may do, and to whose pictures."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from uuid_utils.compat import uuid7

from packshot.studio.assets import queries
from packshot.studio.assets.contracts import Search
from packshot.studio.boards import commands as boards
from packshot.studio.boards import queries as shown_boards
from tests.studio.assets.seed import seed
from tests.web.conftest import signed_in

HTMX = {"HX-Request": "true"}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def visit(tenant) -> Client:
    return signed_in(tenant)


@pytest.fixture
def board(tenant) -> UUID:
    board_id = uuid7()
    boards.create(tenant.actor, board_id, "Mugs")
    return board_id


def cells(html: str) -> list[str]:
    return re.findall(r'data-cell="([0-9a-f-]{36})"', html)


def text(response) -> str:
    return response.content.decode()


def test_the_library_begins_with_the_newest_sixty(visit, board, admin):
    ids = seed(admin, visit.tenant, board, 130)
    html = text(visit.get(reverse("library")))
    assert cells(html) == [str(each) for each in ids[::-1][:60]]
    assert "130 pictures" in html
    assert 'aria-current="page"' in html


def test_its_parts_follow_each_other_without_a_gap(visit, board, admin):
    ids = [str(each) for each in seed(admin, visit.tenant, board, 130)][::-1]
    found, after = [], ""
    for _round in range(3):
        html = text(visit.get(reverse("pictures-page"), {"after": after} if after else {}, headers=HTMX))
        assert ("data-more" in html) == (_round < 2)
        found += cells(html)
        after = found[-1]
    assert found == ids


def test_an_empty_library_teaches(visit):
    html = text(visit.get(reverse("library")))
    assert "No pictures yet" in html
    assert "The trash is empty" in text(visit.get(reverse("library") + "?trash=1"))
    assert "Nothing matches" in text(visit.get(reverse("library") + "?q=nothing"))


def test_the_search_form_gets_results_and_the_address_that_says_what_is_shown(visit, board, admin):
    seed(admin, visit.tenant, board, 3, prompt="a red mug")
    form = {"q": "mug", "colour": ["red"], "since": "", "until": "", "order": "newest"}
    response = visit.get(reverse("library"), form, headers=HTMX)
    assert response["HX-Push-Url"] == "/library?q=mug&colour=red"
    html = text(response)
    assert "<html" not in html
    assert 'href="/library?q=mug"' in html  # the colour's chip leads to where it is not asked for


def test_what_the_address_does_not_know_is_refused_in_words(visit):
    response = visit.get(reverse("library") + "?colour=plaid")
    assert response.status_code == 422
    assert visit.get(reverse("pictures-page") + "?after=no").status_code == 422


def test_the_count_is_capped_and_exact_when_asked(visit, board, admin):
    ids = seed(admin, visit.tenant, board, 1_003)
    answer = visit.get(reverse("pictures-count")).json()
    assert answer == {"number": 1000, "more": True, "words": "1,000+ pictures", "upto": str(ids[-1])}
    assert visit.get(reverse("pictures-count") + "?exact=1").json()["number"] == 1_003


def test_a_change_is_told_with_an_undo_that_works(visit, board, admin):
    ids = [str(each) for each in seed(admin, visit.tenant, board, 3)]
    response = visit.post(
        reverse("pictures-change"), {"action": "trash", "ids": " ".join(ids[:2])}, headers=HTMX
    )
    assert "2 pictures are in the trash for 30 days." in text(response)
    assert json.loads(response["HX-Trigger"])["studio:changed"]["action"] == "trash"
    assert cells(text(visit.get(reverse("library")))) == [ids[2]]
    trash = text(visit.get(reverse("library") + "?trash=1"))
    assert sorted(cells(trash)) == sorted(ids[:2])
    assert "30 days left" in trash
    [undo] = re.findall(r'hx-post="(/library/changes/[0-9a-f-]+/undo)"', text(response))
    assert "Undone for 2 pictures." in text(visit.post(undo, headers=HTMX))
    assert len(cells(text(visit.get(reverse("library"))))) == 3


def test_everything_but_one_is_described_not_listed(visit, board, admin):
    ids = [str(each) for each in seed(admin, visit.tenant, board, 70)]
    later = seed(admin, visit.tenant, board, 1)[0]
    form = {"action": "tag", "value": "spring", "search": "", "upto": ids[-1], "but": ids[0]}
    assert "69 pictures tagged spring." in text(visit.post(reverse("pictures-change"), form, headers=HTMX))
    tagged = {view.id for view in queries.page(visit.tenant.actor, Search(tags=("spring",)), limit=100)}
    assert tagged == {UUID(each) for each in ids[1:]}
    assert later not in tagged


@pytest.mark.parametrize("form", [{}, {"ids": ""}, {"ids": "no"}, {"search": "colour=plaid"}])
def test_a_form_without_a_selection_does_nothing(visit, form):
    response = visit.post(reverse("pictures-change"), {"action": "trash", **form}, headers=HTMX)
    assert response.status_code == 422


def test_what_nobody_knows_cannot_be_done(visit, board, admin):
    [one] = seed(admin, visit.tenant, board, 1)
    assert visit.post(reverse("pictures-change"), {"action": "burn", "ids": str(one)}).status_code == 422
    assert visit.post(reverse("pictures-change"), {"action": "trash", "ids": NOBODY}).status_code == 404


def test_pictures_are_moved_to_a_board_that_is_opened_for_them(visit, board, admin):
    ids = [str(each) for each in seed(admin, visit.tenant, board, 2)]
    form = {"action": "move", "ids": " ".join(ids), "title": "Autumn"}
    assert "2 pictures moved to Autumn." in text(visit.post(reverse("board-put"), form, headers=HTMX))
    actor = visit.tenant.actor
    [autumn] = [each for each in shown_boards.home(actor) if each.title == "Autumn"]
    html = text(visit.get(reverse("board-gallery", args=[autumn.slug])))
    assert sorted(cells(html)) == sorted(ids)
    again = text(visit.get(reverse("board-choose"), {"action": "copy", "q": "autu"}, headers=HTMX))
    assert str(autumn.id) in again
    form = {"action": "copy", "ids": ids[0], "board": str(board)}
    assert "1 picture copied to Mugs." in text(visit.post(reverse("board-put"), form, headers=HTMX))
    assert visit.post(reverse("board-put"), form | {"board": NOBODY}).status_code == 404
    assert visit.post(reverse("board-put"), form | {"board": ""}).status_code == 422


def test_pinned_pictures_come_first_on_their_board(visit, board, admin):
    ids = seed(admin, visit.tenant, board, 3)
    visit.post(reverse("pictures-change"), {"action": "pin", "ids": str(ids[0])})
    slug = shown_boards.slugs(visit.tenant.actor, [board])[board]
    html = text(visit.get(reverse("board-gallery", args=[slug])))
    assert 'id="pinned-title"' in html
    assert cells(html)[0] == str(ids[0])
    assert 'id="pinned-title"' not in text(visit.get(reverse("board-gallery", args=[slug]) + "?q=mug"))


def test_a_view_is_saved_renamed_deleted_and_brought_back(visit):
    def names() -> list[str]:
        return [view.name for view in queries.views(visit.tenant.actor)]

    visit.post(reverse("view-create"), {"name": "Reds", "query": "colour=red"}, headers=HTMX)
    [view] = queries.views(visit.tenant.actor)
    html = text(visit.get(reverse("library") + "?colour=red"))
    assert reverse("view-rename", args=[view.id]) in html
    visit.post(reverse("view-rename", args=[view.id]), {"name": "Red ones"}, headers=HTMX)
    assert names() == ["Red ones"]
    told = text(visit.post(reverse("view-delete", args=[view.id]), headers=HTMX))
    assert names() == []
    fields = dict(re.findall(r'name="(id|name|query|position)" value="([^"]*)"', told.split("toasts")[1]))
    assert "is back" in text(visit.post(reverse("view-restore"), fields, headers=HTMX))
    assert names() == ["Red ones"]


def test_the_export_dialog_shows_the_first_names_and_says_what_is_wrong(visit, board, admin):
    ids = seed(admin, visit.tenant, board, 4, prompt="mug")
    form = {"ids": " ".join(str(each) for each in ids), "as": "jpeg", "name": "{n}-{board}", "again": "1"}
    html = text(visit.post(reverse("export-ask"), form, headers=HTMX))
    assert re.findall(r"<li>(.*?)</li>", html) == ["1-Mugs.jpg", "2-Mugs.jpg", "3-Mugs.jpg"]
    dialog = text(
        visit.post(reverse("export-ask"), {"search": "", "upto": str(ids[-1]), "but": ""}, headers=HTMX)
    )
    assert "<dialog" in dialog
    assert dialog.count("<li>photo") == 3
    html = text(visit.post(reverse("export-ask"), form | {"name": "{nonsense}"}, headers=HTMX))
    assert "nonsense" in html
    started = text(visit.post(reverse("export-start"), form, headers=HTMX))
    assert 'kind="export"' in started


@pytest.mark.parametrize(
    "name", ["pictures-page", "pictures-count", "library", "library-duplicates", "board-choose"]
)
def test_a_stranger_is_asked_to_sign_in(name):
    assert Client().get(reverse(name))["Location"].startswith("/sign-in")


def test_anothers_pictures_are_not_there(visit, board, admin, new_tenant):
    ids = [str(each) for each in seed(admin, visit.tenant, board, 2)]
    other = signed_in(new_tenant())
    assert cells(text(other.get(reverse("library")))) == []
    for action in ("trash", "favourite", "pin"):
        assert other.post(reverse("pictures-change"), {"action": action, "ids": ids[0]}).status_code == 404
    assert other.post(reverse("bulk-order"), {"operation": "upscale", "ids": ids[0]}).status_code == 404
    assert other.post(reverse("export-start"), {"ids": ids[0]}).status_code in (404, 422)
    assert sorted(cells(text(visit.get(reverse("library"))))) == sorted(ids)
