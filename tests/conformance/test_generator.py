"""One suite for every adapter behind the generation port: what the pipeline may rely on."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr
from uuid_utils.compat import uuid7

from packshot.adapters.fal.generator import FalGenerator
from packshot.adapters.gemini.api import developer
from packshot.adapters.gemini.generator import GeminiGenerator
from packshot.adapters.local.generator import LocalGenerator
from packshot.adapters.local.pool import ImagingPool
from packshot.adapters.mock.generator import MockGenerator
from packshot.imaging.film import look
from packshot.imaging.sources import STRENGTH
from packshot.ports.generation import (
    BadCallback,
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Generator,
    Output,
    Pending,
    Reference,
    Remote,
    Submitted,
    Task,
)
from tests.fakes.fal import Fal
from tests.fakes.gemini import KEY, FakeGemini

PHOTO = Path(__file__).parent.parent / "data" / "bottle.jpg"


MODELS = {
    "fal": {
        "generate": "nano-banana",
        "edit": "flux-kontext",
        "video": "kling-clip",
        "upscale": "clarity-upscaler",
    },
    "gemini": {"generate": "nano-banana", "edit": "nano-banana-edit", "video": "omni-clip"},
}
"""What an adapter that serves many models is asked for; the others take any name."""
SECONDS = {"local": 3, "mock": 3, "fal": 5, "gemini": 4}
DETERMINISTIC = ("local", "mock")
"""The same task makes the same bytes. Of a provider's models nobody promises that."""


@pytest.fixture(params=["local", "mock", "fal", "gemini"])
async def generator(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Generator]:
    if request.param == "fal":
        with Fal() as fal:
            made = FalGenerator(
                SecretStr(fal.key), user=fal.user, queue_url=fal.url, keys_url=fal.jwks_url, now=time.time
            )
            yield made
            await made.close()
        return
    if request.param == "gemini":
        with FakeGemini() as google:
            gemini = GeminiGenerator(developer(google.url, SecretStr(KEY)), now=time.time)
            yield gemini
            await gemini.close()
        return
    if request.param == "mock":

        async def post(address: str, headers: Any, body: bytes) -> None:
            """Nobody listens."""

        yield MockGenerator(tmp_path / "mock", key=b"key", now=time.time, post=post)
        return
    pool = ImagingPool(1)
    yield LocalGenerator(pool)
    await pool.close()


def task(generator: Generator, operation: str = "generate", **changes: Any) -> Task:
    facts: dict[str, Any] = {
        "job_id": uuid7(),
        "operation": operation,
        "model": MODELS.get(generator.name, {}).get(operation, "any"),
        "prompt": "on a stone in the morning light",
        "seed": 7,
        "size": 1024,
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


async def only(answer: Done | Failed) -> tuple[Output | Remote, bytes]:
    """The one file of an answer and its bytes, wherever they are."""
    assert isinstance(answer, Done), answer
    (output,) = answer.outputs
    if isinstance(output, Output):
        return output, output.data
    async with httpx.AsyncClient(trust_env=False) as client:
        found = await client.get(output.url, headers=dict(output.headers))
        if found.is_redirect:  # what gives access goes to its own host only
            found = await client.get(found.headers["location"])
    assert found.status_code == 200
    return output, found.content


async def test_it_has_a_name(generator):
    assert generator.name in SECONDS


async def test_a_result_is_what_it_says_it_is(generator):
    output, data = await only(await done(generator, task(generator)))
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        if isinstance(output, Output):
            assert picture.size == (output.width, output.height)
            assert Image.MIME[picture.format] == output.media_type
        else:
            assert output.kind == "picture"
            assert output.hosts
    assert output.source_type in STRENGTH


async def test_an_edit_is_a_picture_too(generator):
    asked = task(generator, "edit", prompt="warmer", parameters={"base": "on a stone"})
    output, data = await only(await done(generator, asked))
    with Image.open(io.BytesIO(data)) as picture:
        assert isinstance(output, Remote) or picture.size == (output.width, output.height)


async def test_a_clip_is_a_video_that_plays(generator):
    seconds = SECONDS[generator.name]
    asked = task(generator, "video", prompt="", parameters={"seconds": seconds})
    output, data = await only(await done(generator, asked))
    seen = look(data)
    if isinstance(output, Output):
        assert seen.thumbs.media_type == output.media_type
        assert (seen.thumbs.width, seen.thumbs.height) == (output.width, output.height)
    else:
        assert output.kind == "video"
    assert seen.duration_s == float(seconds)


@pytest.mark.parametrize("generator", DETERMINISTIC, indirect=True)
async def test_the_same_task_makes_the_same_bytes_and_another_seed_others(generator):
    first, again = await done(generator, task(generator)), await done(generator, task(generator))
    other = await done(generator, task(generator, seed=8))
    made, remade, differs = [(await only(answer))[1] for answer in (first, again, other)]
    assert made == remade != differs


async def test_what_it_does_not_know_is_no_error(generator):
    assert await generator.cancel("of nobody") is CancelOutcome.UNKNOWN
    answer = await generator.poll("of nobody", task(generator), lambda _percent: None)
    assert isinstance(answer, Failed)


async def test_nonsense_is_answered_and_not_raised(generator):
    answer = await done(
        generator, task(generator, parameters={"script": {"no such": 1}, "factor": 3}, operation="upscale")
    )
    assert isinstance(answer, Failed)
    assert answer.code is FailureCode.INVALID_INPUT
    assert not answer.retryable


async def test_a_cancelled_task_ends_at_once(generator):
    asked = task(generator, parameters={"script": {"delay_s": 60}}, size=2048)
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
