"""What videos have in common, whichever door they come through."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from PIL import Image

from packshot.adapters.gemini.access import NoAccess
from packshot.adapters.gemini.client import NotSent, Reply, Unanswered
from packshot.adapters.gemini.contents import Unusable, pictures_of
from packshot.adapters.gemini.errors import failed
from packshot.adapters.gemini.models import FILM_RATIOS, SECONDS, Films
from packshot.ports.generation import Failed, FailureCode, Reference, Task

log = structlog.get_logger(__name__)

RESOLUTION = "720p"
SOURCE_TYPE = "trainedAlgorithmicMedia"
"""Every frame is drawn by the model, those that follow a photo too."""

UNKNOWN = Failed(FailureCode.INTERNAL, "The provider does not know this work.")
ENDED = Failed(FailureCode.INTERNAL, "The provider could not make this video.")
CANCELLED = Failed(FailureCode.CANCELLED, "Cancelled.")
REFUSED = Failed(
    FailureCode.CONTENT_POLICY,
    "The provider's rules do not allow this video. Change the words or the photo.",
)
UNREADABLE = Failed(FailureCode.OUTPUT_INVALID, "What the provider delivered is not a video.")

_FIRST_LOOK_S = 5.0
_LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One video to make, checked."""

    prompt: str
    seconds: int
    ratio: str
    first_frame: Reference | None


def shot_of(task: Task, model: Films) -> Shot:
    """Raises Unusable."""
    found = pictures_of(task, model.references, model.references)
    first_frame = found[0] if found else None
    seconds = task.parameters.get("seconds")
    if isinstance(seconds, bool) or seconds not in SECONDS:
        raise Unusable(Failed(FailureCode.INVALID_INPUT, "This model makes videos of 4, 6 or 8 seconds."))
    ratio = task.ratio if first_frame is None or task.ratio in FILM_RATIOS else _ratio_like(first_frame)
    if ratio not in FILM_RATIOS:
        raise Unusable(Failed(FailureCode.INVALID_INPUT, "This model makes videos of 16:9 and 9:16."))
    return Shot(task.prompt, int(seconds), ratio, first_frame)


def _ratio_like(picture: Reference) -> str:
    """Upright or lying, as the picture is. Raises Unusable."""
    try:
        with Image.open(io.BytesIO(picture.data)) as header:
            width, height = header.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unusable(Failed(FailureCode.INVALID_INPUT, "The photo cannot be read.")) from error
    return "9:16" if height > width else "16:9"


@dataclass(frozen=True, slots=True)
class Later:
    """The work goes on, or could not be looked at: ask again, not before `after_s`."""

    after_s: float = 0.0


async def looked(asking: Awaitable[Reply]) -> Reply | Later | Failed:
    """The reply about a work that is under way. What keeps us from looking at it ends nothing."""
    try:
        reply = await asking
    except (NoAccess, NotSent, Unanswered) as error:
        log.warning("gemini cannot be looked at", error=f"{type(error).__name__}: {error}")
        return Later()
    if reply.good:
        return reply
    if reply.status == 404:
        return UNKNOWN
    why = failed(reply)
    if why.code is FailureCode.CONTENT_POLICY:
        return REFUSED
    return UNKNOWN if why.code is FailureCode.INVALID_INPUT else Later(why.retry_after_s or 0.0)


@dataclass(frozen=True, slots=True)
class Ref:
    """A work's name at Google and when it began: from both, a poll knows without a memory how long to wait."""

    name: str
    began: int

    def __str__(self) -> str:
        return f"{self.name}@{self.began}"

    @classmethod
    def read(cls, ref: str) -> Ref | None:
        name, _, began = ref.rpartition("@")
        return cls(name, int(began)) if name and began.isascii() and began.isdigit() else None


@dataclass(frozen=True, slots=True)
class Pace:
    """When to look again: each wait is half of what has passed, so that they grow by half, give or take a fifth."""

    now: Callable[[], float]
    chance: Callable[[], float]

    def begun(self, name: str) -> Ref:
        return Ref(name, int(self.now()))

    def next_look_s(self, ref: Ref) -> float:
        waited = max(0.0, self.now() - ref.began)
        return min(_LONGEST_S, max(_FIRST_LOOK_S, waited / 2)) * (0.8 + 0.4 * self.chance())
