"""How long models take here, measured: asked of the database once a minute, kept by the process."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from packshot.db.sql import call
from packshot.studio.generation.catalogue import Model
from packshot.studio.generation.contracts import Typical

_FRESH_S = 60.0
_FLOOR_S = 0.1
"""Nothing takes no time: a range shall have two ends."""


class Measured:
    """What was measured last; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Mapping[str, Typical] = {}
        self._until = 0.0

    def all(self) -> Mapping[str, Typical]:
        """By model, of those with enough finished work. Runs inside `acting_as`."""
        now = time.monotonic()
        with self._lock:
            if now < self._until:
                return self._found
            # Whoever comes meanwhile is answered with what is known.
            self._until = now + _FRESH_S
        found = {
            model: Typical(max(_FLOOR_S, each["p20"]), max(_FLOOR_S, each["p80"]), measured=True)
            for model, each in call("generation_typical_v1").items()
        }
        with self._lock:
            self._found = found
        return found

    def of(self, model: Model) -> Typical:
        """Measured, else as the catalogue guesses. Runs inside `acting_as`."""
        return self.all().get(model.id) or model.guess()

    def forget(self) -> None:
        """Ask the database again at the next question."""
        with self._lock:
            self._until = 0.0


measured = Measured()
