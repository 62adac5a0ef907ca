"""The port to files on other people's servers: the one door out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class FetchRefused(Exception):
    """The address may not be asked, or what came may not be kept: the same answer would come again."""


class FetchFailed(Exception):
    """The other side did not deliver; asked again later it may."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that has arrived; what it is was read from its bytes."""

    path: Path
    size: int
    media_type: str
    sha256: str


class Fetcher(Protocol):
    async def fetch(
        self,
        url: str,
        into: Path,
        *,
        hosts: Sequence[str] | None,
        max_bytes: int,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Bring the file at `url` to the path `into`, which must not exist yet and does not exist after a failure.

        `hosts` are the names that may be asked (`*.` in front means below); None allows every public one. `headers`
        go to the address's own host only. Raises FetchRefused and FetchFailed.
        """
        ...
