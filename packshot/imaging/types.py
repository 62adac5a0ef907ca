"""The array types of this package."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Bytes2D = npt.NDArray[np.uint8]
"""A picture or a plane of 8-bit samples, rows first."""

Floats = npt.NDArray[np.float32]
"""A picture or a plane of 32-bit floats, rows first; colours are 0..1."""

Progress = Callable[[int], None]
"""Called with the percent done."""


def silent(_percent: int) -> None:
    """A Progress that nobody listens to."""
