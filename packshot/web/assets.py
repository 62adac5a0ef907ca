"""The built files of the front end: which hashed name a plain name has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DIST = Path(__file__).parent / "static" / "dist"


@dataclass(frozen=True, slots=True)
class Manifest:
    files: dict[str, str]
    icons: frozenset[str]

    def file(self, name: str) -> str:
        """The path of a built file below the static root. Raises KeyError for what was never built."""
        return f"dist/{self.files[name]}"


@cache
def manifest() -> Manifest:
    found = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    return Manifest(files=found["files"], icons=frozenset(found["icons"]))
