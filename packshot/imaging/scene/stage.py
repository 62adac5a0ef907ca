"""Where things stand and how the camera sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.imaging.types import Floats


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera looking slightly down on a floor that ends at a wall. Pixels; y grows downwards.

    One pixel at `base_y` is one floor unit there. `tilt` is how much a circle on the floor is flattened
    at that depth (0.1 nearly level, 0.3 looking down).
    """

    width: int
    height: int
    base_y: float
    tilt: float
    back: float
    """Distance from the base to the wall, in picture heights."""

    @property
    def unit(self) -> float:
        """The short side: surfaces measure in it."""
        return float(min(self.width, self.height))

    @property
    def focal(self) -> float:
        return 2.3 * max(self.height, 0.8 * self.width)

    @property
    def horizon(self) -> float:
        return self.base_y - self.tilt * self.focal

    @property
    def junction(self) -> float:
        """Where the wall meets the floor."""
        return self.horizon + (self.base_y - self.horizon) / (1 + self.back * self.height / self.focal)

    def flattening(self, y: float) -> float:
        """Height over width of a circle lying at the depth seen at `y`, or on a plane parallel to it."""
        return max(0.03, (y - self.horizon) / self.focal)

    def pixels(self) -> tuple[Floats, Floats]:
        """x and y of every pixel."""
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        return x, y

    def floor_points(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """(across, depth behind the base) in units, of pixels below the horizon."""
        reach = (self.base_y - self.horizon) / np.maximum(y - np.float32(self.horizon), 1)
        across = (x - np.float32(self.width / 2)) * reach / self.unit
        depth = self.focal * (reach - 1) / self.unit
        return across.astype(np.float32), depth.astype(np.float32)

    def wall_points(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """(across, height) in units, of pixels on the wall, at the wall's own scale."""
        scale = (self.base_y - self.horizon) / (self.junction - self.horizon) / self.unit
        across = (x - np.float32(self.width / 2)) * np.float32(scale)
        return across, (np.float32(self.junction) - y) * np.float32(scale)


@dataclass(frozen=True, slots=True)
class Light:
    """One key light and the light of the room."""

    side: float
    """-1 from the left, +1 from the right."""
    softness: float
    """0 a hard sun, 1 a big softbox."""
    contrast: float
    """0 all room light, 1 all key light."""
    warmth: float
    """-1 cold, +1 golden."""
    level: float = 1.0

    @property
    def key(self) -> Floats:
        tint = np.array((1 + 0.16 * self.warmth, 1 + 0.02 * self.warmth, 1 - 0.20 * self.warmth), np.float32)
        return tint * np.float32(self.level * (0.35 + 0.75 * self.contrast))

    @property
    def room(self) -> Floats:
        """Cooler than the key: shadows on a warm day are blue."""
        tint = np.array((1 - 0.07 * self.warmth, 1, 1 + 0.10 * self.warmth), np.float32)
        return tint * np.float32(self.level * (0.68 - 0.50 * self.contrast))
