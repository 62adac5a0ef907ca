"""How the studio is, for anybody: the page `/status/`. No figures of an organization, no names, no secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from packshot.db.sql import call
from packshot.studio.generation import providers
from packshot.web.probes import check

log = structlog.get_logger(__name__)

_SLOW_S = 60.0
"""Work that has been due for so long tells of workers that are away or too few."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the studio: `state` is `working`, `limited` or `out`."""

    name: str
    state: str
    word: str
    since: datetime | None = None


@never_cache
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Always 200: the page is the answer. Machines ask `/readyz`."""
    parts = _parts()
    states = {part.state for part in parts}
    said = _("Everything works.")
    if states != {"working"}:
        said = _("Something does not work as it should.")
    return render(request, "status.html", {"parts": parts, "said": said, "well": states == {"working"}})


def _parts() -> list[Part]:
    ready = check()
    studio = _part(_("Studio"), "working" if set(ready.values()) == {"ok"} else "out")
    try:
        found: dict[str, Any] = call("generation_status_v1")
    except Error as error:
        log.warning("the status cannot be read", error=str(error))
        return [studio, _part(_("Queue"), "out")]
    finally:
        connection.close()
    queue = _part(_("Queue"), "working" if found["oldest_s"] < _SLOW_S else "limited")
    return [studio, queue, *_providers(found["providers"])]


def _providers(health: dict[str, dict[str, Any]]) -> list[Part]:
    """Those that are set up; one that never failed is not known to the database, and works."""
    parts = []
    for name, known in providers.known().items():
        if known.enable is None:
            one = health.get(name, {"state": "working", "since": None})
            since = None if one["state"] == "working" else datetime.fromisoformat(one["since"])
            parts.append(_part(known.title, one["state"], since))
    return parts


def _part(name: str, state: str, since: datetime | None = None) -> Part:
    words = {"working": _("working"), "limited": _("limited"), "out": _("out of order")}
    return Part(name, state, words[state], since)
