"""What a gallery's page shows around its pictures: filters, what is asked for, counts, saved views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.db.sql import call
from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Invalid
from packshot.studio.assets import queries
from packshot.studio.assets.contracts import (
    COLOURS,
    KINDS,
    RATIOS,
    REVIEWS,
    Count,
    ExportSpec,
    Facets,
    Search,
    Selection,
)
from packshot.studio.assets.exporting import Names, item_of
from packshot.studio.assets.search import from_query, selected, to_query
from packshot.studio.assets.templatetags.gallery import colour

PAGE = 60
COUNTED = 1_000
"""More pictures than these are counted only when somebody asks."""
SIZES = ("1", "2", "3", "4")
USUAL_SIZE = "3"
OPERATIONS = ("generate", "remove_background", "upscale", "edit", "video")
PREVIEWED = 3
Carrying = Literal["move", "copy"]
"""What takes pictures to a board."""
MOST_PICKED = 10_000
"""Pictures that one form may name one by one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One check of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """Checks of which several may be set."""

    name: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def wide(self) -> bool:
        """Whether its choices stand in lines over the panel's whole width."""
        return self.name == "tag" or len(self.choices) > len(OPERATIONS)


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that is asked for, and the address at which it is not."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Place:
    """Which gallery: the whole library, or one board's. `board` is asked for by the place, not by the form."""

    address: str
    board: UUID | None = None

    def search(self, query: QueryDict) -> Search:
        """What the address asks for here. Raises Invalid."""
        found = from_query(query)
        return found if self.board is None else replace(found, board=self.board)

    def at(self, search: Search) -> str:
        """The address that shows this search here."""
        query = to_query(search if self.board is None else replace(search, board=None))
        return f"{self.address}?{query}" if query else self.address


def context(
    actor: Actor,
    request: HttpRequest,
    place: Place,
    search: Search,
    *,
    heading: str,
    models: Mapping[str, str],
) -> dict[str, Any]:
    """All that `assets/_results.html` and its surroundings show of a search. `models` are the titles of models."""
    after = one_id(request.GET.get("after", ""))
    found = queries.page(actor, search, after=after, limit=PAGE + 1)
    pictures, more = found[:PAGE], len(found) > PAGE
    count = queries.count(actor, search, COUNTED)
    query = to_query(search)
    facets = queries.facets(actor)
    pinned_here = search.board is not None and search == Search(board=search.board) and after is None
    return {
        "place": place.address,
        "search": search,
        "here": place.at(search),
        "query": query,
        "heading": heading,
        "pictures": pictures,
        "more": more,
        "pinned": queries.pinned(actor, search.board) if pinned_here and search.board else [],
        "count_words": counted(count),
        "total": count.number,
        "page_address": _with(reverse("pictures-page"), query),
        "count_address": _with(reverse("pictures-count"), query),
        "next_address": _with(place.at(search), f"after={pictures[-1].id}") if more else "",
        "filters": filters(search, facets, models),
        "chips": chips(place, search, facets, models),
        "cleared": place.at(Search(trash=search.trash)),
        "last_day": None if search.until is None else search.until - timedelta(microseconds=1),
        "cells_size": cells_size(request),
        "views": queries.views(actor),
    }


def page(actor: Actor, query: QueryDict) -> dict[str, Any]:
    """One part of a list. Raises Invalid."""
    search = from_query(query)
    found = queries.page(actor, search, after=one_id(query.get("after", "")), limit=PAGE + 1)
    return {"search": search, "pictures": found[:PAGE], "more": len(found) > PAGE}


def selection_of(form: QueryDict) -> Selection:
    """What a form says is picked: ids between blanks, or a search with `upto` and `but`. Raises Invalid."""
    if "search" not in form:
        picked = _ids(form.get("ids", ""))
        if not picked:
            raise Invalid(_("Select a picture first."))
        return Selection(ids=picked)
    search = from_query(QueryDict(str(form["search"])))
    return Selection(search=search, upto=one_id(form.get("upto", "")), but=_ids(form.get("but", "")))


def file_names(actor: Actor, selection: Selection, spec: ExportSpec) -> list[str]:
    """What the first files of an export would be called."""
    if selection.search is None:
        ids = selection.ids[:PREVIEWED]
    else:
        ids = tuple(view.id for view in queries.page(actor, selection.search, limit=PREVIEWED))
    with acting_as(actor):
        found = call("assets_packed_v1", selected(Selection(ids=ids)), PREVIEWED)
    names = Names(spec)
    return [names.next(item_of(row)) for row in found or []]


def counted(count: Count) -> str:
    """'12 pictures', '1,000+ pictures'."""
    number = formats.number_format(count.number, force_grouping=True) + ("+" if count.more else "")
    words = ngettext("%(number)s picture", "%(number)s pictures", count.number)
    return words % {"number": number}


def cells_size(request: HttpRequest) -> str:
    """How large the pictures are, as the slider was last left; a cookie that the page's script writes."""
    kept = request.COOKIES.get("cells", "")
    return kept if kept in SIZES else USUAL_SIZE


