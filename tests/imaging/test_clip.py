"""Films from stills: they play to the last frame, move as they say, and hostile ones are refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.imaging import clip
from packshot.imaging.clip import MOTIONS, film, frame_size
from packshot.imaging.decode import Picture, decode
from packshot.imaging.errors import BadPicture
from packshot.imaging.film import MAX_SECONDS, look, sniff_film
from packshot.imaging.sources import read_source_type
from packshot.imaging.types import Bytes2D

DATA = Path(__file__).parents[1] / "data"


def _still(side: int = 240) -> Picture:
    rgb = decode((DATA / "bottle.jpg").read_bytes()).rgb
    return Picture(
        np.asarray(cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA)), None, "image/jpeg"
    )


def _frames(data: bytes) -> list[Bytes2D]:
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def _film(motion: str = "push_in", picture: Picture | None = None, seconds: int = 3) -> clip.Clip:
    return film(picture or _still(), motion=motion, seconds=seconds, source_type="compositeSynthetic")


@pytest.fixture(scope="module")
def films() -> dict[str, clip.Clip]:
    return {motion: _film(motion) for motion in MOTIONS}


@pytest.mark.parametrize("motion", MOTIONS)
def test_every_frame_plays(films: dict[str, clip.Clip], motion: str) -> None:
    made = films[motion]
    frames = _frames(made.data)
    assert len(frames) == 72
    assert {frame.shape for frame in frames} == {(made.height, made.width, 3)} == {(240, 240, 3)}
    with av.open(io.BytesIO(made.data)) as container:
        (stream,) = container.streams
        assert (container.format.name, stream.codec_context.name) == ("matroska,webm", "vp9")
        assert container.duration / 1e6 == pytest.approx(3, abs=0.05)
        assert container.metadata["DIGITAL_SOURCE_TYPE"].strip().endswith("/compositeSynthetic")
    assert read_source_type(made.data) == "compositeSynthetic"
    assert made.note is None


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_same_still_makes_the_same_bytes(films: dict[str, clip.Clip], motion: str) -> None:
    assert _film(motion).data == films[motion].data


def test_it_moves_evenly_and_the_colours_stay(films: dict[str, clip.Clip]) -> None:
    still = _still().rgb
    for motion, made in films.items():
        frames = _frames(made.data)
        steps = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(frames)]
        assert max(steps) < 12, f"{motion} jumps"
        assert np.abs(frames[0].astype(int) - frames[len(frames) // 4]).mean() > 0.8, f"{motion} stands still"
        middle = frames[36].reshape(-1, 3).mean(axis=0)
        assert np.abs(middle - still.reshape(-1, 3).mean(axis=0)).max() < 14


def _width_of_product(frame: Bytes2D) -> int:
    dark = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)[20:60] < 60
    return int(dark.any(axis=0).sum())


def test_push_in_comes_nearer_and_pull_out_goes(films: dict[str, clip.Clip]) -> None:
    near, away = (_frames(films[motion].data) for motion in ("push_in", "pull_out"))
    assert _width_of_product(near[-1]) > _width_of_product(near[0]) + 2
    assert _width_of_product(away[-1]) < _width_of_product(away[0]) - 2


def test_an_orbit_comes_back_to_where_it_began(films: dict[str, clip.Clip]) -> None:
    frames = _frames(films["orbit"].data)
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() < 2.5


def test_an_orbit_around_nothing_moves_in_and_says_so() -> None:
    flat = Picture(np.full((120, 120, 3), 128, np.uint8), None, "image/png")
    made = _film("orbit", flat)
    assert made.note is not None
    assert "moves in" in made.note
    assert len(_frames(made.data)) == 72


def test_transparency_lies_on_white() -> None:
    alpha = np.zeros((96, 96), np.uint8)
    alpha[30:70, 30:70] = 255
    still = Picture(np.full((96, 96, 3), (20, 60, 190), np.uint8), alpha, "image/png")
    assert _frames(_film("orbit", still).data)[10][:8].min() > 240


def test_progress_is_told_frame_by_frame() -> None:
    told: list[int] = []
    film(_still(96), motion="pan", seconds=3, source_type="compositeSynthetic", progress=told.append)
    assert told == sorted(told)
    assert len(told) == 73
    assert told[-1] == 100


@given(width=st.integers(1, 9000), height=st.integers(1, 9000))
def test_frames_are_even_and_never_larger_than_1280(width: int, height: int) -> None:
    across, down = frame_size(width, height)
    assert across % 2 == down % 2 == 0
    assert min(across, down) >= 16
    assert max(across, down) <= 1280


@pytest.mark.parametrize(("motion", "seconds"), [("spin", 4), ("pan", 2), ("pan", 9), ("orbit", 0)])
def test_what_is_not_offered_is_refused(motion: str, seconds: int) -> None:
    with pytest.raises(ValueError, match="cannot film"):
        film(_still(96), motion=motion, seconds=seconds, source_type="compositeSynthetic")


def _encoded(
    count: int, size: tuple[int, int] = (64, 48), *, form: str = "webm", codec: str = "libvpx-vp9"
) -> bytes:
    """Frames that grow lighter, so that one can tell from a poster when it was taken."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for at in range(count):
            pixels = np.full((size[1], size[0], 3), 250 * at // max(1, count), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "codec", "media_type"),
    [("webm", "libvpx-vp9", "video/webm"), ("webm", "libvpx", "video/webm"), ("mp4", "libx264", "video/mp4")],
)
def test_a_video_is_seen_for_what_it_is(form: str, codec: str, media_type: str) -> None:
    seen = look(_encoded(48, form=form, codec=codec))
    assert (seen.thumbs.media_type, seen.thumbs.width, seen.thumbs.height) == (media_type, 64, 48)
    assert seen.duration_s == pytest.approx(2, abs=0.1)
    assert seen.frames == 48
    poster = decode(seen.thumbs.large).rgb.mean()
    assert 0.10 * 250 <= poster <= 0.30 * 250, "the poster is from 10 to 30 % of the film"


