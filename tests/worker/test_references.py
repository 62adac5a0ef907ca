"""Pictures that a request refers to reach each provider as it can read them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from packshot.adapters.disk import DiskBlobs
from packshot.adapters.local.work import FUNCTIONS
from packshot.ports.generation import Reads
from packshot.studio.assets import storage
from packshot.worker.references import SIDE, References
from tests.worker.test_outputs import ORGANIZATION, claim

READS = Reads(frozenset({"image/png", "image/jpeg", "image/webp"}), 200_000)


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs", sign_key=b"secret", base_url="", now=lambda: 0.0)


@pytest.fixture
def references(blobs: DiskBlobs) -> References:
    async def run(name: str, *args: Any, timeout: float) -> Any:
        return FUNCTIONS[name](lambda _percent: None, *args)

    return References(blobs, run)


def drawn(form: str, side: int, *, alpha: bool = False) -> bytes:
    """Noise, which compresses badly."""
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 4 if alpha else 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form)
    return out.getvalue()


def stored(blobs: DiskBlobs, data: bytes, media_type: str, number: int = 1) -> dict[str, str]:
    sha256 = f"{number:064x}"
    blobs.put(storage.key(ORGANIZATION, sha256), data)
    return {"id": str(UUID(int=number)), "sha256": sha256, "media_type": media_type}


def task_of(*references: dict[str, str]) -> Any:
    found = claim("edit")
    found.references.extend(references)
    return found


async def test_what_fits_is_given_as_it_is(blobs, references):
    data = drawn("PNG", 64)
    one = stored(blobs, data, "image/png")
    for reads in (READS, None):
        (read,) = await references.read(task_of(one), reads)
        assert (read.asset_id, read.media_type, read.data) == (UUID(int=1), "image/png", data)


@pytest.mark.parametrize(("alpha", "becomes"), [(False, "image/jpeg"), (True, "image/webp")])
async def test_another_kind_is_made_fit_and_keeps_its_transparency(blobs, references, alpha, becomes):
    one = stored(blobs, drawn("AVIF", 96, alpha=alpha), "image/avif")
    (read,) = await references.read(task_of(one), READS)
    assert read.media_type == becomes
    with Image.open(io.BytesIO(read.data)) as picture:
        picture.load()
        assert (picture.size, picture.mode) == ((96, 96), "RGBA" if alpha else "RGB")
    (read,) = await references.read(task_of(one), None)
    assert read.media_type == "image/avif"


async def test_each_has_its_share_and_more_is_made_smaller(blobs, references):
    small, large = drawn("JPEG", 200), drawn("PNG", SIDE + 10)
    wanted = task_of(stored(blobs, small, "image/jpeg", 1), stored(blobs, large, "image/png", 2))
    first, second = await references.read(wanted, READS)
    assert first.data == small
    assert second.media_type == "image/jpeg"
    assert len(second.data) < len(large)
    with Image.open(io.BytesIO(second.data)) as picture:
        assert max(picture.size) == SIDE


async def test_what_is_no_picture_is_left_to_the_provider_s_own_words(blobs, references):
    one = stored(blobs, b"\x1aE\xdf\xa3 no picture", "video/webm")
    (read,) = await references.read(task_of(one), READS)
    assert (read.media_type, read.data) == ("video/webm", b"\x1aE\xdf\xa3 no picture")
