"""Enlarging: exact sizes, no seams, better than plain interpolation, and refusals before the work."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from packshot.imaging import upscale as upscaling
from packshot.imaging.decode import Picture
from packshot.imaging.errors import BadPicture
from packshot.imaging.types import Bytes2D
from packshot.imaging.upscale import upscale
from tests.imaging import synthetic


def _sample(height: int = 96, width: int = 120) -> Bytes2D:
    return np.ascontiguousarray(
        synthetic.photo("bottle", "studio").rgb[380 : 380 + height, 420 : 420 + width]
    )


def _psnr(one: Bytes2D, other: Bytes2D) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (31, 47)])
@pytest.mark.parametrize("factor", [2, 4])
def test_sizes_are_exact(shape: tuple[int, int], factor: int) -> None:
    large = upscale(Picture(np.zeros((*shape, 3), np.uint8), None, "image/png"), factor)
    assert large.rgb.shape == (factor * shape[0], factor * shape[1], 3)


def test_tiles_meet_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture(_sample(), None, "image/png")
    whole = upscale(picture, 2).rgb
    monkeypatch.setattr(upscaling, "TILE", 37)
    assert np.abs(upscale(picture, 2).rgb.astype(int) - whole.astype(int)).max() <= 1


def test_better_than_interpolation() -> None:
    large = _sample(200, 240)
    small = cv2.resize(large, (120, 100), interpolation=cv2.INTER_AREA)
    plain = np.asarray(cv2.resize(small, (240, 200), interpolation=cv2.INTER_LANCZOS4), dtype=np.uint8)
    ours = upscale(Picture(np.asarray(small, dtype=np.uint8), None, "image/png"), 2).rgb
    assert _psnr(ours, large) > _psnr(plain, large)


def test_jpeg_sources_are_denoised() -> None:
    clean = _sample(128, 128)
    coded = cv2.imencode(".jpg", clean, [cv2.IMWRITE_JPEG_QUALITY, 35])[1]
    blocky = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)
    as_jpeg, as_png = (upscale(Picture(blocky, None, kind), 2).rgb for kind in ("image/jpeg", "image/png"))
    assert not np.array_equal(as_jpeg, as_png)


def test_alpha_comes_along() -> None:
    alpha = np.zeros((20, 30), np.uint8)
    alpha[5:15, 8:22] = 255
    large = upscale(Picture(np.zeros((20, 30, 3), np.uint8), alpha, "image/png"), 2)
    assert large.alpha is not None
    assert large.alpha.shape == (40, 60)
    assert large.alpha[20, 30] == 255
    assert large.alpha[2, 2] == 0


def test_too_large_is_refused_before_any_work() -> None:
    told: list[int] = []
    picture = Picture(np.zeros((2000, 2000, 3), np.uint8), None, "image/png")
    with pytest.raises(BadPicture, match="8,000 x 8,000") as caught:
        upscale(picture, 4, told.append)
    assert caught.value.code == "too_large"
    assert told == []


def test_progress_rises_to_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(upscaling, "TILE", 32)
    upscale(Picture(_sample(64, 64), None, "image/png"), 4, told.append)
    assert told == sorted(told)
    assert told[-1] == 100
    assert len(told) == 4 + 16


def test_other_factors_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="2 or 4"):
        upscale(Picture(np.zeros((8, 8, 3), np.uint8), None, "image/png"), 3)
