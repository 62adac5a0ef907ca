"""The shapes and sizes a scene can have."""

from __future__ import annotations

RATIOS = {
    "1:1": (1, 1),
    "4:5": (4, 5),
    "3:4": (3, 4),
    "2:3": (2, 3),
    "9:16": (9, 16),
    "5:4": (5, 4),
    "4:3": (4, 3),
    "3:2": (3, 2),
    "16:9": (16, 9),
}
MIN_SIDE, MAX_SIDE = 512, 2048


class UnsupportedScene(ValueError):
    """The ratio or the size is not one of ours; the text is for a person."""


def dimensions(ratio: str, size: int) -> tuple[int, int]:
    """(width, height) in even pixels with `size` as the long side. Raises UnsupportedScene."""
    if ratio not in RATIOS:
        raise UnsupportedScene(f"The ratio {ratio} is not offered; choose one of {', '.join(RATIOS)}.")
    if not MIN_SIDE <= size <= MAX_SIDE:
        raise UnsupportedScene(f"The long side must be {MIN_SIDE} to {MAX_SIDE} pixels, not {size}.")
    across, down = RATIOS[ratio]
    long_side = max(across, down)
    return tuple(2 * round(size * part / long_side / 2) for part in (across, down))  # type: ignore[return-value]


def shape_like(width: int, height: int) -> tuple[int, int]:
    """The scene's size that keeps a picture's shape: even, and within what scenes can be."""
    widest = max(max(across / down, down / across) for across, down in RATIOS.values())
    across, down = min(width, widest * height), min(height, widest * width)
    scale = min(max(across, down, MIN_SIDE), MAX_SIDE) / max(across, down)
    return 2 * round(across * scale / 2), 2 * round(down * scale / 2)
