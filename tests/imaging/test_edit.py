"""Words that change a picture: each in its direction, nothing moves, and what stays stays."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.imaging import oklab
from packshot.imaging.decode import decode
from packshot.imaging.edit import words
from packshot.imaging.edit.revise import revised
from packshot.imaging.edit.tone import adjust, needs_product
from packshot.imaging.edit.words import Tone
from packshot.imaging.scene.plan import Plan, plan
from packshot.imaging.scene.style import style_of
from packshot.imaging.scene.words import read as read_scene
from packshot.imaging.scene.words import without
from packshot.imaging.types import Bytes2D, Floats, f32

DATA = Path(__file__).parents[1] / "data"
_NAMES = sorted({name for name, _ in words.tones().values()})
_SCENE = "marble bathroom with window light"


def _photo(name: str = "mug.jpg") -> Bytes2D:
    return np.asarray(
        cv2.resize(decode((DATA / name).read_bytes()).rgb, (256, 256), interpolation=cv2.INTER_AREA)
    )


def _measure(rgb: Bytes2D, name: str) -> float:
    """The figure that a tone is about; higher is more of it."""
    lab = oklab.from_rgb(rgb)
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    figures = {
        "warmth": lambda: lab[..., 2].mean(),
        "light": light.mean,
        "contrast": light.std,
        "colour": chroma.mean,
        "detail": lambda: cv2.Laplacian(grey, cv2.CV_32F).std(),
        "softness": lambda: -(grey.astype(np.float32) - cv2.GaussianBlur(grey, (0, 0), 5)).std(),
        "grey": lambda: -chroma.mean(),
        "sepia": lambda: -np.hypot(lab[..., 1].std(), lab[..., 2].std()),
        "white": light.mean,
    }
    return float(figures[name]())


@pytest.mark.parametrize("photo", ["mug.jpg", "bottle.jpg", "plush.avif"])
@pytest.mark.parametrize("word", sorted(words.tones()))
def test_every_word_of_the_vocabulary_turns_its_own_way(word: str, photo: str) -> None:
    name, sign = words.tones()[word]
    wish = words.read(word.replace("-", " "))
    assert [(tone.name, np.sign(tone.amount)) for tone in wish.tones] == [(name, sign)]
    before = _photo(photo)
    after = adjust(before, wish.tones)
    change = _measure(after, name) - _measure(before, name)
    assert sign * change > 1e-4, f"{word}: {change}"


@pytest.mark.parametrize("name", _NAMES)
def test_more_of_it_does_more(name: str) -> None:
    rgb = _photo()
    figures = [_measure(adjust(rgb, [Tone(name, amount)]), name) for amount in (0.4, 1.0, 1.8)]
    flat = name in ("grey", "sepia")
    assert all(low < high or flat for low, high in pairwise(figures))


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("amount", [2.0, -2.0])
def test_nothing_moves(name: str, amount: float) -> None:
    rgb = _photo()
    after = adjust(rgb, [Tone(name, amount)])
    assert after.shape == rgb.shape
    edges = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32) for one in (rgb, after)]
    (across, down), _ = cv2.phaseCorrelate(edges[0], edges[1])
    assert abs(across) < 0.1
    assert abs(down) < 0.1
    assert np.array_equal(after, adjust(rgb, [Tone(name, amount)])), "the same words make the same bytes"


def test_white_paper_stays_white() -> None:
    rgb = np.full((64, 64, 3), 255, np.uint8)
    rgb[16:48, 16:48] = (150, 60, 40)
    for tone in (
        Tone("light", 2),
        Tone("light", -2),
        Tone("contrast", 2),
        Tone("colour", 2),
        Tone("detail", 2),
    ):
        assert adjust(rgb, [tone])[:8].min() > 250, tone


@pytest.mark.parametrize("side", ["product", "background"])
def test_a_tone_for_one_part_leaves_the_other_alone(side: str) -> None:
    rgb = _photo()
    there: Floats = np.zeros(rgb.shape[:2], np.float32)
    there[:, :100] = 1
    for name in _NAMES:
        wish = Tone(name, 1.0, side)  # type: ignore[arg-type]
        assert needs_product([wish])
        changed = np.abs(adjust(rgb, [wish], there).astype(int) - rgb).max(axis=2)
        touched, spared = (
            (changed[:, :100], changed[:, 100:])
            if side == "product"
            else (changed[:, 100:], changed[:, :100])
        )
        assert touched.max() > 3, name
        assert spared.max() <= 1, name
    with pytest.raises(ValueError, match="product"):
        adjust(rgb, [Tone("light", 1, "product")])


def test_shadows_and_highlights_are_reached_apart() -> None:
    rgb = np.repeat(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], 3, axis=2).repeat(8, axis=0)
    for scope, near, far in (
        ("shadows", slice(40, 80), slice(200, 256)),
        ("highlights", slice(170, 220), slice(0, 40)),
    ):
        change = np.abs(adjust(rgb, [Tone("light", 1, scope)]).astype(int) - rgb)[0, :, 0]  # type: ignore[arg-type]
        assert change[near].mean() > 4 * max(0.5, change[far].mean())


@pytest.mark.parametrize(
    ("text", "tones"),
    [
        ("warmer", [("warmth", 1.0, "all")]),
        ("a bit warmer", [("warmth", 0.5, "all")]),
        ("make it much brighter please", [("light", 1.7, "all")]),
        ("too dark", [("light", 1.0, "all")]),
        ("not so bright", [("light", -1.0, "all")]),
        ("less contrast", [("contrast", -1.0, "all")]),
        ("reduce the saturation slightly", [("colour", -1.0, "all")]),
        ("add contrast", [("contrast", 1.0, "all")]),
        ("B&W", [("grey", 1.0, "all")]),
        ("darker background", [("light", -1.0, "background")]),
        ("make the background a lot darker", [("light", -1.7, "background")]),
        (
            "a sharper product, softer background",
            [("detail", 1.0, "product"), ("softness", 1.0, "background")],
        ),
        ("deeper shadows", [("light", -1.0, "shadows")]),
        ("brighter highlights", [("light", 1.0, "highlights")]),
        ("soft light", [("softness", 1.0, "all")]),
        ("warm and bright", [("warmth", 1.0, "all"), ("light", 1.0, "all")]),
    ],
)
def test_words_become_tones(text: str, tones: list[tuple[str, float, str]]) -> None:
    wish = words.read(text)
    assert [(tone.name, tone.amount, tone.scope) for tone in wish.tones] == tones
    assert not wish.recomposes
    assert not wish.unknown


@pytest.mark.parametrize(
    ("text", "ground", "removed", "tones"),
    [
        ("warmer, on wood", "wood", set(), 1),
        ("on dark wood", "wood", set(), 0),
        ("on the beach", None, set(), 0),
        ("a blue background", None, set(), 0),
        ("remove the podium", None, {"plinth"}, 0),
        ("without the shadows of leaves, no podium", None, {"leaves", "plinth"}, 0),
        ("no leaf shadows and cooler", None, {"leaves"}, 1),
        ("light from the left", None, set(), 0),
        ("christmas", None, set(), 0),
    ],
)
def test_words_become_a_scene(text: str, ground: str | None, removed: set[str], tones: int) -> None:
    wish = words.read(text)
    assert wish.recomposes
    assert wish.ground == ground
    assert removed <= wish.removed
    assert len(wish.tones) == tones
    assert not wish.unknown


@pytest.mark.parametrize(
    "text", ["", "xyzzy plugh", "please", "the background", "turn it upside down", "too", "!!! ,,,"]
)
def test_words_that_say_nothing_say_nothing(text: str) -> None:
    assert not words.read(text).anything


def test_unknown_words_are_told() -> None:
    assert words.read("warmer with a xyzzy on wood").unknown == ("xyzzy",)
    assert "xyzzy" in words.not_understood(("xyzzy",))


@given(
    st.lists(
        st.sampled_from(
            [*sorted(words.tones()), "on", "no", "wood", "background", "the", "a bit", ",", "zzz"]
        ),
        max_size=9,
    )
)
def test_no_words_break_it(parts: list[str]) -> None:
    wish = words.read(" ".join(parts))
    assert all(abs(tone.amount) <= 2.5 for tone in wish.tones)
    revised(_SCENE, wish)


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    wish = words.read(text)
    if wish.recomposes:
        revised(text, wish)


def _plan(base: str, text: str, seed: int = 7) -> Plan:
    return plan(revised(base, words.read(text)), seed, 0, base, empty=False)


def _before(base: str, seed: int = 7):
    return plan(read_scene(base), seed, 0, base, empty=False)


def test_on_wood_changes_the_floor_and_nothing_else() -> None:
    before, after = _before(_SCENE), _plan(_SCENE, "on wood")
    assert (before.floor, after.floor) == ("marble", "wood")
    assert (after.gobo, after.prop, after.light.side) == (before.gobo, "none", before.light.side)
    assert np.array_equal(after.wall_colour, before.wall_colour)


def test_a_colour_before_the_floor_is_the_floor_s() -> None:
    white, black = _plan("beach", "on white marble"), _plan("beach", "on black marble")
    assert white.floor == black.floor == "marble"
    assert white.floor_colour.mean() > 4 * black.floor_colour.mean()
    assert np.array_equal(white.wall_colour, black.wall_colour)


def test_new_words_win_over_old_ones() -> None:
    assert _plan("pink podium", "a green background").wall_colour.argmax() == 1
    assert _plan(_SCENE, "beach").floor == "sand"
    for side, word in ((-1, "left"), (1, "right")):
        assert _plan("wood, light from the right", f"light from the {word}").light.side == side


def test_a_set_keeps_what_the_words_leave_alone() -> None:
    before, after = _before("podium with leaf shadows"), _plan("podium with leaf shadows", "no leaf shadows")
    assert (before.gobo, after.gobo) == ("leaves", "none")
    assert before.prop == after.prop
    assert np.array_equal(after.wall_colour, before.wall_colour)
    assert _plan("podium with leaf shadows", "remove the podium").prop == "none"
    assert _plan("podium with leaf shadows", "remove the podium").gobo == "leaves"


def test_without_a_prompt_of_its_own_the_words_are_all() -> None:
    assert revised("", words.read("on wood")).family == "wood"
    assert revised("  ", words.read("christmas")).family == "festive"


def test_what_is_to_be_avoided_is_not_chosen() -> None:
    for seed in range(12):
        made = plan(
            without(read_scene("podium"), "plants, leaf shadows, wood"), seed, seed, "podium", empty=False
        )
        assert made.gobo != "leaves"
        assert made.floor != "wood"
    assert without(read_scene("on wood"), "wood").floor == read_scene("on wood").floor, (
        "what is asked for stays"
    )
    assert plan(without(read_scene("bokeh"), "bokeh"), 1, 0, "bokeh", empty=False).wall != "foliage"


def test_a_style_lends_its_colours_and_the_same_style_the_same() -> None:
    blue = np.full((80, 80, 3), (40, 70, 160), np.uint8)
    style = style_of([blue])
    made, usual = (plan(read_scene("studio"), 3, 0, "studio", False, one) for one in (style, None))
    assert made.wall_colour.argmax() == 2
    assert not np.array_equal(made.wall_colour, usual.wall_colour)
    assert np.array_equal(style_of([blue]).accent, style.accent)
    warm = style_of([np.full((80, 80, 3), (250, 215, 150), np.uint8)])
    assert warm.warmth > 0.2 > style.warmth
    assert plan(read_scene("red studio"), 3, 0, "red studio", False, style).wall_colour.argmax() == 0, (
        "the prompt wins"
    )
    with pytest.raises(ValueError, match="style"):
        style_of([])
    assert f32(style.wall).shape == (3,)
