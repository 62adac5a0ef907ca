"""fal's queue over real HTTP: what is sent, what is sent twice (nothing), and what each answer comes to."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from uuid_utils.compat import uuid7

from packshot.adapters.fal.generator import FalGenerator
from packshot.adapters.fal.http import Queue
from packshot.ports.generation import (
    CancelOutcome,
    Done,
    Failed,
    FailureCode,
    Pending,
    Reference,
    Remote,
    Submitted,
    Task,
)
from tests.data import make
from tests.fakes.fal import ERRORS, Plan

PHOTO = Reference(uuid7(), "image/jpeg", (make.HERE / "bottle.jpg").read_bytes())


def task(model: str = "flux", **changes: Any) -> Task:
    facts: dict[str, Any] = {
        "job_id": uuid7(),
        "operation": "generate",
        "model": model,
        "prompt": "a bottle on a stone",
        "seed": 2**40 + 7,
    }
    return Task(**(facts | changes))


def quiet(_percent: int) -> None:
    """Nobody asks how far it is."""


async def ended(generator: FalGenerator, asked: Task) -> Done | Failed | Pending:
    taken = await generator.submit(asked, quiet)
    assert isinstance(taken, Submitted), taken
    assert len(taken.ref) <= 400
    return await generator.poll(taken.ref, asked, quiet)


@pytest.mark.parametrize(
    ("asked", "path", "sent", "kind", "source"),
    [
        (
            task(ratio="16:9", size=1536),
            "fal-ai/flux/dev",
            {"image_size": {"width": 1536, "height": 864}, "seed": 7, "num_images": 1},
            "picture",
            "trainedAlgorithmicMedia",
        ),
        (
            task("nano-banana", ratio="4:5", size=2048),
            "fal-ai/nano-banana-2",
            {"aspect_ratio": "4:5", "resolution": "2K"},
            "picture",
            "trainedAlgorithmicMedia",
        ),
        (
            task("nano-banana-pro", size=4096, references=(PHOTO, PHOTO)),
            "fal-ai/nano-banana-pro/edit",
            {"resolution": "4K"},
            "picture",
            "compositeWithTrainedAlgorithmicMedia",
        ),
        (
            task("nano-banana-edit", operation="edit", references=(PHOTO,)),
            "fal-ai/nano-banana-2/edit",
            {},
            "picture",
            "compositeWithTrainedAlgorithmicMedia",
        ),
        (
            task("flux-kontext", operation="edit", references=(PHOTO,)),
            "fal-ai/flux-pro/kontext",
            {"seed": 7},
            "picture",
            "compositeWithTrainedAlgorithmicMedia",
        ),
        (
            task("birefnet", operation="remove_background", prompt="", references=(PHOTO,)),
            "fal-ai/birefnet/v2",
            {"output_format": "png"},
            "picture",
            "algorithmicallyEnhanced",
        ),
        (
            task("clarity-upscaler", operation="upscale", references=(PHOTO,), parameters={"factor": 4}),
            "fal-ai/clarity-upscaler",
            {"upscale_factor": 4},
            "picture",
            "compositeWithTrainedAlgorithmicMedia",
        ),
        (
            task("kling-clip", operation="video", references=(PHOTO,), parameters={"seconds": 10}),
            "fal-ai/kling-video/v2.5-turbo/pro/image-to-video",
            {"duration": "10"},
            "video",
            "compositeWithTrainedAlgorithmicMedia",
        ),
    ],
    ids=lambda value: value.model if isinstance(value, Task) else "",
)
async def test_each_model_s_request_and_result(fal, generator, asked, path, sent, kind, source):
    answer = await ended(generator, asked)
    request = fal.only()
    assert request.path == path
    assert request.arguments.items() >= sent.items()
    assert "sync_mode" not in request.arguments
    given = request.arguments.get("image_urls") or [request.arguments.get("image_url")]
    assert [url for url in given if url] == [_inline(each) for each in asked.references]
    assert isinstance(answer, Done), answer
    (remote,) = answer.outputs
    assert isinstance(remote, Remote)
    assert (remote.kind, remote.source_type, remote.hosts) == (kind, source, ("fal.media", "*.fal.media"))
    assert not remote.headers  # the key is nobody's but the queue's
    assert httpx.get(remote.url, trust_env=False).status_code == 200


def _inline(reference: Reference) -> str:
    import base64

    return f"data:{reference.media_type};base64,{base64.b64encode(reference.data).decode()}"


@pytest.mark.parametrize(
    "asked",
    [
        task("unheard-of"),
        task("kling-clip", operation="video"),
        task("kling-clip", operation="video", references=(PHOTO,), parameters={"seconds": 7}),
        task("flux-kontext", operation="edit", references=(PHOTO, PHOTO)),
        task("flux", references=(PHOTO,)),
        task("nano-banana", size=1000),
        task("clarity-upscaler", references=(PHOTO,), parameters={"factor": 3}),
        task("birefnet", references=(Reference(uuid7(), "image/png", bytes(20_000_001)),)),
    ],
)
async def test_what_cannot_be_asked_is_not(fal, generator, asked):
    answer = await generator.submit(asked, quiet)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.retryable) == (FailureCode.INVALID_INPUT, False)
    assert not fal.posts


@pytest.mark.parametrize(
    ("plan", "code", "retryable"),
    [
        ("dropped", FailureCode.SUBMIT_UNKNOWN, False),
        ("broken", FailureCode.SUBMIT_UNKNOWN, False),  # who knows what a gateway did before it failed
        ("locked", FailureCode.QUOTA_EXHAUSTED, True),
        ("forbidden", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("busy", FailureCode.RATE_LIMITED, True),
        ("unknown_app", FailureCode.PROVIDER_UNAVAILABLE, True),
    ],
)
async def test_a_submit_is_sent_once_whatever_comes_of_it(fal, generator, plan, code, retryable):
    fal.plans.append(Plan(submit=plan))
    answer = await generator.submit(task(), quiet)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.retryable) == (code, retryable)
    assert answer.retry_after_s == (7.0 if plan == "busy" else None)
    assert sum(fal.posts.values()) == 1


async def test_where_nobody_listens_nothing_was_ordered(fal):
    generator = FalGenerator(
        SecretStr("k"), user=None, queue_url="http://127.0.0.1:9", keys_url=fal.jwks_url, now=time.time
    )
    answer = await generator.submit(task(), quiet)
    await generator.close()
    assert isinstance(answer, Failed)
    assert (answer.code, answer.retryable) == (FailureCode.PROVIDER_UNAVAILABLE, True)


async def test_a_wrong_key_is_the_studio_s_trouble_and_not_the_person_s(fal):
    generator = FalGenerator(
        SecretStr("k"), user=None, queue_url=fal.url, keys_url=fal.jwks_url, now=time.time
    )
    answer = await generator.submit(task(), quiet)
    await generator.close()
    assert isinstance(answer, Failed)
    assert answer.code is FailureCode.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize("plan", ["evil", "long"])
async def test_the_key_goes_to_fal_alone_and_the_order_is_found_all_the_same(fal, generator, plan):
    fal.plans.append(Plan(submit=plan))
    taken = await generator.submit(task(), quiet)
    assert isinstance(taken, Submitted)
    assert taken.ref == fal.only().name
    assert isinstance(await generator.poll(taken.ref, task(), quiet), Done)
    assert await generator.cancel(taken.ref) is CancelOutcome.UNKNOWN


@pytest.mark.parametrize(
    "ref", ["of nobody", "", "x 1 p http://evil.example/a /status /cancel", "é", "x y z", "x 1 p q r s"]
)
async def test_a_reference_that_is_not_ours_is_asked_of_nobody(fal, generator, ref):
    assert isinstance(await generator.poll(ref, task(), quiet), Failed)
    assert await generator.cancel(ref) is CancelOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ("content_policy_violation", FailureCode.CONTENT_POLICY, False),
        ("no_media_generated", FailureCode.CONTENT_POLICY, False),
        ("image_too_small", FailureCode.INVALID_INPUT, False),
        ("image_load_error", FailureCode.INVALID_INPUT, False),
        ("file_download_error", FailureCode.INVALID_INPUT, False),
        ("face_detection_error", FailureCode.INVALID_INPUT, False),
        ("missing", FailureCode.INVALID_INPUT, False),
        ("some_new_kind", FailureCode.INVALID_INPUT, False),
        ("billed", FailureCode.INVALID_INPUT, False),
        ("internal_server_error", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("generation_timeout", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("final_500", FailureCode.PROVIDER_UNAVAILABLE, False),
        ("downstream_service_error", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("runner_disconnected", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("startup_timeout", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("client_cancelled", FailureCode.CANCELLED, False),
        ("plain", FailureCode.PROVIDER_UNAVAILABLE, True),
    ],
)
async def test_failures_are_told_apart_by_their_kind(fal, generator, error, code, retryable):
    assert error in ERRORS
    fal.plans.append(Plan(error=error))
    answer = await ended(generator, task())
    assert isinstance(answer, Failed), answer
    assert (answer.code, answer.retryable) == (code, retryable)
    assert answer.message.endswith(".")


async def test_a_hidden_picture_is_a_refusal_and_a_missing_one_is_none(fal, generator):
    for plan, code in (
        (Plan(hidden=True), FailureCode.CONTENT_POLICY),
        (Plan(file="none"), FailureCode.OUTPUT_INVALID),
        (Plan(file="inline"), FailureCode.OUTPUT_INVALID),
    ):
        fal.plans.append(plan)
        answer = await ended(generator, task())
        assert isinstance(answer, Failed)
        assert answer.code is code


async def test_a_gateway_s_word_is_not_the_work_s(fal, generator):
    fal.plans.append(Plan(gateway=2))
    asked = task()
    taken = await generator.submit(asked, quiet)
    assert isinstance(taken, Submitted)
    answers = [await generator.poll(taken.ref, asked, quiet) for _ in range(3)]
    assert [type(answer) for answer in answers] == [Pending, Pending, Done]


async def test_a_result_that_was_not_kept(fal, generator):
    asked = task()
    taken = await generator.submit(asked, quiet)
    assert isinstance(taken, Submitted)
    fal.forget(fal.only())
    answer = await generator.poll(taken.ref, asked, quiet)
    assert isinstance(answer, Failed)
    assert answer.code is FailureCode.OUTPUT_INVALID


async def test_a_cancel_is_a_wish_and_the_poll_tells_what_came_of_it(fal, generator):
    fal.plans.extend([Plan(hold=True), Plan(hold=True, stubborn=True)])
    for stubborn, end in ((False, Failed), (True, Pending)):
        asked = task()
        taken = await generator.submit(asked, quiet)
        assert isinstance(taken, Submitted)
        assert isinstance(await generator.poll(taken.ref, asked, quiet), Pending)
        assert await generator.cancel(taken.ref) is CancelOutcome.UNKNOWN
        answer = await generator.poll(taken.ref, asked, quiet)
        assert isinstance(answer, end)
        if not stubborn:
            assert isinstance(answer, Failed)
            assert answer.code is FailureCode.CANCELLED
            assert await generator.cancel(taken.ref) is CancelOutcome.TOO_LATE


async def test_polls_grow_rarer_and_are_seldom_where_a_callback_will_come(fal):
    now = [1000.0]
    generator = FalGenerator(
        SecretStr(fal.key), user=None, queue_url=fal.url, keys_url=fal.jwks_url, now=lambda: now[0]
    )
    fal.plan = Plan(hold=True, callback="never")
    for changes, bounds in (
        ({}, [2, 2, 5, 15, 15]),
        ({"model": "kling-clip", "operation": "video", "references": (PHOTO,)}, [2, 2, 5, 30, 30]),
        ({"callback_url": "http://127.0.0.1:9/hooks/fal/"}, [30, 30, 30, 60, 120]),
    ):
        asked = task(**changes)
        now[0] = 1000.0
        taken = await generator.submit(asked, quiet)
        assert isinstance(taken, Submitted)
        found = [taken.poll_after_s]
        for passed in (3, 10, 120, 3000):
            now[0] = 1000.0 + passed
            answer = await generator.poll(taken.ref, asked, quiet)
            assert isinstance(answer, Pending)
            found.append(answer.poll_after_s)
        assert all(0.79 * b <= f <= 1.21 * b for f, b in zip(found, bounds, strict=True)), (found, bounds)
    await generator.close()


async def test_fal_is_told_when_to_give_up_and_how_long_to_keep_files(fal, generator):
    await generator.submit(task(timeout_s=90.7), quiet)
    headers = {name.lower(): value for name, value in fal.only().headers.items()}
    assert headers["x-fal-request-timeout"] == "90"
    assert headers["x-fal-object-lifecycle-preference"] == '{"expiration_duration_seconds": 86400}'
    assert headers["authorization"] == f"Key {fal.key}"


def test_the_key_is_in_no_words_about_the_queue():
    queue = Queue(SecretStr("id:very-secret"), "https://queue.fal.run")
    assert "very-secret" not in repr(vars(queue))