def filters(search: Search, facets: Facets, models: Mapping[str, str]) -> list[Filter]:
    """The checks, set as the search is. A filter with nothing to choose between is left out."""
    people = {str(person.id): person.name for person in facets.people}
    several: list[tuple[str, str, Iterable[str], Iterable[object], Callable[[str], str]]] = [
        ("kind", _("Kind"), KINDS, search.kinds, kind_word),
        ("review", _("Review"), REVIEWS, search.reviews, review_word),
        ("op", _("Made by"), OPERATIONS, search.operations, operation_word),
        ("model", _("Model"), facets.models, search.models, lambda value: models.get(value, value)),
        (
            "by",
            _("Who"),
            people if len(people) > 1 else (),
            search.by,
            lambda value: people.get(value, value),
        ),
        ("colour", _("Colour"), COLOURS, search.colours, colour),
        ("ratio", _("Shape"), RATIOS, search.ratios, ratio_word),
        ("tag", _("Tags"), facets.tags, search.tags, str),
    ]
    found = [_filter(*each) for each in several]
    marks = (
        Choice("favourite", _("Favourites"), search.favourite),
        Choice("pinned", _("Pinned"), search.pinned),
    )
    return [each for each in (Filter("", _("Marked"), marks), *found) if each.choices]


def chips(place: Place, search: Search, facets: Facets, models: Mapping[str, str]) -> list[Chip]:
    """What is asked for, one by one; the words themselves stand in their field."""
    people = {person.id: person.name for person in facets.people}
    named: tuple[tuple[str, Callable[[Any], str]], ...] = (
        ("kinds", kind_word),
        ("reviews", review_word),
        ("operations", operation_word),
        ("models", lambda value: models.get(value, value)),
        ("by", lambda value: people.get(value, _("Somebody"))),
        ("colours", colour),
        ("ratios", ratio_word),
        ("tags", lambda value: f"#{value}"),
    )
    found = [
        Chip(label(value), place.at(_without(search, field, value)))
        for field, label in named
        for value in getattr(search, field)
    ]
    if search.favourite:
        found.append(Chip(_("Favourites"), place.at(replace(search, favourite=False))))
    if search.pinned:
        found.append(Chip(_("Pinned"), place.at(replace(search, pinned=False))))
    if search.since is not None:
        day = formats.date_format(search.since, "DATE_FORMAT")
        found.append(Chip(_("From %(day)s") % {"day": day}, place.at(replace(search, since=None))))
    if search.until is not None:
        day = formats.date_format(search.until - timedelta(microseconds=1), "DATE_FORMAT")
        found.append(Chip(_("To %(day)s") % {"day": day}, place.at(replace(search, until=None))))
    if search.board is not None and place.board is None:
        found.append(Chip(_("On one board"), place.at(replace(search, board=None))))
    if search.like is not None:
        found.append(Chip(_("Like one picture"), place.at(replace(search, like=None))))
    return found


def kind_word(kind: str) -> str:
    return {"photo": _("Photos"), "picture": _("Made pictures"), "video": _("Videos")}[kind]


def review_word(review: str) -> str:
    return {"approved": _("Approved"), "rejected": _("Rejected"), "undecided": _("Undecided")}[review]


def operation_word(operation: str) -> str:
    words = {
        "generate": _("Generated"),
        "remove_background": _("Background removed"),
        "upscale": _("Enlarged"),
        "edit": _("Edited"),
        "video": _("Made into a video"),
    }
    return words.get(operation, operation.replace("_", " ").capitalize())


def ratio_word(ratio: str) -> str:
    return {"portrait": _("Upright"), "landscape": _("Broad")}.get(ratio, ratio)


def _filter(
    name: str, title: str, values: Iterable[str], chosen: Iterable[object], label: Callable[[str], str]
) -> Filter:
    set_ = {str(value) for value in chosen}
    return Filter(name, title, tuple(Choice(value, label(value), value in set_) for value in values))


def _without(search: Search, field: str, value: object) -> Search:
    """The search that does not ask for this value."""
    left: dict[str, Any] = {field: tuple(each for each in getattr(search, field) if each != value)}
    return replace(search, **left)


def one_id(text: str) -> UUID | None:
    """The id in an address's field; None where it is empty. Raises Invalid."""
    return next(iter(_ids(text)), None)


def _ids(text: str) -> tuple[UUID, ...]:
    parts = text.split()
    if len(parts) > MOST_PICKED:
        raise Invalid(_("At most 10,000 pictures can be picked one by one. Select all of them instead."))
    try:
        return tuple(UUID(part) for part in parts)
    except ValueError:
        raise Invalid(_("The address asks for something unknown.")) from None


def _with(address: str, query: str) -> str:
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{query}"


def figure(number: int) -> str:
    """A number as the page's language writes it."""
    return formats.number_format(number, force_grouping=True)
