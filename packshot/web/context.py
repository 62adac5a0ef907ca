"""What the frame around every page shows: whose it is, what is under way, what there is to spend.

Read when a template asks for it, so that a fragment pays only for what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from packshot.db.tenancy import Actor
from packshot.foundation.billing import providers
from packshot.foundation.billing import queries as billing
from packshot.foundation.billing.notices import PlanNotice, notice
from packshot.foundation.organizations.current import actor_of, organizations_in, sign_of
from packshot.foundation.organizations.errors import NoWorkspace
from packshot.foundation.organizations.queries import OrganizationOf
from packshot.studio.generation import queries as work
from packshot.web import balance
from packshot.web.palette import PLACES
from packshot.web.shortcuts import GROUPS

THEMES = {"dark", "light"}
GROUNDS = {"black", "grey", "white"}


@dataclass(frozen=True, slots=True)
class Preferences:
    """Choices kept in cookies that the pages' scripts write; whatever else stands in them is ignored."""

    theme: str | None
    """None follows the system."""
    rail: bool
    ground: str


@dataclass(frozen=True, slots=True)
class Workspaces:
    """Between which a person can switch."""

    here: OrganizationOf
    all: list[OrganizationOf]

    @property
    def several(self) -> bool:
        """Who has only one hears nothing of it."""
        return len(self.all) > 1


class Shell:
    """Of one request: each part is read at most once."""

    def __init__(self, actor: Actor, workspaces: Workspaces) -> None:
        self.workspaces = workspaces
        self.balance = SimpleLazyObject(lambda: balance.read(actor))
        self.running = SimpleLazyObject(lambda: work.running(actor))


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every template."""
    return {
        "preferences": _preferences(request),
        "shell": SimpleLazyObject(lambda: _shell(request)),
        "plan_notice": SimpleLazyObject(lambda: _plan_notice(request)),
        "live_actor": SimpleLazyObject(lambda: _live_actor(request)),
        "shortcuts": GROUPS,
        "places": PLACES,
    }


def _preferences(request: HttpRequest) -> Preferences:
    theme, ground = request.COOKIES.get("theme"), request.COOKIES.get("ground")
    return Preferences(
        theme=theme if theme in THEMES else None,
        rail=request.COOKIES.get("rail") == "open",
        ground=ground if ground in GROUNDS else "black",
    )


def _shell(request: HttpRequest) -> Shell | None:
    actor = _actor(request)
    if actor is None:
        return None
    mine = organizations_in(request)
    here = next(each for each in mine if each.organization_id == actor.organization_id)
    return Shell(actor, Workspaces(here, mine))


def _plan_notice(request: HttpRequest) -> PlanNotice | None:
    """What is to be said about the plan, to those who look after it; not on the page that says it anyway."""
    actor = _actor(request)
    if actor is None or providers.configured() is None or request.path.startswith("/billing"):
        return None
    found = billing.warned(actor)
    return None if found is None else notice(found)


def _live_actor(request: HttpRequest) -> str:
    """Whose events the page hears: another value makes the browser open another stream."""
    actor = _actor(request)
    return "" if actor is None else sign_of(actor)


def _actor(request: HttpRequest) -> Actor | None:
    """None also for who is a member of nothing: pages of the account itself are theirs all the same."""
    try:
        return actor_of(request)
    except NoWorkspace:
        return None
