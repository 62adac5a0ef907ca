"""The composer: the same picture for the same order, four different ones for four variants, no lies."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from itertools import combinations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packshot.imaging.scene.backdrop import material_colour
from packshot.imaging.scene.compose import compose
from packshot.imaging.scene.plan import generator, plan
from packshot.imaging.scene.ratios import RATIOS, UnsupportedScene, dimensions
from packshot.imaging.scene.surfaces import MATERIALS
from packshot.imaging.scene.walls import BACKDROPS
from packshot.imaging.scene.words import APPROXIMATED, families, read
from packshot.imaging.types import Bytes2D
from tests.imaging import synthetic


def _cutout(name: str = "bottle") -> Bytes2D:
    colour, alpha = synthetic.product(name)
    straight = np.clip(colour / np.maximum(alpha, 1 / 255)[..., None], 0, 1)
    rgba = np.rint(np.dstack((straight, alpha)) * 255).astype(np.uint8)
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    return np.ascontiguousarray(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


_SQUARE = np.dstack((np.full((90, 60, 3), (180, 90, 60), np.uint8), np.full((90, 60), 255, np.uint8)))

_IN_ANOTHER_PROCESS = """
import sys
import numpy as np
from hashlib import sha256
from packshot.adapters.local.work import scene
from packshot.imaging.cutout import Cutout
square = np.dstack((np.full((90, 60, 3), (180, 90, 60), np.uint8), np.full((90, 60), 255, np.uint8)))
order = dict(prompt="festive marble, warm light", seed=77, variant=2, ratio="4:5", size=512)
made = scene(lambda _percent: None, Cutout(square, 1.0), order, "compositeSynthetic", 92)
print(sha256(made.data).hexdigest())
"""


def test_the_same_order_makes_the_same_bytes_in_every_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", _IN_ANOTHER_PROCESS], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


@pytest.mark.parametrize("family", sorted(families()))
def test_variants_differ_and_carry_the_product(family: str) -> None:
    made = [
        compose(_SQUARE, prompt=families()[family]["words"][0], seed=5, variant=index, size=512)
        for index in range(4)
    ]
    small = [cv2.resize(scene.rgb, (32, 32), interpolation=cv2.INTER_AREA).astype(int) for scene in made]
    assert all(np.abs(one - other).mean() > 2.5 for one, other in combinations(small, 2))
    assert all(scene.note is None for scene in made)
    for scene in made:
        red, _, blue = scene.rgb[190:330, 190:330].reshape(-1, 3).mean(axis=0)
        assert red > blue, "the product is missing"
        assert 12 < scene.rgb.mean() < 245


def test_another_seed_is_another_picture() -> None:
    one, other = (compose(_SQUARE, prompt="wood", seed=seed, size=512).rgb for seed in (1, 2))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_ratio_at_small_size(ratio: str) -> None:
    rgb = compose(_SQUARE, prompt="beach", seed=3, ratio=ratio, size=512).rgb
    width, height = dimensions(ratio, 512)
    assert rgb.shape == (height, width, 3)
    assert max(width, height) == 512
    across, down = RATIOS[ratio]
    assert abs(width / height - across / down) < 0.01


@pytest.mark.parametrize(("ratio", "size"), [("7:3", 1024), ("1:1", 511), ("1:1", 2049), ("", 1024)])
def test_other_shapes_are_refused(ratio: str, size: int) -> None:
    with pytest.raises(UnsupportedScene):
        compose(None, prompt="", seed=1, ratio=ratio, size=size)


def test_the_product_keeps_its_colours() -> None:
    cutout = _cutout()
    rgb = compose(cutout, prompt="white studio, soft light", seed=9, size=1024).rgb.astype(np.float32)
    label = rgb[560:640, 480:540].reshape(-1, 3).mean(axis=0)
    assert label.min() > 120
    assert np.ptp(label) < 45, "cream paper became coloured"


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (1500, 1500)])
def test_cutouts_of_any_shape(shape: tuple[int, int]) -> None:
    rgba = np.full((*shape, 4), 255, np.uint8)
    assert compose(rgba, prompt="glossy podium", seed=1, size=512).rgb.shape == (512, 512, 3)


def test_an_empty_cutout_still_makes_a_picture() -> None:
    assert compose(np.zeros((40, 40, 4), np.uint8), prompt="marble", seed=1, size=512).rgb.shape == (
        512,
        512,
        3,
    )


def test_without_a_product_there_is_a_stage_for_it() -> None:
    assert all(
        plan(read("beach"), 1, variant, "beach", empty=True).prop.startswith(("plinth", "steps"))
        for variant in range(4)
    )
    assert compose(None, prompt="beach", seed=1, size=512).rgb.std() > 5


def test_progress_rises() -> None:
    told: list[int] = []
    compose(_SQUARE, prompt="", seed=1, size=512, progress=told.append)
    assert told == sorted(told)
    assert told


@pytest.mark.parametrize(
    ("prompt", "family", "wish"),
    [
        ("on a marble counter", "marble", {}),
        ("Christmas gift with golden lights", "festive", {}),
        ("black marble with gold accents", "marble", {"subject_colour": "#1c1c1e", "accent": "#c9a35a"}),
        ("bottle on sand, sea behind, sunny", "beach", {}),
        ("palm shadows on a sage wall", "studio", {"gobo": "leaves", "colours": ("#a9b79a",)}),
        ("light from the left, podium", "podium", {"prop": "plinth", "side": -1}),
        ("marbel table", "marble", {}),
        ("", "studio", {}),
    ],
)
def test_words_are_understood(prompt: str, family: str, wish: dict[str, object]) -> None:
    direction = read(prompt)
    if prompt != "marbel table":
        assert direction.family == family
    assert direction.note is None
    for name, value in wish.items():
        assert getattr(direction, name) == value


def test_what_is_not_understood_is_said() -> None:
    note = read("frobnicate the quux").note
    assert note is not None
    assert note.startswith(APPROXIMATED)
    assert "frobnicate, quux" in note


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.integers(0, 2**63 - 1), st.integers(0, 9))
def test_any_prompt_has_a_plan(prompt: str, seed: int, variant: int) -> None:
    chosen = plan(read(prompt), seed, variant, prompt, empty=False)
    assert chosen.floor in MATERIALS or chosen.seamless or chosen.floor == "water"
    assert np.isfinite(chosen.wall_colour).all()


def test_the_data_names_only_what_exists() -> None:
    for family in families().values():
        assert len(family["sets"]) >= 4
        for item in family["sets"]:
            assert item["wall"] in {
                *MATERIALS,
                *BACKDROPS,
                "sweep",
                "gradient",
                "gradient_sweep",
                "linen_sweep",
            }
            assert item["floor"] in {*MATERIALS, "sweep", "gradient_sweep", "linen_sweep"}
            assert item.get("prop_material", "matte") in MATERIALS


def test_materials_have_their_own_colours() -> None:
    rng = generator(1, 0, "", "test")
    assert all(0 < float(material_colour(name, rng).max()) <= 1 for name in MATERIALS)


def test_a_golden_scene_hashes_the_same_twice_in_one_process() -> None:
    made = [sha256(compose(_SQUARE, prompt="neon", seed=8, size=512).rgb).hexdigest() for _ in range(2)]
    assert made[0] == made[1]
