"""Deterministic noise that can be asked for anywhere, so that textures may lie in perspective."""

from __future__ import annotations

import copy

import cv2
import numpy as np

from packshot.imaging.types import Floats

_CELLS, _STEP = 128, 8
_SIDE = _CELLS * _STEP


class Noise:
    """Smooth noise over the plane, in 0..1, wrapping far away; the same for the same generator state."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        lattice = rng.random((_CELLS, _CELLS), dtype=np.float32)
        wrapped = np.pad(lattice, 4, mode="wrap")
        size = (wrapped.shape[1] * _STEP, wrapped.shape[0] * _STEP)
        smooth = cv2.resize(wrapped, size, interpolation=cv2.INTER_CUBIC)
        edge = 4 * _STEP
        self._tile = np.ascontiguousarray(smooth[edge : edge + _SIDE, edge : edge + _SIDE])

    def twin(self) -> Noise:
        """One that gives the same answers from here on; for asking about two nearby places."""
        return copy.deepcopy(self)

    def at(self, u: Floats, v: Floats, frequency: float, stretch: float = 1.0) -> Floats:
        """One octave; `stretch` > 1 draws features out along u."""
        du, dv = self._rng.random(2) * _SIDE
        x = np.mod(u * np.float32(frequency / stretch * _STEP) + np.float32(du), np.float32(_SIDE))
        y = np.mod(v * np.float32(frequency * _STEP) + np.float32(dv), np.float32(_SIDE))
        found = cv2.remap(self._tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        return np.asarray(found, dtype=np.float32)

    def layered(
        self, u: Floats, v: Floats, frequency: float, octaves: int, stretch: float = 1.0, gain: float = 0.5
    ) -> Floats:
        """Fractal sum of octaves, each twice as fine and `gain` as strong, still about 0..1 around 0.5."""
        total = np.zeros(u.shape, np.float32)
        weight, norm = 1.0, 0.0
        for octave in range(octaves):
            total += np.float32(weight) * self.at(u, v, frequency * 2**octave, stretch)
            norm += weight
            weight *= gain
        return total / np.float32(norm)


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; `low` > `high` turns it round."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def blur(plane: Floats, sigma_x: float, sigma_y: float | None = None) -> Floats:
    """Gaussian blur; wide ones are done on a smaller copy, which nobody can see."""
    sigma_y = sigma_x if sigma_y is None else sigma_y
    height, width = plane.shape[:2]
    step = max(1, int(min(sigma_x, sigma_y) / 4))
    if step == 1:
        return np.asarray(
            cv2.GaussianBlur(plane, (0, 0), max(sigma_x, 0.05), sigmaY=max(sigma_y, 0.05)), dtype=np.float32
        )
    size = (max(1, width // step), max(1, height // step))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma_x / step, sigmaY=sigma_y / step)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
