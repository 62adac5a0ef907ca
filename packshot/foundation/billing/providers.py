"""Who takes the money; joined to the adapters by the wiring."""

from __future__ import annotations

from collections.abc import Callable

from packshot.errors import NotFound
from packshot.foundation.billing.errors import NotSold
from packshot.ports.payments import Ability, Payments

_make: Callable[[], Payments] | None = None
_name: str | None = None
_made: Payments | None = None


def connect(name: str | None, make: Callable[[], Payments]) -> None:
    """The provider of this installation, made when it is first needed; without a name nothing is sold."""
    global _make, _name, _made
    _make, _name, _made = make, name, None


def configured() -> str | None:
    """The provider's name; asks nobody."""
    return _name


def provider() -> Payments:
    """Raises NotSold where none is configured."""
    global _made  # noqa: PLW0603  (one a process, made on first use)
    if _name is None or _make is None:
        raise NotSold("Paid plans are not sold here: no payment provider is connected.")
    if _made is None:
        _made = _make()
    return _made


def named(name: str) -> Payments:
    """The provider of a message or a stored object. Raises NotFound for one that is not connected any more."""
    if name != _name:
        raise NotFound("There is no such payment provider.")
    return provider()


def able(ability: Ability) -> bool:
    """Whether the page may offer this."""
    return _name is not None and ability in provider().abilities
