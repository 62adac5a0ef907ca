"""The local generator through its port: real pictures, real processes, and every way to end early."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest

from packshot.adapters.local.generator import LocalGenerator
from packshot.adapters.local.pool import ImagingPool
from packshot.imaging.decode import decode
from packshot.imaging.export import encode, read_source_type
from packshot.ports.generation import (
    BadCallback,
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Generator,
    Output,
    Reference,
    Report,
    Task,
)

DATA = Path(__file__).parents[1] / "data"


class CountingPool(ImagingPool):
    """A real pool that remembers what it was asked."""

    def __init__(self, processes: int) -> None:
        super().__init__(processes)
        self.asked: Counter[str] = Counter()

    async def run(self, name: str, *args: Any, timeout: float, report: Report | None = None) -> Any:
        self.asked[name] += 1
        return await super().run(name, *args, timeout=timeout, report=report)


@pytest.fixture
async def pool() -> AsyncIterator[CountingPool]:
    made = CountingPool(2)
    yield made
    await made.close()


@pytest.fixture
def local(pool: CountingPool) -> LocalGenerator:
    return LocalGenerator(pool)


def _reference(name: str = "sneaker.webp") -> Reference:
    data = (DATA / name).read_bytes()
    return Reference(uuid4(), "image/webp", data)


def _task(operation: str = "generate", **changes: Any) -> Task:
    given: dict[str, Any] = {"prompt": "concrete", "seed": 11, "size": 512} | changes
    return Task(job_id=uuid4(), operation=operation, model="local", **given)


def _edit(words: str, *references: Reference, **changes: Any) -> Task:
    return _task("edit", prompt=words, references=references or (_reference("mug.jpg"),), **changes)


def _silent(_percent: int) -> None:
    pass


async def _only(local: LocalGenerator, task: Task) -> Output:
    answer = await local.submit(task, _silent)
    assert isinstance(answer, Done), answer
    (output,) = answer.outputs
    picture = decode(output.data)
    assert (picture.width, picture.height, picture.media_type) == (
        output.width,
        output.height,
        output.media_type,
    )
    assert read_source_type(output.data) == output.source_type
    return output


def test_it_is_a_generator(local: LocalGenerator) -> None:
    port: Generator = local
    assert port.name == "local"


async def test_four_variants_cut_their_reference_out_once(local: LocalGenerator, pool: CountingPool) -> None:
    reference = _reference()
    tasks = [_task(references=(reference,), seed=seed, variant=seed) for seed in range(4)]
    outputs = await asyncio.gather(*(_only(local, task) for task in tasks))
    assert pool.asked == {"product": 1, "scene": 4}
    assert len({output.data for output in outputs}) == 4
    for output in outputs:
        assert (output.width, output.height, output.media_type) == (512, 512, "image/jpeg")
        assert output.source_type == "compositeSynthetic"
        assert output.confidence is not None
        assert output.confidence > 0.9
    again = await _only(local, _task(references=(reference,), seed=2, variant=2))
    assert again.data == outputs[2].data
    assert pool.asked["product"] == 1


async def test_a_scene_without_a_reference(local: LocalGenerator) -> None:
    output = await _only(local, _task(prompt="xyzzy plugh", ratio="16:9"))
    assert (output.width, output.height, output.source_type) == (512, 288, "algorithmicMedia")
    assert output.confidence is None
    assert output.note is not None
    assert "style approximated" in output.note


async def test_remove_background(local: LocalGenerator) -> None:
    output = await _only(local, _task("remove_background", references=(_reference("mug.jpg"),)))
    picture = decode(output.data)
    assert (output.media_type, output.source_type) == ("image/png", "algorithmicallyEnhanced")
    assert picture.alpha is not None
    assert 0.1 < (picture.alpha > 128).mean() < 0.5


@pytest.mark.parametrize("factor", [2, 4])
async def test_upscale(local: LocalGenerator, factor: int) -> None:
    small = np.ascontiguousarray(decode((DATA / "bottle.jpg").read_bytes()).rgb[480:560, 460:560])
    reference = Reference(uuid4(), "image/png", encode(small, "image/png", source_type="digitalCapture"))
    output = await _only(local, _task("upscale", references=(reference,), parameters={"factor": factor}))
    assert (output.width, output.height) == (100 * factor, 80 * factor)


async def test_an_edit_of_tones_keeps_the_picture_s_size(local: LocalGenerator, pool: CountingPool) -> None:
    before = decode((DATA / "mug.jpg").read_bytes())
    output = await _only(local, _edit("much warmer"))
    after = decode(output.data)
    assert (after.width, after.height, output.source_type) == (1024, 1024, "algorithmicallyEnhanced")
    assert int(after.rgb[..., 2].mean()) < int(before.rgb[..., 2].mean()) - 4
    assert pool.asked == {"retouch": 1}
    assert (await _only(local, _edit("much warmer"))).data == output.data
    assert (await _only(local, _edit("much warmer", variant=1))).data != output.data


async def test_an_edit_of_the_background_leaves_the_product(local: LocalGenerator) -> None:
    before = decode((DATA / "mug.jpg").read_bytes()).rgb.astype(int)
    after = decode((await _only(local, _edit("much darker background"))).data).rgb.astype(int)
    inside, corner = (slice(400, 600), slice(380, 600)), (slice(0, 150), slice(0, 150))
    assert np.abs(after[inside] - before[inside]).mean() < 4
    assert (before[corner] - after[corner]).mean() > 25


async def test_an_edit_of_a_cut_out_keeps_it_cut_out(local: LocalGenerator) -> None:
    output = await _only(
        local, _edit("brighter", Reference(uuid4(), "image/png", (DATA / "jar.png").read_bytes()))
    )
    assert output.media_type == "image/png"
    assert decode(output.data).alpha is not None


async def test_an_edit_of_the_scene_is_composed_from_the_photo(
    local: LocalGenerator, pool: CountingPool
) -> None:
    photo = _reference("bottle.jpg")
    first = await _only(local, _task(prompt="marble", references=(photo,), ratio="4:5"))
    picture = Reference(uuid4(), "image/jpeg", first.data)
    asked = {"parameters": {"base": "marble", "variant": 0}}
    output = await _only(local, _edit("warmer, on wood", picture, photo, **asked))
    assert (output.width, output.height) == (first.width, first.height)
    assert (output.source_type, output.note) == ("compositeSynthetic", None)
    assert pool.asked["product"] == 1, "the cut-out of the photo is used again"
    assert (await _only(local, _edit("warmer, on wood", picture, photo, **asked))).data == output.data
    alone = await _only(local, _edit("on wood with a xyzzy", picture, **asked))
    assert alone.note == (
        "Not understood: xyzzy. The product was cut out of this picture: give its photo too for a cleaner edge."
    )


async def test_style_pictures_lend_their_tones_and_nothing_else(local: LocalGenerator) -> None:
    blue = np.full((90, 90, 3), (30, 60, 170), np.uint8)
    style = Reference(uuid4(), "image/png", encode(blue, "image/png", source_type="trainedAlgorithmicMedia"))
    plain = decode((await _only(local, _task(prompt="studio", references=(_reference(),)))).data).rgb
    output = await _only(
        local, _task(prompt="studio", references=(_reference(), style), parameters={"styles": 1})
    )
    tinted = decode(output.data).rgb
    assert output.source_type == "compositeSynthetic", "the style is not in the picture"
    assert tinted[:60].mean(axis=(0, 1)).argmax() == 2
    assert tinted[:60, :, 0].mean() < plain[:60, :, 0].mean() - 40


@pytest.mark.parametrize("motion", ["push_in", "orbit"])
async def test_a_clip_plays(local: LocalGenerator, pool: CountingPool, motion: str) -> None:
    task = _task("video", references=(_small_reference(),), parameters={"seconds": 3, "motion": motion})
    told: list[int] = []
    answer = await local.submit(task, told.append)
    assert isinstance(answer, Done), answer
    (output,) = answer.outputs
    film = await pool.run("poster", output.data, timeout=30)
    assert (film.thumbs.width, film.thumbs.height) == (output.width, output.height) == (160, 160)
    assert (film.thumbs.media_type, film.duration_s) == (output.media_type, 3.0) == ("video/webm", 3.0)
    assert output.source_type == read_source_type(output.data) == "compositeSynthetic"
    assert told == sorted(told)
    assert len(told) > 60, "progress is exact"


def _small_reference() -> Reference:
    pixels = decode((DATA / "bottle.jpg").read_bytes()).rgb
    small = np.asarray(cv2.resize(pixels, (160, 160), interpolation=cv2.INTER_AREA))
    return Reference(uuid4(), "image/png", encode(small, "image/png", source_type="digitalCapture"))


async def test_cancel_ends_a_clip(local: LocalGenerator, pool: CountingPool) -> None:
    large = np.random.Generator(np.random.PCG64(4)).integers(0, 256, (1280, 1280, 3)).astype(np.uint8)
    reference = Reference(uuid4(), "image/png", encode(large, "image/png", source_type="digitalCapture"))
    task = _task("video", references=(reference,), parameters={"seconds": 8, "motion": "pan"})
    work = await _begun(local, task)
    (pid,) = pool.pids
    assert await local.cancel(str(task.job_id)) is CancelOutcome.CANCELLED
    answer = await work
    assert isinstance(answer, Failed)
    assert answer.code is FailureCode.CANCELLED
    assert pid not in pool.pids


async def test_the_strongest_source_type_is_carried_along(local: LocalGenerator) -> None:
    pixels = np.full((64, 64, 3), 200, np.uint8)
    pixels[16:48, 16:48] = (150, 30, 30)
    data = encode(pixels, "image/png", source_type="trainedAlgorithmicMedia")
    reference = Reference(uuid4(), "image/png", data)
    output = await _only(local, _task(references=(reference,)))
    assert output.source_type == "trainedAlgorithmicMedia"


async def test_progress_goes_up(local: LocalGenerator) -> None:
    told: list[int] = []
    await local.submit(_task(references=(_reference(),)), told.append)
    assert told == sorted(told)
    assert told[0] < 20
    assert told[-1] > 60
    assert max(told) <= 100


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (_task(references=(Reference(uuid4(), "image/jpeg", b"a text renamed to photo.jpg"),)), "not a JPEG"),
        (
            _task("remove_background", references=(Reference(uuid4(), "image/jpeg", b"\xff\xd8\xff\xe0"),)),
            "damaged",
        ),
        (_task("remove_background"), "exactly one picture"),
        (_task("upscale", references=(Reference(uuid4(), "", b""),)), "2 or 4"),
        (_task("upscale", references=(Reference(uuid4(), "", b""),), parameters={"factor": 3}), "2 or 4"),
        (_task("upscale", references=(Reference(uuid4(), "", b""),), parameters={"factor": 2}), "empty"),
        (_task(ratio="7:3"), "7:3"),
        (_task(size=4096), "4096"),
        (_task("publish"), "cannot do publish"),
        (_edit("xyzzy plugh"), "None of these words was understood. Say how it should look"),
        (_task("edit", prompt="warmer"), "needs the picture"),
        (_edit("warmer", _reference("mug.jpg"), _reference(), _reference()), "needs the picture"),
        (_edit("warmer", Reference(uuid4(), "image/jpeg", b"\xff\xd8\xff\xe0")), "damaged"),
        (_task(parameters={"styles": 2}), "more style pictures"),
        (_task("video"), "exactly one picture"),
        (_task("video", references=(_reference(),), parameters={"motion": "spin"}), "3 to 8 seconds"),
        (_task("video", references=(_reference(),), parameters={"seconds": 99}), "3 to 8 seconds"),
        (_task("video", references=(Reference(uuid4(), "", b"\xff\xd8\xff"),)), "damaged"),
    ],
)
async def test_bad_input_is_told_in_a_sentence(local: LocalGenerator, task: Task, words: str) -> None:
    answer = await local.submit(task, _silent)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.retryable) == (FailureCode.INVALID_INPUT, False)
    assert words in answer.message
    assert "\n" not in answer.message


async def _begun(local: LocalGenerator, task: Task) -> asyncio.Task[Done | Failed]:
    """Submitted, and far enough to be in the middle of the work."""
    running = asyncio.Event()
    work = asyncio.create_task(local.submit(task, lambda _percent: running.set()))
    waiting = asyncio.create_task(running.wait())
    await asyncio.wait([work, waiting], timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert running.is_set()
    assert not work.done()
    return work


def _long() -> Task:
    """An enlargement of minutes."""
    pixels = np.zeros((1500, 1500, 3), np.uint8)
    reference = Reference(uuid4(), "image/png", encode(pixels, "image/png", source_type="digitalCapture"))
    return _task("upscale", references=(reference,), parameters={"factor": 4})


async def test_cancel_ends_the_work(local: LocalGenerator, pool: CountingPool) -> None:
    task = _long()
    work = await _begun(local, task)
    (pid,) = pool.pids
    assert await local.cancel(str(task.job_id)) is CancelOutcome.CANCELLED
    answer = await work
    assert isinstance(answer, Failed)
    assert answer.code is FailureCode.CANCELLED
    assert pid not in pool.pids
    assert await local.cancel(str(task.job_id)) is CancelOutcome.UNKNOWN


async def test_cancelling_one_variant_leaves_the_shared_cutout_to_the_others(
    local: LocalGenerator, pool: CountingPool
) -> None:
    reference = _reference()
    first, second = _task(references=(reference,)), _task(references=(reference,), seed=12)
    work = await _begun(local, first)
    other = asyncio.create_task(_only(local, second))
    await asyncio.wait([other], timeout=0.01)
    await local.cancel(str(first.job_id))
    answer = await work
    assert isinstance(answer, Failed)
    assert (await other).width == 512
    assert pool.asked["product"] == 1


async def test_the_last_cancelled_variant_ends_the_cutout(local: LocalGenerator, pool: CountingPool) -> None:
    task = _task(references=(_reference(),))
    work = await _begun(local, task)
    await local.cancel(str(task.job_id))
    await work
    assert (await _only(local, _task(references=(_reference(),)))).width == 512
    assert pool.asked["product"] == 2


async def test_a_task_cancelled_from_outside_frees_its_child(local: LocalGenerator) -> None:
    work = await _begun(local, _long())
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (await _only(local, _task())).width == 512


async def test_a_killed_child_is_an_internal_error_that_may_be_retried(
    local: LocalGenerator, pool: CountingPool
) -> None:
    work = await _begun(local, _long())
    (pid,) = pool.pids
    os.kill(pid, signal.SIGKILL)
    answer = await work
    assert isinstance(answer, Failed)
    assert (answer.code, answer.retryable) == (FailureCode.INTERNAL, True)
    assert (await _only(local, _task())).width == 512


async def test_too_slow_is_a_timeout(local: LocalGenerator) -> None:
    answer = await local.submit(_task(references=(_reference(),), timeout_s=0.05), _silent)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.retryable) == (FailureCode.TIMEOUT, True)


async def test_there_is_nothing_to_poll_and_nobody_calls_back(local: LocalGenerator) -> None:
    answer = await local.poll("anything", _task(), _silent)
    assert answer.retryable
    with pytest.raises(BadCallback):
        local.parse_callback({}, b"{}")
