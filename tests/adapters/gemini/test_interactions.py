"""Videos of the Developer API: begun once, looked at with growing waits, fetched without giving the key away."""

from __future__ import annotations

import base64

import httpx
import pytest
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from packshot.imaging.film import look
from packshot.ports.generation import (
    BadCallback,
    CancelOutcome,
    Done,
    FailureCode,
    Output,
    Pending,
    Reference,
    Remote,
    Submitted,
)
from tests.adapters.gemini.support import end, failure, photo, submitted, task, unheard
from tests.fakes.gemini import KEY, media, says
from tests.fakes.gemini.server import interaction_end


async def remote(gemini, asked) -> Remote:
    answer = await end(gemini, asked)
    assert isinstance(answer, Done), answer
    [output] = answer.outputs
    assert isinstance(output, Remote)
    return output


async def test_a_video_is_begun_looked_at_and_ready_at_an_address(google, gemini):
    google.looks = 2
    found = await remote(gemini, task("omni-video", prompt="waves", ratio="9:16", parameters={"seconds": 6}))
    assert (found.kind, found.source_type) == ("video", "trainedAlgorithmicMedia")
    assert found.hosts == ("127.0.0.1", "storage.googleapis.com")
    assert found.url.startswith(f"{google.url}/v1/files/")
    assert dict(found.headers) == {"x-goog-api-key": KEY}
    [post] = google.posts
    assert post.body == {
        "model": "gemini-omni-1.2-flash",
        "background": True,
        "store": True,
        "input": [{"type": "user_input", "content": [{"type": "text", "text": "waves"}]}],
        "response_format": {
            "type": "video", "delivery": "uri", "aspect_ratio": "9:16", "resolution": "720p", "duration": "6s",
        },
        "generation_config": {"video_config": {"task": "text_to_video"}},
    }  # fmt: skip


async def test_the_file_comes_from_storage_that_never_sees_the_key(google, gemini):
    found = await remote(gemini, task("omni-video"))
    async with httpx.AsyncClient() as client:
        assert (await client.get(found.url)).status_code == 403
        first = await client.get(found.url, headers=dict(found.headers))
        assert first.status_code == 302
        file = await client.get(first.headers["location"])
    assert look(file.content).duration_s == pytest.approx(4, abs=0.1)
    assert all("x-goog-api-key" not in headers for _, headers in google.downloads)


@pytest.mark.parametrize(
    ("width", "height", "ratio"), [(90, 160, "9:16"), (160, 90, "16:9"), (64, 64, "16:9")]
)
async def test_a_picture_is_the_first_frame_and_gives_the_shape(google, gemini, width, height, ratio):
    picture = Reference(uuid7(), "image/png", media.png("a frame", width, height))
    await remote(gemini, task("omni-clip", prompt="", ratio="1:1", references=(picture,)))
    body = google.posts[0].body
    [content] = body["input"][0]["content"]
    assert (content["type"], base64.b64decode(content["data"])) == ("image", picture.data)
    assert body["response_format"]["aspect_ratio"] == ratio
    assert body["generation_config"]["video_config"]["task"] == "image_to_video"


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (task("omni-video", parameters={}), "4, 6 or 8"),
        (task("omni-video", parameters={"seconds": 5}), "4, 6 or 8"),
        (task("omni-video", parameters={"seconds": True}), "4, 6 or 8"),
        (task("omni-video", ratio="1:1"), "16:9"),
        (task("omni-video", references=(photo(),)), "more pictures"),
        (task("omni-clip", references=()), "needs a picture"),
        (task("omni-clip", ratio="1:1", references=(photo("jar.png", "image/png"),) * 2), "more pictures"),
    ],
)
async def test_what_cannot_be_done_is_refused_before_anything_is_sent(google, gemini, asked, word):
    answer = await failure(gemini, asked)
    assert (answer.code, answer.retryable) == (FailureCode.INVALID_INPUT, False)
    assert word in answer.message
    assert google.posts == []


async def test_the_waits_grow_with_what_has_passed(google, gemini, clock):
    google.looks = 100
    asked = task("omni-video")
    begun = await submitted(gemini, asked)
    assert isinstance(begun, Submitted)
    assert begun.poll_after_s == 5
    waits = []
    for passed in (0, 4, 20, 40, 60, 600):
        clock.seconds = 1_800_000_000 + passed
        answer = await gemini.poll(begun.ref, asked, unheard)
        assert isinstance(answer, Pending)
        waits.append(answer.poll_after_s)
    assert waits == [5, 5, 10, 20, 30, 30]


@pytest.mark.parametrize(
    "answer",
    [
        says.error(503, "UNAVAILABLE", "Later."),
        says.front_end_page(502),
        says.front_end_page(504),
        says.bad_key(),
        says.error(403, "PERMISSION_DENIED", "No."),
        says.DROPPED,
    ],
)
async def test_what_keeps_us_from_looking_ends_nothing(google, gemini, answer):
    asked = task("omni-video")
    begun = await submitted(gemini, asked)
    google.say(answer)
    assert isinstance(await gemini.poll(begun.ref, asked, unheard), Pending)
    assert isinstance(await gemini.poll(begun.ref, asked, unheard), Pending)
    assert isinstance(await gemini.poll(begun.ref, asked, unheard), Done)
    assert len(google.posts) == 1


async def test_asked_to_wait_longer_it_waits_longer(google, gemini):
    asked = task("omni-video")
    begun = await submitted(gemini, asked)
    google.say(says.rate_limited("44s"))
    assert await gemini.poll(begun.ref, asked, unheard) == Pending(44)


