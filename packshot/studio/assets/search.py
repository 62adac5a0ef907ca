"""A search as people type it, as an address says it, and as the database takes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from packshot.errors import Invalid
from packshot.studio.assets.contracts import COLOURS, KINDS, ORDERS, RATIOS, REVIEWS, Search, Selection

TEXT_LENGTH = 400
_MOST_TERMS = 32
_MOST_VALUES = 50
_TERM = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+)')
_NAME = re.compile(r"[a-z0-9][a-z0-9._/-]{0,79}")

Value = TypeVar("Value", bound=str)


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase of what was typed. Signs within it part it into words, which then stand side by side."""

    text: str
    exact: bool
    """In quotes; else the last word is only the beginning of one."""
    no: bool
    """It must not be there."""


def parse(text: str) -> tuple[Term, ...]:
    """The terms of what a person typed; whatever it is, it means something and is no error."""
    found = []
    for no_phrase, phrase, no_word, word in _TERM.findall(_clean(text)[:TEXT_LENGTH]):
        term = Term(word or phrase, exact=not word, no=bool(no_phrase or no_word))
        if term.text.strip():
            found.append(term)
    return tuple(found[:_MOST_TERMS])


def described(search: Search) -> dict[str, Any]:
    """The search as the SQL functions of this room take it; see sql/search.sql."""
    terms = [{"text": term.text, "exact": term.exact, "not": term.no} for term in parse(search.text)]
    asked: dict[str, Any] = {
        "board": _text(search.board),
        "terms": terms,
        "kinds": list(search.kinds),
        "operations": _cleaned(search.operations),
        "models": _cleaned(search.models),
        "reviews": list(search.reviews),
        "favourite": search.favourite,
        "pinned": search.pinned,
        "tags": [tag.strip().lower() for tag in _cleaned(search.tags)],
        "colours": list(search.colours),
        "ratios": list(search.ratios),
        "since": None if search.since is None else search.since.isoformat(),
        "until": None if search.until is None else search.until.isoformat(),
        "by": [str(person) for person in search.by],
        "trash": search.trash,
        "like": _text(search.like),
        "order": search.order,
    }
    return {name: value for name, value in asked.items() if value not in (None, [], False)} | {"terms": terms}


def selected(selection: Selection) -> dict[str, Any]:
    """The selection as the SQL functions of this room take it."""
    if selection.search is None:
        return {"ids": [str(each) for each in selection.ids]}
    return {
        "search": described(selection.search),
        "upto": _text(selection.upto),
        "but": [str(each) for each in selection.but],
    }


def from_query(query: QueryDict) -> Search:
    """The search that an address asks for. Raises Invalid for a value that means nothing; other names are let be."""
    order = query.get("order", "newest")
    if order not in ORDERS:
        raise _unknown("order", order)
    return Search(
        board=_id(query, "board"),
        text=_clean(query.get("q", ""))[:TEXT_LENGTH].strip(),
        kinds=_of(query, "kind", KINDS),
        operations=_names(query, "op"),
        models=_names(query, "model"),
        reviews=_of(query, "review", REVIEWS),
        favourite=_yes(query, "favourite"),
        pinned=_yes(query, "pinned"),
        tags=tuple(_clean(tag).strip().lower()[:40] for tag in _values(query, "tag")),
        colours=_of(query, "colour", COLOURS),
        ratios=_of(query, "ratio", RATIOS),
        since=_moment(query, "since"),
        until=_moment(query, "until"),
        by=tuple(_uuid("by", value) for value in _values(query, "by")),
        trash=_yes(query, "trash"),
        like=_id(query, "like"),
        order=order,
    )


def to_query(search: Search) -> str:
    """The address's query for this search: empty for one that asks for nothing; always the same for the same."""
    pairs: list[tuple[str, object]] = [("q", search.text), ("board", search.board)]
    many: Iterable[tuple[str, Sequence[object]]] = (
        ("kind", search.kinds),
        ("op", search.operations),
        ("model", search.models),
        ("review", search.reviews),
        ("tag", search.tags),
        ("colour", search.colours),
        ("ratio", search.ratios),
        ("by", search.by),
    )
    pairs += [(name, value) for name, values in many for value in values]
    pairs += [
        ("since", _said(search.since)),
        ("until", _said(search.until, last=True)),
        ("like", search.like),
    ]
    flags = (("favourite", search.favourite), ("pinned", search.pinned), ("trash", search.trash))
    pairs += [(name, "1") for name, is_set in flags if is_set]
    if search.order != "newest":
        pairs.append(("order", search.order))
    return urlencode([(name, str(value)) for name, value in pairs if value not in (None, "")])


def _values(query: QueryDict, name: str) -> list[str]:
    """Each value once, in the order of the address."""
    return list(dict.fromkeys(value for value in query.getlist(name) if value.strip()))[:_MOST_VALUES]


def _of(query: QueryDict, name: str, known: Sequence[Value]) -> tuple[Value, ...]:
    values = _values(query, name)
    for value in values:
        if value not in known:
            raise _unknown(name, value)
    return tuple(value for value in known if value in values)


def _names(query: QueryDict, name: str) -> tuple[str, ...]:
    """Models and operations: what the catalogue has is its own affair, but it is written like a name."""
    values = _values(query, name)
    for value in values:
        if not _NAME.fullmatch(value):
            raise _unknown(name, value)
    return tuple(values)


def _yes(query: QueryDict, name: str) -> bool:
    value = query.get(name, "")
    if value not in ("", "0", "1"):
        raise _unknown(name, value)
    return value == "1"


def _id(query: QueryDict, name: str) -> UUID | None:
    value = query.get(name, "")
    return _uuid(name, value) if value else None


def _uuid(name: str, value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise _unknown(name, value) from None


def _moment(query: QueryDict, name: str) -> datetime | None:
    """A day, of which `since` means the beginning and `until` the end, or a moment. In UTC where it does not say."""
    value = query.get(name, "")
    if not value:
        return None
    try:
        if len(value) == len("2026-11-20"):
            day = date.fromisoformat(value) + timedelta(days=1 if name == "until" else 0)
            return datetime.combine(day, time(), UTC)
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _unknown(name, value) from None


def _said(moment: datetime | None, *, last: bool = False) -> str:
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    if moment.time() != time():
        return moment.isoformat()
    return (moment.date() - timedelta(days=1 if last else 0)).isoformat()


def _unknown(name: str, value: str) -> Invalid:
    return Invalid(
        _("The address asks for something unknown: %(name)s.") % {"name": name}, field=name, value=value
    )


def _cleaned(values: Sequence[str]) -> list[str]:
    return [_clean(value) for value in values]


def _clean(text: str) -> str:
    """Without what a database cannot keep: the zero sign, and halves of characters."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
