"""The same models over Vertex AI: other addresses, tokens instead of a key, Veo for videos."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from packshot.adapters.gemini.access import Token
from packshot.adapters.gemini.api import vertex
from packshot.adapters.gemini.generator import GeminiGenerator
from packshot.imaging.film import look
from packshot.ports.generation import CancelOutcome, Done, FailureCode, Output, Pending
from tests.adapters.gemini.support import end, failure, photo, submitted, task, unheard
from tests.fakes.gemini import KEY, FakeGemini, says

ROOT = "/v1/projects/fake-project/locations/global/publishers/google/models"


@pytest.fixture
async def gemini(google: FakeGemini, clock, tmp_path: Path, monkeypatch) -> AsyncIterator[GeminiGenerator]:
    account = google.service_account(tmp_path / "account.json")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    api = vertex("fake-project", "global", url=google.url)
    generator = GeminiGenerator(api, now=clock, chance=lambda: 0.5)
    yield generator
    await generator.close()


async def test_a_picture_is_made_with_a_token(google, gemini):
    answer = await submitted(gemini, task(references=(photo(),)))
    assert isinstance(answer, Done)
    [post] = google.posts
    assert post.path == f"{ROOT}/gemini-3.1-flash-image:generateContent"
    assert post.headers["authorization"].startswith("Bearer ya29.")
    assert "x-goog-api-key" not in post.headers


async def test_a_token_is_used_until_it_ends(google, gemini):
    for _ in range(3):
        await submitted(gemini, task())
    assert len(google.tokens) == 1


async def test_a_token_about_to_end_is_replaced(google, gemini):
    google.token_life_s = 60  # within the margin that Google's library keeps
    for _ in range(2):
        assert isinstance(await submitted(gemini, task()), Done)
    assert len(google.tokens) == 2


async def test_without_credentials_the_operator_is_told(google, gemini, monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with capture_logs() as logs:
        answer = await failure(gemini, task())
    assert answer.code is FailureCode.PROVIDER_UNAVAILABLE
    assert any(each["log_level"] == "error" for each in logs)
    assert google.posts == []


async def test_credentials_that_are_not_known_are_told_too(google, gemini, clock, tmp_path, monkeypatch):
    account = google.service_account(tmp_path / "forged.json")
    text = account.read_text().replace("/token", "/elsewhere")
    account.write_text(text)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    assert (await failure(gemini, task())).code is FailureCode.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    ("location", "host"),
    [("global", "aiplatform.googleapis.com"), ("us-central1", "us-central1-aiplatform.googleapis.com")],
)
def test_the_host_follows_the_location(location, host):
    assert vertex("p", location, token=Token()).client.host == host


async def test_words_are_written(gemini):
    assert await submitted(gemini, task("gemini-chat")) == Done(text="A bottle on a stone.")


@pytest.mark.parametrize("model", ["omni-video", "omni-clip"])
async def test_a_video_is_veo_s_and_comes_inside(google, gemini, model):
    answer = await end(gemini, task(model))
    assert isinstance(answer, Done), answer
    [output] = answer.outputs
    assert isinstance(output, Output)
    assert (output.media_type, output.width, output.height) == ("video/mp4", 1280, 720)
    assert look(output.data).duration_s == pytest.approx(4, abs=0.1)
    begun, *looks = google.posts
    assert begun.path == f"{ROOT}/veo-3.1-generate-001:predictLongRunning"
    assert begun.body["parameters"] == {
        "aspectRatio": "16:9", "durationSeconds": 4, "resolution": "720p", "sampleCount": 1,
    }  # fmt: skip
    assert ("image" in begun.body["instances"][0]) == (model == "omni-clip")
    assert [post.path for post in looks] == [f"{ROOT}/veo-3.1-generate-001:fetchPredictOperation"] * 2


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ({"error": {"code": 13, "message": "Internal error."}}, FailureCode.INTERNAL),
        (
            {"error": {"code": 3, "message": "It breaks our Responsible AI practices."}},
            FailureCode.CONTENT_POLICY,
        ),
        (
            {"response": {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["x"]}},
            FailureCode.CONTENT_POLICY,
        ),
        ({"response": {"videos": []}}, FailureCode.OUTPUT_INVALID),
        ({"response": {"videos": [{"gcsUri": "gs://bucket/a.mp4"}]}}, FailureCode.OUTPUT_INVALID),
        (
            {"response": {"videos": [{"bytesBase64Encoded": base64.b64encode(b"none").decode()}]}},
            FailureCode.OUTPUT_INVALID,
        ),
        ({}, FailureCode.OUTPUT_INVALID),
    ],
)
async def test_ends_without_a_video(google, gemini, ending, code):
    google.end_with(ending)
    answer = await end(gemini, task("omni-video"))
    assert not isinstance(answer, Done)
    assert (answer.code, answer.retryable) == (code, False)


async def test_what_keeps_us_from_looking_ends_nothing(google, gemini):
    asked = task("omni-video")
    begun = await submitted(gemini, asked)
    google.say(says.error(503, "UNAVAILABLE", "Later."), says.DROPPED)
    for _ in range(3):
        assert isinstance(await gemini.poll(begun.ref, asked, unheard), Pending)
    assert isinstance(await gemini.poll(begun.ref, asked, unheard), Done)
    assert len(google.posts_to(":predictLongRunning")) == 1


async def test_what_is_not_known_is_no_error(gemini):
    unknown = "projects/fake-project/locations/global/publishers/google/models/m/operations/none@1800000000"
    for ref in ("of nobody", unknown, "v1_interaction@1800000000"):
        answer = await gemini.poll(ref, task("omni-video"), unheard)
        assert answer.code is FailureCode.INTERNAL
        assert await gemini.cancel(ref) is CancelOutcome.UNKNOWN


async def test_the_fake_takes_no_key_here(google, gemini):
    google.tokens.clear()
    await submitted(gemini, task())
    google.tokens.clear()
    answer = await failure(gemini, task())
    assert answer.code is FailureCode.PROVIDER_UNAVAILABLE
    assert KEY not in repr(google.posts)
