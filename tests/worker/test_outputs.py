"""What a provider delivers is proven before it is stored: pictures, videos, and what only says that it is one."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from packshot.adapters.disk import DiskBlobs
from packshot.adapters.fetch.fetcher import SafeFetcher
from packshot.adapters.local.work import FUNCTIONS
from packshot.adapters.mock.picture import clip, picture
from packshot.imaging.traits import COLOURS
from packshot.ports.blobs import BlobMissing
from packshot.ports.generation import Output, Remote
from packshot.studio.assets import storage
from packshot.worker.downloads import Downloads
from packshot.worker.jobs import Claim, Name
from packshot.worker.outputs import BadOutput, Outputs

Keep = Callable[[Claim, list[Output | Remote]], Awaitable[list[dict[str, Any]]]]
ORGANIZATION = UUID("01939f2a-0000-7000-8000-000000000001")


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs", sign_key=b"secret", base_url="", now=lambda: 0.0)


@pytest.fixture
def outputs(blobs: DiskBlobs) -> Outputs:
    async def run(name: str, *args: Any, timeout: float) -> Any:
        return FUNCTIONS[name](lambda _percent: None, *args)

    async def hold(_organization: UUID, _sha256: str) -> None:
        """Nothing erases here."""

    return Outputs(blobs, run, hold)


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(SafeFetcher(), tmp_path / "fetched")


@pytest.fixture
def keep(outputs: Outputs, downloads: Downloads) -> Keep:
    """Both steps at once, as the road takes them."""

    async def both(of: Claim, given: list[Output | Remote]) -> list[dict[str, Any]]:
        async with downloads.at_hand(given) as files:
            return await outputs.keep(of, files)

    return both


def claim(operation: str = "video") -> Claim:
    return Claim(
        name=Name(ORGANIZATION, uuid7()),
        batch_id=uuid7(),
        index=0,
        token=1,
        late=False,
        attempt=1,
        max_attempts=3,
        provider="mock",
        ref=None,
        cancel=False,
        submit_started=False,
        left_s=60,
        price=0,
        operation=operation,
        model="mock-clip",
        prompt="",
        ratio="1:1",
        size=1024,
        seed=7,
        references=[],
        parameters={},
        other_routes=[],
        cost=None,
    )


def output(data: bytes, media_type: str = "video/webm") -> Output:
    return Output(data, media_type, 1, 1, source_type="trainedAlgorithmicMedia")


async def test_a_video_has_a_length_a_poster_and_a_name(keep: Keep, blobs: DiskBlobs) -> None:
    data, width, height = clip(7, 2)
    (facts,) = await keep(claim(), [output(data, "image/png")])
    assert facts["media_type"] == "video/webm", "what the file says of itself is not believed"
    assert (facts["width"], facts["height"], facts["duration_s"]) == (width, height, 2.0)
    assert facts["name"] == "video-1.webm"
    assert facts["placeholder"].startswith("data:image/webp")
    assert set(facts["colours"]) <= set(COLOURS)
    assert isinstance(facts["phash"], int)
    for side in (256, 512):
        blobs.info(storage.thumb_key(ORGANIZATION, facts["sha256"], side))
    assert blobs.get(storage.key(ORGANIZATION, facts["sha256"])) == data


async def test_a_picture_has_no_length(keep: Keep) -> None:
    (facts,) = await keep(claim("generate"), [output(picture(7, "1:1")[0], "image/png")])
    assert (facts["media_type"], facts["duration_s"]) == ("image/png", None)


@pytest.mark.parametrize("flaw", ["half", "noise", "empty", "head"])
async def test_what_does_not_play_is_neither_believed_nor_stored(
    keep: Keep, blobs: DiskBlobs, flaw: str
) -> None:
    whole = clip(7, 2)[0]
    data = {
        "half": whole[: len(whole) // 2],
        "noise": whole[:16] + bytes(900),
        "empty": b"",
        "head": whole[:16],
    }
    with pytest.raises(BadOutput):
        await keep(claim(), [output(data[flaw])])
    with pytest.raises(BlobMissing):
        blobs.info(storage.key(ORGANIZATION, hashlib.sha256(data[flaw]).hexdigest()))
