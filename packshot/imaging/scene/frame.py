"""The picture while it is being made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from packshot.imaging.scene.stage import Camera, Light
from packshot.imaging.types import Floats


@dataclass(slots=True, eq=False)
class Frame:
    """Layers that are multiplied at the end: light = room * ambient + key * lit, picture = albedo * light + glow."""

    camera: Camera
    light: Light
    albedo: Floats
    glow: Floats
    """Light that a surface gives off or mirrors by itself."""
    lit: Floats
    """How much of the key light arrives."""
    ambient: Floats
    """How much of the room's light arrives."""

    def paint(self, mask: Floats, albedo: Floats, lit: Floats, ambient: Floats | float) -> None:
        """Lay an object over what is there. `mask` 0..1."""
        cover = mask[..., None]
        self.albedo += (albedo - self.albedo) * cover
        self.glow *= 1 - cover
        self.lit += (lit - self.lit) * mask
        self.ambient += (ambient - self.ambient) * mask

    def shadow(self, key: Floats | None = None, room: Floats | None = None) -> None:
        """Take light away: 0 none, 1 all of it."""
        if key is not None:
            self.lit *= 1 - key
        if room is not None:
            self.ambient *= 1 - room
            self.glow *= (1 - 0.8 * room)[..., None]

    def develop(self) -> Floats:
        """The linear picture."""
        light = self.ambient[..., None] * self.light.room + self.lit[..., None] * self.light.key
        return np.asarray(self.albedo * light + self.glow, dtype=np.float32)
