"""What the tests of this adapter share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from uuid_utils.compat import uuid7

from packshot.adapters.gemini.generator import GeminiGenerator
from packshot.ports.generation import Done, Failed, Pending, Reference, Submitted, Task

DATA = Path(__file__).parents[2] / "data"


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


def photo(name: str = "bottle.jpg", media_type: str = "image/jpeg") -> Reference:
    return Reference(uuid7(), media_type, (DATA / name).read_bytes())


def task(model: str = "nano-banana", **changes: Any) -> Task:
    operations = {"nano-banana-edit": "edit", "gemini-describe": "describe", "gemini-chat": "reply"}
    facts: dict[str, Any] = {
        "job_id": uuid7(),
        "operation": operations.get(model, "video" if model.startswith("omni") else "generate"),
        "model": model,
        "prompt": "a bottle on a stone",
        "seed": 7,
    }
    if model.startswith("omni"):
        facts |= {"ratio": "16:9", "parameters": {"seconds": 4}}
    if model == "omni-clip":
        facts["references"] = (photo(),)
    return Task(**(facts | changes))


def unheard(_percent: int) -> None:
    """Nobody listens to the progress."""


async def submitted(generator: GeminiGenerator, asked: Task) -> Any:
    return await generator.submit(asked, unheard)


async def failure(generator: GeminiGenerator, asked: Task) -> Failed:
    answer = await generator.submit(asked, unheard)
    assert isinstance(answer, Failed), answer
    return answer


async def end(generator: GeminiGenerator, asked: Task) -> Done | Failed:
    """The end of a work that is looked at; how long to wait is not waited."""
    answer: Any = await generator.submit(asked, unheard)
    ref = answer.ref if isinstance(answer, Submitted) else ""
    while isinstance(answer, (Submitted, Pending)):
        answer = await generator.poll(ref, asked, unheard)
    assert isinstance(answer, (Done, Failed))
    return answer