def test_a_clip_of_ours_is_taken() -> None:
    seen = look(_film(seconds=3).data)
    assert (seen.thumbs.width, seen.frames, seen.duration_s) == (240, 72, 3.0)


def _broken() -> Iterator[tuple[str, bytes]]:
    whole = _encoded(48)
    yield "empty", b""
    yield "only a head", whole[:16]
    yield "cut in the middle", whole[: len(whole) // 2]
    yield "noise", b"\x1a\x45\xdf\xa3" + np.random.Generator(np.random.PCG64(1)).bytes(5000)
    yield "noise in a mp4", b"\x00\x00\x00\x18ftypisom" + np.random.Generator(np.random.PCG64(2)).bytes(5000)
    yield "a picture", (DATA / "bottle.jpg").read_bytes()
    yield "an AVIF", (DATA / "plush.avif").read_bytes()
    yield "a playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    yield "another codec", _encoded(10, form="mp4", codec="mpeg4")


@pytest.mark.parametrize(("name", "data"), [pytest.param(*one, id=one[0]) for one in _broken()])
def test_a_broken_or_foreign_video_is_a_bad_picture(name: str, data: bytes) -> None:
    with pytest.raises(BadPicture) as caught:
        look(data)
    assert "\n" not in caught.value.message


def test_too_long_and_too_large_are_refused() -> None:
    with pytest.raises(BadPicture, match="longer than 60 seconds"):
        look(_encoded(int(24 * (MAX_SECONDS + 2)), (16, 16)))
    with pytest.raises(BadPicture, match="larger than 4K"):
        look(_encoded(1, (4096, 2304)))


def test_sound_beside_the_picture_does_not_matter_but_two_videos_do() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        streams = [container.add_stream("libvpx-vp9", rate=24) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for stream in streams:
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
    with pytest.raises(BadPicture, match="one video"):
        look(out.getvalue())


@given(
    cut=st.integers(0, 60), flips=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=8)
)
def test_no_damage_raises_anything_else(cut: int, flips: list[tuple[int, int]]) -> None:
    data = bytearray(_SMALL)
    for at, value in flips:
        data[at % len(data)] = value
    try:
        seen = look(bytes(data[: len(data) - cut]))
    except BadPicture:
        return
    assert seen.duration_s <= MAX_SECONDS + 1


_SMALL = _encoded(6, (32, 32))


def test_films_are_told_by_their_first_bytes() -> None:
    assert sniff_film(_SMALL[:16]) == "video/webm"
    for data in (b"", b"RIFF....AVI ", (DATA / "plush.avif").read_bytes()[:16]):
        assert sniff_film(data) is None
