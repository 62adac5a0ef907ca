"""Cut-outs against known truth, and the guarantees that do not depend on the net."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from packshot.imaging import nets
from packshot.imaging.cutout import cut_out
from packshot.imaging.decode import Picture, decode
from tests.imaging import synthetic

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize("backdrop", ["white", "grey", "gradient", "studio"])
@pytest.mark.parametrize("name", synthetic.OBJECTS)
def test_plain_backgrounds_are_cut_exactly(name: str, backdrop: str) -> None:
    photo = synthetic.photo(name, backdrop)
    cutout = cut_out(Picture(photo.rgb, None, "image/png"))
    alpha = cutout.rgba[..., 3].astype(np.float32) / 255
    assert synthetic.intersection_over_union(alpha, photo.alpha) >= 0.95
    assert float(np.abs(alpha - photo.alpha).mean()) < 0.015
    assert cutout.confidence > 0.9


def test_the_hole_in_the_handle_is_a_hole() -> None:
    cutout = cut_out(decode((DATA / "mug.jpg").read_bytes()))
    true = synthetic.product("mug")[1]
    rows, columns = np.nonzero(true < 0.01)
    inside = (np.abs(rows - 522) < 60) & (np.abs(columns - 745) < 20)
    assert inside.any()
    assert cutout.rgba[rows[inside], columns[inside], 3].max() < 30


def test_the_edge_loses_the_colour_of_its_background() -> None:
    side = 400
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    alpha = np.clip((110 - np.hypot(x - 200, y - 200)) / 6 + 0.5, 0, 1)[..., None]
    red, green = np.array((200, 30, 40)), np.array((20, 190, 60))
    rgb = np.rint(red * alpha + green * (1 - alpha)).astype(np.uint8)
    rgba = cut_out(Picture(rgb, None, "image/png")).rgba
    edge = (rgba[..., 3] > 40) & (rgba[..., 3] < 215)
    assert edge.sum() > 200
    assert rgba[edge, 1].mean() < 60, "green shines through the edge"


def test_a_picture_with_real_alpha_keeps_it_and_needs_no_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nets, "run", lambda *_args: pytest.fail("the net was asked"))
    picture = decode((DATA / "jar.png").read_bytes())
    cutout = cut_out(picture)
    assert picture.alpha is not None
    assert np.array_equal(cutout.rgba[..., 3], picture.alpha)
    assert np.array_equal(cutout.rgba[..., :3], picture.rgb)
    assert cutout.confidence == 1.0


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (900, 3), (17, 23)])
def test_tiny_and_extreme_pictures_do_not_fail(shape: tuple[int, int]) -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    rgb = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert cut_out(Picture(rgb, None, "image/png")).rgba.shape == (*shape, 4)


def test_an_empty_picture_is_not_confident() -> None:
    cutout = cut_out(Picture(np.full((300, 300, 3), 240, np.uint8), None, "image/png"))
    assert 0 <= cutout.confidence < 0.95


def test_the_same_picture_is_cut_the_same_twice() -> None:
    picture = decode((DATA / "sneaker.webp").read_bytes())
    assert np.array_equal(cut_out(picture).rgba, cut_out(picture).rgba)


def test_damaged_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(nets.weights("u2netp.onnx")) == 4_574_861
    monkeypatch.setitem(nets.WEIGHTS, "u2netp.onnx", "0" * 64)
    with pytest.raises(nets.BadWeights, match="damaged"):
        nets.weights("u2netp.onnx")
