"""The port to whatever makes pictures: a local engine, a scripted mock, a provider behind an API.

An adapter either answers at once (`Done`), is polled (`Submitted`, then `Pending` until `Done`), or calls
back (`Submitted`, then an inbox message that brings the poll forward). The pipeline handles the three with
the same states. An adapter never raises for what a provider may answer: it returns `Failed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable
from uuid import UUID


class FailureCode(StrEnum):
    """Why a job failed, in words that the page and the API share."""

    CONTENT_POLICY = "content_policy"
    INVALID_INPUT = "invalid_input"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    SUBMIT_UNKNOWN = "submit_unknown"
    OUTPUT_INVALID = "output_invalid"
    QUOTA_EXHAUSTED = "quota_exhausted"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that the work refers to; its bytes as they are stored, not yet decoded."""

    asset_id: UUID
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Task:
    """One variant to make. `seed` is final: the same task makes the same picture where the engine can.

    For work that writes (`describe`, `reply`), `prompt` is what is asked, and the parameters may hold `system` (how
    to answer), `turns` (`[{"role": "user" | "model", "text"}]`, what was said before) and `schema` (a JSON Schema).
    """

    job_id: UUID
    operation: str
    model: str
    prompt: str
    seed: int
    ratio: str = "1:1"
    size: int = 1024
    """Long side of the output in pixels."""
    variant: int = 0
    references: tuple[Reference, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 120.0
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """One finished file and what is known of it. Encoded bytes; the pipeline checks and stores them."""

    data: bytes
    media_type: str
    width: int
    height: int
    source_type: str
    """Last path segment of the IPTC digital source type, e.g. `compositeSynthetic`."""
    confidence: float | None = None
    note: str | None = None
    """A sentence for the person, e.g. that the style was approximated."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A finished file that the provider has ready at an address; the pipeline fetches it before the address ends."""

    url: str
    hosts: tuple[str, ...]
    """Host names that this provider delivers from; `*.` in front means below. The address must be at one of them."""
    kind: Literal["picture", "video"]
    source_type: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent to exactly the address's host, never along a redirect."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    outputs: tuple[Output | Remote, ...] = ()
    text: str | None = None
    """What a model that writes has written; with the parameter `schema`, a JSON document that conforms to it."""
    units: int | None = None
    """What the provider says it used, in the unit of the model's price rule; None means as quoted."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The provider took the work and gave it a name of its own."""

    ref: str
    """At most 400 characters. Its first word is the provider's name for the work, by which callbacks call it; what
    follows is the adapter's own."""
    poll_after_s: float


@dataclass(frozen=True, slots=True)
class Pending:
    poll_after_s: float
    progress: int | None = None
    """Percent, 0 to 100, where the provider tells."""


@dataclass(frozen=True, slots=True)
class Failed:
    code: FailureCode
    message: str
    """A sentence for the person: what happened. What came back to the wallet is said by the pipeline."""
    retryable: bool = False
    retry_after_s: float | None = None


class CancelOutcome(StrEnum):
    CANCELLED = "cancelled"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Callback:
    """A verified message of a provider: which of its jobs it is about, and a key that dedupes it."""

    ref: str
    event_id: str


class BadCallback(Exception):
    """The callback is not from the provider, is too old, or cannot be read."""


class CallbackUnchecked(Exception):
    """Whether the callback is genuine cannot be found out at the moment: the sender shall try again."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What a provider takes as references. Pictures of other kinds, and larger ones, are made fit."""

    media_types: frozenset[str]
    size: int
    """Bytes of all references of a task together."""


Report = Callable[[int], None]
"""Called by an adapter with the percent done; cheap, may be called from the adapter's event loop often."""


class Generator(Protocol):
    """One provider. Adapters are asyncio; they hold no database connection and know no credits."""

    name: str

    @property
    def reads(self) -> Reads | None:
        """None: whatever a picture of ours may be."""

    async def submit(self, task: Task, report: Report) -> Done | Submitted | Failed: ...

    async def poll(self, ref: str, task: Task, report: Report) -> Done | Pending | Failed: ...

    async def cancel(self, ref: str) -> CancelOutcome: ...

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Verify and read a callback. Raises BadCallback and CallbackUnchecked.

        Nothing is asked of anybody but, seldom, the provider's public keys; called by many threads at once.
        """
        ...


@runtime_checkable
class Closing(Protocol):
    """A generator that keeps connections open, which its owner closes at the end."""

    async def close(self) -> None: ...
