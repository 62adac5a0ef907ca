"""The array types of this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes2D = npt.NDArray[np.uint8]
"""A picture or a plane of 8-bit samples, rows first."""

Floats = npt.NDArray[np.floating[Any]]
"""A picture or a plane of floats, rows first; colours are 0..1.

They are 32-bit, as OpenCV wants them; the type does not say so because it cannot follow numpy's promotion.
"""


def f32(values: npt.ArrayLike) -> Floats:
    """As 32-bit floats, without a copy where they are that already."""
    return np.asarray(values, dtype=np.float32)


Progress = Callable[[int], None]
"""Called with the percent done."""


def silent(_percent: int) -> None:
    """A Progress that nobody listens to."""
