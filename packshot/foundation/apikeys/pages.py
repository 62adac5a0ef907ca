"""Keys as the page tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from packshot.db.tenancy import Actor
from packshot.foundation.apikeys.contracts import SCOPES, KeyView
from packshot.foundation.organizations import queries as organizations
from packshot.foundation.organizations.current import MemberRequest
from packshot.fragments import wants_fragment


@dataclass(frozen=True, slots=True)
class Line:
    """A key in the list."""

    key: KeyView
    maker: str
    mine: bool
    state: Literal["works", "ends", "expired", "revoked"]
    """`ends`: it was rotated and works on until it expires."""

    @property
    def works(self) -> bool:
        return self.state in ("works", "ends")

    @property
    def rights(self) -> str:
        words = scope_words()
        if len(self.key.scopes) == len(SCOPES):
            return _("may do everything")
        return ", ".join(words[scope] for scope in self.key.scopes if scope in words)


def lines(actor: Actor, found: Iterable[KeyView], now: datetime) -> list[Line]:
    """Those that work first."""
    names = {each.user_id: each.called for each in organizations.roster(actor)}
    told = [
        Line(key, names.get(key.made_by, ""), key.made_by == actor.user_id, _state(key, now)) for key in found
    ]
    return sorted(told, key=lambda line: not line.works)


def scope_words() -> dict[str, str]:
    """What each scope lets a program do."""
    return {
        "account:read": _("See whose key it is"),
        "models:read": _("See models and prices"),
        "generations:read": _("See requests"),
        "generations:write": _("Order pictures, spending credits"),
        "assets:read": _("See and download pictures"),
        "assets:write": _("Upload, describe and delete pictures"),
        "boards:read": _("See boards"),
        "boards:write": _("Open boards"),
        "credits:read": _("See credits and usage"),
    }


def overlap_words() -> dict[int, str]:
    """How long a rotated key may go on working."""
    return {0: _("not at all"), 1: _("for an hour"), 24: _("for a day"), 168: _("for a week")}


def lifetime_words() -> dict[int, str]:
    """After how many days a key ends; 0 is never."""
    return {0: _("never"), 30: _("in 30 days"), 90: _("in 90 days"), 365: _("in a year")}


def sheet(
    request: MemberRequest, template: str, heading: str, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    """A dialog over the page, or, where no script asked, a page of its own."""
    around = "organizations/sheet.html" if wants_fragment(request) else "apikeys/sheet_page.html"
    return render(request, around, {**context, "sheet": template, "heading": heading}, status=status)


def key_of(found: Iterable[KeyView], key_id: UUID) -> KeyView | None:
    return next((each for each in found if each.id == key_id), None)


def _state(key: KeyView, now: datetime) -> Literal["works", "ends", "expired", "revoked"]:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "ends" if key.replaced_by is not None else "works"