async def test_a_begin_that_breaks_off_is_never_repeated(google, gemini):
    google.say(says.DROPPED)
    assert (await failure(gemini, task("omni-video"))).code is FailureCode.SUBMIT_UNKNOWN
    google.say(says.said({"status": "in_progress"}))
    with capture_logs() as logs:
        assert (await failure(gemini, task("omni-video"))).code is FailureCode.OUTPUT_INVALID
    assert any(each["log_level"] == "error" for each in logs)
    assert len(google.posts) == 2


async def test_a_refusal_at_the_beginning(google, gemini):
    google.say(
        says.interaction_error(400, "invalid_request", "The prompt was blocked by our safety filters.")
    )
    answer = await failure(gemini, task("omni-video"))
    assert (answer.code, answer.retryable) == (FailureCode.CONTENT_POLICY, False)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (interaction_end([{"type": "text", "text": "I cannot show that."}], 0), FailureCode.CONTENT_POLICY),
        (interaction_end([], 0), FailureCode.CONTENT_POLICY),
        (interaction_end([{"type": "text", "text": "Here it is."}], 5792), FailureCode.OUTPUT_INVALID),
        (interaction_end([{"type": "video", "mime_type": "video/mp4"}], 0), FailureCode.OUTPUT_INVALID),
        (
            interaction_end([{"type": "video", "uri": "https://evil.example/a.mp4"}], 9),
            FailureCode.OUTPUT_INVALID,
        ),
        (
            interaction_end([{"type": "video", "uri": "http://storage.googleapis.com/a"}], 9),
            FailureCode.OUTPUT_INVALID,
        ),
        (interaction_end([{"type": "video", "data": "AAAA"}], 9), FailureCode.OUTPUT_INVALID),
        ({"status": "failed", "errors": [{"code": "x/INTERNAL", "message": "boom"}]}, FailureCode.INTERNAL),
        (
            {"status": "failed", "errors": [{"code": "x", "message": "Blocked by policy."}]},
            FailureCode.CONTENT_POLICY,
        ),
        ({"status": "failed"}, FailureCode.INTERNAL),
        ({"status": "incomplete"}, FailureCode.INTERNAL),
        ({"status": "budget_exceeded"}, FailureCode.INTERNAL),
        ({"status": "a_new_word"}, FailureCode.INTERNAL),
        ({"status": "cancelled"}, FailureCode.CANCELLED),
    ],
)
async def test_ends_without_a_video(google, gemini, ending, code):
    google.end_with(ending)
    with capture_logs() as logs:
        answer = await end(gemini, task("omni-video"))
    assert not isinstance(answer, Done)
    assert (answer.code, answer.retryable) == (code, False)
    billed = code is FailureCode.OUTPUT_INVALID
    assert any(each["log_level"] == "error" for each in logs) is billed


async def test_a_video_inside_the_answer_is_taken_too(google, gemini):
    data = media.mp4(1280, 720, 4)
    video = {"type": "video", "data": base64.b64encode(data).decode(), "mime_type": "video/mp4"}
    google.end_with(interaction_end([video], 5792))
    answer = await end(gemini, task("omni-video"))
    assert answer == Done((Output(data, "video/mp4", 1280, 720, "trainedAlgorithmicMedia"),))


async def test_an_address_of_the_storage_is_taken_without_the_key(google, gemini):
    google.end_with(
        interaction_end([{"type": "video", "uri": "https://storage.googleapis.com/b/o?sig=1"}], 9)
    )
    found = await remote(gemini, task("omni-video"))
    assert (found.hosts, dict(found.headers)) == (("storage.googleapis.com",), {})


async def test_a_file_that_is_only_named_is_asked_for_its_bytes(google, gemini):
    google.end_with(interaction_end([{"type": "video", "uri": f"{google.url}/v1beta/files/abc123"}], 9))
    found = await remote(gemini, task("omni-video"))
    assert found.url == f"{google.url}/v1beta/files/abc123:download?alt=media"


async def test_cancel(google, gemini):
    asked = task("omni-video")
    begun = await submitted(gemini, asked)
    assert await gemini.cancel(begun.ref) is CancelOutcome.CANCELLED
    answer = await gemini.poll(begun.ref, asked, unheard)
    assert answer.code is FailureCode.CANCELLED

    google.looks = 0
    begun = await submitted(gemini, asked)
    assert isinstance(await gemini.poll(begun.ref, asked, unheard), Done)
    assert await gemini.cancel(begun.ref) is CancelOutcome.TOO_LATE

    google.say(says.DROPPED, says.front_end_page(500))
    assert await gemini.cancel(begun.ref) is CancelOutcome.UNKNOWN
    assert await gemini.cancel(begun.ref) is CancelOutcome.UNKNOWN


@pytest.mark.parametrize("ref", ["", "of nobody", "v1_unknown@1800000000", "v1_x", "../x@1", "a@x", "a@²"])
async def test_what_is_not_known_is_no_error(gemini, ref):
    assert await gemini.cancel(ref) is CancelOutcome.UNKNOWN
    answer = await gemini.poll(ref, task("omni-video"), unheard)
    assert answer.code is FailureCode.INTERNAL
    assert (await gemini.poll(ref, task("nano-banana"), unheard)).code is FailureCode.INTERNAL


def test_it_has_no_callbacks(gemini):
    with pytest.raises(BadCallback):
        gemini.parse_callback({"webhook-signature": "x"}, b"{}")
