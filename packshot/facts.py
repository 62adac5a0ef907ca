"""Plain facts that a lower layer publishes without knowing who listens.

Listeners run synchronously, in the publisher's transaction: a fact and what follows from it are committed
together or not at all. `wiring.py` is the only place that subscribes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

Fact = TypeVar("Fact")

_listeners: dict[type[Any], list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(fact: type[Fact], listener: Callable[[Fact], None]) -> None:
    """Call `listener` for each later fact of this type; subscribing the same listener twice is once."""
    if listener not in _listeners[fact]:
        _listeners[fact].append(listener)


def publish(fact: object) -> None:
    """Tell every listener; what a listener raises reaches the publisher and rolls its transaction back."""
    for listener in _listeners[type(fact)]:
        listener(fact)
