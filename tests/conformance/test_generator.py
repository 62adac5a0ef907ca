"""One suite for every adapter behind the generation port: what the pipeline may rely on."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from uuid_utils.compat import uuid7

from packshot.adapters.local.generator import LocalGenerator
from packshot.adapters.local.pool import ImagingPool
from packshot.adapters.mock.generator import MockGenerator
from packshot.imaging.film import look
from packshot.ports.generation import (
    BadCallback,
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Generator,
    Pending,
    Reference,
    Submitted,
    Task,
)

PHOTO = Path(__file__).parent.parent / "data" / "bottle.jpg"


@pytest.fixture(params=["local", "mock"])
async def generator(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Generator]:
    if request.param == "mock":

        async def post(address: str, headers: Any, body: bytes) -> None:
            """Nobody listens."""

        yield MockGenerator(tmp_path / "mock", key=b"key", now=time.time, post=post)
        return
    pool = ImagingPool(1)
    yield LocalGenerator(pool)
    await pool.close()


def task(operation: str = "generate", **changes: Any) -> Task:
    facts: dict[str, Any] = {
        "job_id": uuid7(),
        "operation": operation,
        "model": "any",
        "prompt": "on a stone in the morning light",
        "seed": 7,
        "size": 512,
        "references": (Reference(uuid7(), "image/jpeg", PHOTO.read_bytes()),),
    }
    return Task(**(facts | changes))


async def done(generator: Generator, asked: Task) -> Done | Failed:
    """The end of a work, however the adapter comes to it; what it reports on the way is a percentage."""
    reports: list[int] = []
    answer: object = await generator.submit(asked, reports.append)
    async with asyncio.timeout(60):
        ref = answer.ref if isinstance(answer, Submitted) else ""
        while isinstance(answer, (Submitted, Pending)):
            await asyncio.sleep(answer.poll_after_s)
            answer = await generator.poll(ref, asked, reports.append)
    assert all(0 <= percent <= 100 for percent in reports)
    assert isinstance(answer, (Done, Failed))
    return answer


async def test_it_has_a_name(generator):
    assert generator.name in ("local", "mock")


async def test_a_result_is_what_it_says_it_is(generator):
    answer = await done(generator, task())
    assert isinstance(answer, Done), answer
    (output,) = answer.outputs
    with Image.open(io.BytesIO(output.data)) as picture:
        picture.load()
        assert picture.size == (output.width, output.height)
        assert Image.MIME[picture.format] == output.media_type
    assert output.source_type


async def test_an_edit_is_a_picture_too(generator):
    answer = await done(generator, task("edit", prompt="warmer", parameters={"base": "on a stone"}))
    assert isinstance(answer, Done), answer
    (output,) = answer.outputs
    with Image.open(io.BytesIO(output.data)) as picture:
        assert picture.size == (output.width, output.height)


async def test_a_clip_is_a_video_that_plays(generator):
    answer = await done(generator, task("video", prompt="", parameters={"seconds": 3}))
    assert isinstance(answer, Done), answer
    (output,) = answer.outputs
    seen = look(output.data)
    assert seen.thumbs.media_type == output.media_type
    assert (seen.thumbs.width, seen.thumbs.height) == (output.width, output.height)
    assert seen.duration_s == 3.0


async def test_the_same_task_makes_the_same_bytes_and_another_seed_others(generator):
    first, again = await done(generator, task()), await done(generator, task())
    other = await done(generator, task(seed=8))
    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert isinstance(other, Done)
    assert first.outputs[0].data == again.outputs[0].data != other.outputs[0].data


async def test_what_it_does_not_know_is_no_error(generator):
    assert await generator.cancel("of nobody") is CancelOutcome.UNKNOWN
    answer = await generator.poll("of nobody", task(), lambda _percent: None)
    assert isinstance(answer, Failed)


async def test_nonsense_is_answered_and_not_raised(generator):
    answer = await done(
        generator, task(parameters={"script": {"no such": 1}, "factor": 3}, operation="upscale")
    )
    assert isinstance(answer, Failed)
    assert answer.code is FailureCode.INVALID_INPUT
    assert not answer.retryable


async def test_a_cancelled_task_ends_at_once(generator):
    asked = task(parameters={"script": {"delay_s": 60}}, size=2048)
    work = asyncio.create_task(generator.submit(asked, lambda _percent: None))
    await asyncio.sleep(0)
    work.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("headers", [{}, {"mock-signature": "x", "mock-timestamp": "1"}])
async def test_a_callback_that_is_not_its_provider_s_is_refused(generator, headers):
    for body in (b"", b"{}", b"\xff", b'{"ref": "a", "event": "b"}'):
        with pytest.raises(BadCallback):
            generator.parse_callback(headers, body)
