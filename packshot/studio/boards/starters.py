"""What an empty page offers to begin with: prompts that the local engine understands, and a photo to try them on."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Starter:
    prompt: str
    photo: str | None
    """The address of a sample photo; None where none is shipped."""

    @property
    def reuse(self) -> str:
        """What the composer is filled with, as JSON."""
        filled = {"prompt": self.prompt}
        if self.photo is not None:
            filled["photo"] = self.photo
        return json.dumps(filled)


def starters() -> list[Starter]:
    """Three beginnings, each with a sample photo."""
    prompts = [
        _("On white marble, soft window light from the left"),
        _("On a rough oak table, warm evening light"),
        _("On a pale sand-coloured podium, hard noon shadow"),
    ]
    photos = [f"samples/{name}.jpg" for name in ("bottle", "jar", "bottle")]
    return [
        Starter(prompt, static(photo) if finders.find(photo) else None)
        for prompt, photo in zip(prompts, photos, strict=True)
    ]
