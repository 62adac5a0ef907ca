"""What this room is told of the world: which events the rooms above tell, and which addresses may be posted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from packshot.errors import Invalid
from packshot.ports.fetch import FetchRefused


def _no_events() -> Mapping[str, str]:
    return {}


def _no_address(_url: str) -> None:
    raise FetchRefused("not connected")


_events: Callable[[], Mapping[str, str]] = _no_events
_check: Callable[[str], None] = _no_address


def connect(events: Callable[[], Mapping[str, str]], check: Callable[[str], None]) -> None:
    """`events` are the types that are told, each with what it says in the reader's language; `check` raises
    FetchRefused for an address that is never posted to."""
    global _events, _check
    _events, _check = events, check


def events() -> Mapping[str, str]:
    """Every type that an endpoint can listen to, with what it says."""
    return _events()


def require_address(url: str) -> None:
    """Raises Invalid for an address that is never posted to."""
    try:
        _check(url)
    except FetchRefused as refused:
        raise Invalid(
            _("Messages go to https:// addresses of public hosts, on port 443. Nothing was changed.")
        ) from refused


def require_events(types: list[str]) -> None:
    """Raises Invalid for a type that is none."""
    if not set(types) <= events().keys():
        raise Invalid(_("There is no such event."))
