"""Make the sample photos of this folder and of the empty board: `python -m tests.data.make`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from packshot.imaging.export import encode
from tests.imaging import synthetic

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "packshot" / "web" / "static" / "samples"
_ORIENTATION, _ROTATED_LEFT, _MAKE = 0x0112, 8, 0x010F


def main() -> None:
    """Write every file; the bytes are the same again with the same library versions."""
    bottle, mug = synthetic.photo("bottle", "studio").rgb, synthetic.photo("mug", "wood").rgb
    jar, sneaker = synthetic.photo("jar", "gradient").rgb, synthetic.photo("sneaker", "grey").rgb
    plush = synthetic.photo("plush", "white").rgb
    _write(HERE / "bottle.jpg", encode(bottle, "image/jpeg", source_type="digitalCapture", quality=88))
    _write(HERE / "mug.jpg", _sideways(mug))
    _write(HERE / "sneaker.webp", encode(sneaker, "image/webp", source_type="digitalCapture", quality=86))
    _write(HERE / "plush.avif", encode(plush, "image/avif", source_type="digitalCapture", quality=72))
    colour, alpha = synthetic.product("jar")
    straight = np.clip(colour / np.maximum(alpha, 1 / 255)[..., None], 0, 1)
    cutout = np.rint(straight * 255).astype(np.uint8)
    coverage = np.rint(alpha * 255).astype(np.uint8)
    _write(HERE / "jar.png", encode(cutout, "image/png", source_type="humanEdits", alpha=coverage))
    _write(SAMPLES / "bottle.jpg", encode(bottle, "image/jpeg", source_type="digitalCapture", quality=84))
    _write(SAMPLES / "jar.jpg", encode(jar, "image/jpeg", source_type="digitalCapture", quality=84))


def _sideways(rgb: synthetic.Bytes2D) -> bytes:
    """As a phone held sideways stores it: turned, with the way back in EXIF."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MAKE] = _ROTATED_LEFT, "Sample"
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(rgb, -1)))
    turned.save(out, "JPEG", quality=86, exif=exif)
    return out.getvalue()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


if __name__ == "__main__":
    main()
