"""What the palette finds, and for whom."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse
from uuid_utils.compat import uuid7

from packshot.studio.assets import commands as assets
from packshot.studio.boards import commands, queries
from packshot.web.palette import PLACES, SHOWN
from tests.test_tenancy_matrix import picture

HTMX = {"HX-Request": "true"}


def titles(visit, text: str) -> list[str]:
    answer = visit.get(reverse("palette"), {"q": text}, headers=HTMX)
    assert answer.status_code == 200
    return [html.unescape(name) for name in re.findall(r'palette-name">([^<]*)<', answer.content.decode())]


def test_all_words_must_be_there_in_any_order_and_case(visit):
    actor = visit.tenant.actor
    for title in ("Summer bottles", "Winter bottles", "100% <b>wool</b>"):
        commands.create(actor, uuid7(), title)
    assert titles(visit, "BOTTLES summer") == ["Summer bottles"]
    assert titles(visit, "bott") == ["Winter bottles", "Summer bottles"]
    assert titles(visit, "100%") == ["100% <b>wool</b>"]
    assert titles(visit, "1_0") == []
    assert titles(visit, "x" * 5000) == []


def test_without_words_it_offers_what_was_worked_on_last(visit):
    for number in range(SHOWN + 2):
        commands.create(visit.tenant.actor, uuid7(), f"Board {number}")
    assert titles(visit, "  ") == [f"Board {number}" for number in range(SHOWN + 1, 1, -1)]


def test_nobody_finds_what_is_anothers(visitor):
    mine, other = visitor(), visitor()
    commands.create(other.tenant.actor, uuid7(), "Secret launch")
    assert titles(other, "launch") == ["Secret launch"]
    assert titles(mine, "launch") == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.address)
def test_every_place_can_be_gone_to(visit, place):
    assert visit.get(place.address).status_code in (200, 302)


def test_no_place_is_named_twice():
    assert len({place.address for place in PLACES}) == len(PLACES)


def test_the_inbox_is_gone_to_once_there_is_one(visit):
    assert visit.get(reverse("inbox")).headers["Location"] == reverse("home")
    assets.upload(visit.tenant.actor, data=picture(), filename="loose.png")
    card = queries.inbox(visit.tenant.actor)
    assert card is not None
    assert visit.get(reverse("inbox")).headers["Location"] == reverse("board", args=[card.board.slug])


def test_the_components_are_shown_in_debug_alone(visit):
    assert visit.get(reverse("components")).status_code == 404
