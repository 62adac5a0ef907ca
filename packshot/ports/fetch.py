"""The ports to other people's servers, for files and for messages: the one door out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class FetchRefused(Exception):
    """The address may not be asked, or what came may not be kept: the same answer would come again."""


class FetchFailed(Exception):
    """The other side did not deliver; asked again later it may."""


class FetchTimedOut(FetchFailed):
    """It did not answer in time."""


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


@dataclass(frozen=True, slots=True)
class Posted:
    """What was answered to a message, whatever its status is."""

    status: int
    head: bytes
    """The beginning of the answer's body."""
    retry_after: str | None
    """As the header of that name says it: seconds, or a date."""
    took_ms: int


class Poster(Protocol):
    def check(self, url: str) -> None:
        """Whether an address may be posted to at all, as far as its text tells. Raises FetchRefused."""
        ...

    async def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], timeout_s: float, max_bytes: int
    ) -> Posted:
        """Send `body`; follow no redirect; read `max_bytes` of the answer at most; `timeout_s` for all of it.

        Raises FetchRefused and FetchFailed.
        """
        ...
