"""Pictures: what is sent, what is taken from the answer, and everything that is said instead of one."""

from __future__ import annotations

import base64
import io
import logging
from dataclasses import replace

import httpx
import pytest
from PIL import Image
from structlog.testing import capture_logs

from packshot.adapters.gemini.contents import INLINE_BYTES
from packshot.imaging.sources import uri
from packshot.ports.generation import Done, FailureCode, Output
from tests.adapters.gemini.support import failure, photo, submitted, task
from tests.fakes.gemini import KEY, media, says


async def made(gemini, asked) -> Output:
    answer = await submitted(gemini, asked)
    assert isinstance(answer, Done), answer
    [output] = answer.outputs
    assert isinstance(output, Output)
    return output


@pytest.mark.parametrize("model", ["nano-banana", "nano-banana-pro"])
@pytest.mark.parametrize(
    ("ratio", "size", "word"), [("1:1", 1024, "1K"), ("16:9", 2048, "2K"), ("4:5", 4096, "4K")]
)
async def test_a_picture_is_made_in_the_shape_that_was_ordered(google, gemini, model, ratio, size, word):
    output = await made(gemini, task(model, ratio=ratio, size=size))
    with Image.open(io.BytesIO(output.data)) as image:
        assert image.size == (output.width, output.height) == media.sides(ratio, size)
    assert (output.media_type, output.source_type) == ("image/png", "trainedAlgorithmicMedia")
    [post] = google.posts
    assert post.headers["x-goog-api-key"] == KEY
    assert post.headers["x-server-timeout"] == "120"
    assert post.body["generationConfig"]["imageConfig"] == {"aspectRatio": ratio, "imageSize": word}
    assert post.body["contents"] == [{"role": "user", "parts": [{"text": "a bottle on a stone"}]}]


async def test_thoughts_are_no_pictures(google, gemini):
    draft, picture = media.png("draft", 8, 8), media.png("picture", 16, 16)
    google.say(says.candidate([says.picture_part(draft, thought=True), says.picture_part(picture)]))
    assert (await made(gemini, task())).data == picture
    google.say(says.candidate([says.picture_part(draft, thought=True)]), says.words_only())
    assert (await failure(gemini, task())).code is FailureCode.CONTENT_POLICY


async def test_of_several_pictures_the_last_is_the_one(google, gemini):
    first, last = media.png("first", 8, 8), media.png("last", 8, 8)
    google.say(says.candidate([says.picture_part(first), {"text": "and"}, says.picture_part(last)]))
    assert (await made(gemini, task())).data == last


async def test_several_pictures_go_along_as_they_are(google, gemini):
    references = (photo(), photo("jar.png", "image/png"), photo("sneaker.webp", "image/webp"))
    await made(gemini, task(references=references))
    text, *inline = google.posts[0].body["contents"][0]["parts"]
    assert text == {"text": "a bottle on a stone"}
    sent = [(each["inlineData"]["mimeType"], base64.b64decode(each["inlineData"]["data"])) for each in inline]
    assert sent == [(each.media_type, each.data) for each in references]


async def test_an_edit_keeps_the_shape_and_says_which_picture_it_is_about(google, gemini):
    output = await made(
        gemini, task("nano-banana-edit", prompt="warmer", references=(photo(), photo("mug.jpg")))
    )
    body = google.posts[0].body
    assert "imageConfig" not in body["generationConfig"]
    assert body["contents"][0]["parts"][0]["text"].endswith("warmer")
    assert "first picture" in body["contents"][0]["parts"][0]["text"]
    assert output.source_type == "compositeWithTrainedAlgorithmicMedia"
    await made(gemini, task("nano-banana-edit", prompt="warmer", references=(photo(),)))
    assert google.posts[1].body["contents"][0]["parts"][0]["text"] == "warmer"


