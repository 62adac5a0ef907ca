"""Results as files: whole or not at all, and never over a file that is there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_SUFFIX = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/avif": ".avif",
    "video/mp4": ".mp4", "video/webm": ".webm",
}  # fmt: skip


def write_new(folder: Path, stem: str, data: bytes, media_type: str) -> Path:
    """Write `<stem>-<n>.<suffix>` with the first number that is free; gives its path. Raises OSError."""
    draft = folder / f".{stem[:60]}-{secrets.token_hex(6)}.part"
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path = _reserved(folder, stem, _SUFFIX.get(media_type, ".bin"))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _reserved(folder: Path, stem: str, suffix: str) -> Path:
    """An empty file of our own under the first free name; works where there are no hard links too."""
    number = 1
    while True:
        path = folder / f"{stem}-{number}{suffix}"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return path