async def test_an_edit_of_a_picture_that_a_model_drew_stays_that(gemini):
    drawn = photo()
    drawn = replace(drawn, data=drawn.data + uri("trainedAlgorithmicMedia").encode())
    output = await made(gemini, task("nano-banana-edit", references=(drawn,)))
    assert output.source_type == "trainedAlgorithmicMedia"


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (task("no-such-model"), "does not have"),
        (task(size=1536), "size"),
        (task("nano-banana-pro", size=512), "size"),
        (task(ratio="7:3"), "shape"),
        (task(references=(photo(),) * 9), "more pictures"),
        (task("nano-banana-edit"), "needs a picture"),
        (task(references=(photo("plush.avif", "image/avif"),)), "JPEG, PNG and WebP"),
        (task(references=(replace(photo(), data=bytes(INLINE_BYTES // 2 + 1)),) * 2), "14 MB"),
    ],
    ids=["model", "size", "size-of-pro", "ratio", "many", "none", "avif", "large"],
)
async def test_what_cannot_be_done_is_refused_before_anything_is_sent(google, gemini, asked, word):
    answer = await failure(gemini, asked)
    assert (answer.code, answer.retryable) == (FailureCode.INVALID_INPUT, False)
    assert word in answer.message
    assert google.posts == []


async def test_as_much_as_may_be_sent_is_taken(google, gemini):
    """The fake refuses a request above 20 MB, as Google does."""
    large = replace(photo(), data=photo().data.ljust(INLINE_BYTES, b"\0"))
    await made(gemini, task(references=(large,), prompt="x" * 4000))
    assert len(google.posts) == 1


@pytest.mark.parametrize(
    "reason",
    ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "A_NEW_REASON"],
)
async def test_a_blocked_prompt_is_a_refusal_and_is_not_sent_again(google, gemini, reason):
    google.say(says.blocked(reason))
    answer = await failure(gemini, task())
    assert (answer.code, answer.retryable) == (FailureCode.CONTENT_POLICY, False)
    assert reason not in answer.message
    assert len(google.posts) == 1


@pytest.mark.parametrize(
    "reason",
    [
        "SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "RECITATION",
        "IMAGE_RECITATION", "BLOCKLIST", "SPII", "ESCALATION",
    ],
)  # fmt: skip
async def test_a_candidate_that_was_stopped_is_a_refusal(google, gemini, reason):
    google.say(says.ended(reason))
    answer = await failure(gemini, task())
    assert (answer.code, answer.retryable) == (FailureCode.CONTENT_POLICY, False)
    assert reason not in answer.message
    assert len(google.posts) == 1


async def test_a_limited_account_is_the_operator_s_business(google, gemini):
    google.say(says.ended("PUP_LIMITED_DISABLED"))
    with capture_logs() as logs:
        answer = await failure(gemini, task())
    assert answer.code is FailureCode.PROVIDER_UNAVAILABLE
    assert [each["reason"] for each in logs if each["log_level"] == "error"] == ["PUP_LIMITED_DISABLED"]


NOTHING = [says.ended("NO_IMAGE"), says.ended("IMAGE_OTHER"), says.words_only(), says.said({}), says.said([])]


@pytest.mark.parametrize("nothing", NOTHING)
async def test_without_a_picture_it_is_asked_once_more(google, gemini, nothing):
    google.say(nothing)
    await made(gemini, task())
    assert len(google.posts) == 2


@pytest.mark.parametrize("nothing", NOTHING)
async def test_without_a_picture_twice_it_is_a_refusal(google, gemini, nothing):
    google.say(nothing, nothing)
    answer = await failure(gemini, task())
    assert (answer.code, answer.retryable) == (FailureCode.CONTENT_POLICY, False)
    assert len(google.posts) == 2


CALLS_IT_OFF = "The model is overloaded. Please try again later."


@pytest.mark.parametrize(
    ("answer", "code", "retryable", "after"),
    [
        (says.rate_limited("17s"), FailureCode.RATE_LIMITED, True, 17.0),
        (says.rate_limited("1.5s", as_list=True), FailureCode.RATE_LIMITED, True, 1.5),
        (says.rate_limited(None), FailureCode.RATE_LIMITED, True, None),
        (says.Said(429, b"slow down", {"retry-after": "9"}), FailureCode.RATE_LIMITED, True, 9.0),
        (says.error(503, "UNAVAILABLE", CALLS_IT_OFF), FailureCode.PROVIDER_UNAVAILABLE, True, None),
        (
            says.error(500, "INTERNAL", "Internal error.", as_list=True),
            FailureCode.PROVIDER_UNAVAILABLE,
            True,
            None,
        ),
        (says.front_end_page(500), FailureCode.PROVIDER_UNAVAILABLE, True, None),
        (says.error(504, "DEADLINE_EXCEEDED", "Deadline."), FailureCode.TIMEOUT, False, None),
        (says.front_end_page(502), FailureCode.SUBMIT_UNKNOWN, False, None),
        (says.front_end_page(504), FailureCode.SUBMIT_UNKNOWN, False, None),
        (says.error(400, "INVALID_ARGUMENT", "Bad ratio."), FailureCode.INVALID_INPUT, False, None),
        (
            says.error(400, "INVALID_ARGUMENT", "It violates our policies."),
            FailureCode.CONTENT_POLICY,
            False,
            None,
        ),
        (says.front_end_page(413), FailureCode.INVALID_INPUT, False, None),
        (says.said("text", 400), FailureCode.INVALID_INPUT, False, None),
        (says.said([], 400), FailureCode.INVALID_INPUT, False, None),
        (says.said({"error": "text"}, 400), FailureCode.INVALID_INPUT, False, None),
        (says.said({"error": {"details": "text"}}, 429), FailureCode.RATE_LIMITED, True, None),
    ],
)
async def test_errors_are_told_apart(google, gemini, answer, code, retryable, after):
    google.say(answer)
    found = await failure(gemini, task())
    assert (found.code, found.retryable, found.retry_after_s) == (code, retryable, after)
    assert len(google.posts) == 1


@pytest.mark.parametrize(
    "answer",
    [
        says.bad_key(),
        says.error(403, "PERMISSION_DENIED", "Your API key was reported as leaked."),
        says.error(401, "UNAUTHENTICATED", "No."),
        says.error(404, "NOT_FOUND", "models/x is not found."),
        says.Said(302, b"", {"location": "https://elsewhere.example/"}),
        says.error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    ],
)
async def test_what_is_the_operator_s_fault_is_never_told_as_the_person_s(google, gemini, answer):
    google.say(answer)
    with capture_logs() as logs:
        found = await failure(gemini, task())
    assert found.code is FailureCode.PROVIDER_UNAVAILABLE
    assert "operator" in found.message
    assert any(each["log_level"] == "error" for each in logs)


async def test_a_wrong_key_is_refused_by_the_fake_too(google, gemini):
    google.key = "another"
    assert (await failure(gemini, task())).code is FailureCode.PROVIDER_UNAVAILABLE


async def test_a_connection_that_breaks_after_the_order_leaves_it_unknown_and_unrepeated(google, gemini):
    google.say(says.DROPPED)
    answer = await failure(gemini, task())
    assert (answer.code, answer.retryable) == (FailureCode.SUBMIT_UNKNOWN, False)
    assert len(google.posts) == 1


async def test_a_provider_that_is_not_there_may_be_asked_again(google, gemini):
    google.__exit__()
    answer = await failure(gemini, task())
    assert (answer.code, answer.retryable) == (FailureCode.PROVIDER_UNAVAILABLE, True)


async def test_no_answer_in_time_is_given_up(google, gemini):
    google.hold()
    answer = await failure(gemini, task(timeout_s=0.3))
    google.release()
    assert (answer.code, answer.retryable) == (FailureCode.TIMEOUT, False)


@pytest.mark.parametrize(
    "part",
    [
        says.picture_part(b"GIF89a, or so it says"),
        {"inlineData": {"mimeType": "image/png", "data": "not base64!"}},
        {"inlineData": {"mimeType": "image/png", "data": "A" * (96 * 1024 * 1024 - 400)}},
    ],
    ids=["gif", "base64", "large"],
)
async def test_a_file_that_is_none_is_billed_and_said(google, gemini, part):
    google.say(says.candidate([part]))
    with capture_logs() as logs:
        answer = await failure(gemini, task())
    assert (answer.code, answer.retryable) == (FailureCode.OUTPUT_INVALID, False)
    assert any(each["log_level"] == "error" for each in logs)


async def test_an_answer_without_an_end_is_not_read_to_it(google, gemini):
    google.say(says.Said(200, b" " * (97 * 1024 * 1024)))
    assert (await failure(gemini, task())).code is FailureCode.SUBMIT_UNKNOWN


async def test_what_was_used_is_kept_and_nothing_secret_is(google, gemini, caplog):
    caplog.set_level(logging.DEBUG)
    google.say(says.error(400, "INVALID_ARGUMENT", "Bad."))
    asked = task(prompt="a secret product")
    with capture_logs() as logs:
        await failure(gemini, asked)
        await made(gemini, asked)
    [used] = [each for each in logs if each["event"] == "gemini used"]
    assert used["job"] == str(asked.job_id)
    assert used["candidatesTokenCount"] == 1290
    said = repr(logs) + caplog.text
    assert KEY not in said
    assert "secret product" not in said


async def test_the_fake_refuses_what_google_does_not_know(google):
    """The strictness that the other tests rely on."""
    sent = {"contents": [{"parts": [{"text": "x"}]}], "generationConfig": {"imageConfig": {"aspect": "1:1"}}}
    async with httpx.AsyncClient(headers={"x-goog-api-key": KEY}) as client:
        address = f"{google.url}/v1/models/gemini-3.1-flash-image:generateContent"
        answer = await client.post(address, json=sent)
        assert answer.status_code == 400
        assert 'Unknown name "aspect"' in answer.json()["error"]["message"]
        assert (await client.post(address.replace("3.1", "2.0"), json=sent)).status_code == 404
