"""What crosses the border of this room: orders in, views out. Frozen, plain, and free of the database.

Amounts are micro-credits (1 credit = 1,000,000).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """The provider has the work; it holds no slot of ours."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class BatchState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self not in (BatchState.QUEUED, BatchState.RUNNING)


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asks for. `key` makes it safe to send twice: the same key is the same batch for ever."""

    board_id: UUID | None
    operation: str
    model: str
    prompt: str
    key: str
    variants: int = 1
    ratio: str = "1:1"
    size: int = 1024
    seed: int | None = None
    """Of the first variant, each further one counts on; None lets us choose."""
    references: tuple[UUID, ...] = ()
    """Assets of the same organization, in the order in which the model takes them."""
    styles: tuple[UUID, ...] = ()
    """Assets that lend their style and are not shown themselves."""
    negative: str = ""
    """What shall not be seen."""
    asked: str = ""
    """What the person wrote, where `prompt` is more than that; empty: the prompt."""
    refers_to: UUID | None = None
    """The picture that a follow-up is about."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    """What we tell a model that writes beside the person's words (`Task` in ports/generation.py says what it may hold).
    It reaches the adapter among the parameters and is no part of what was asked for: sent again with another one, the
    order is still the same."""
    partial: bool = False
    """With too few credits: make the variants that are covered instead of refusing all of them."""
    quoted: int | None = None
    """Micro-credits for one variant that the person was shown: never more is held. None: nothing was shown."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of an order. With `refused` > 0 those variants stand in the batch as failed, unpaid."""

    batch_id: UUID
    accepted: int
    refused: int
    charged_hold: int
    """Micro-credits now held for the accepted variants."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order would cost now, and what there is to pay it with."""

    total: int
    each: int
    available: int
    """To this person: a monthly cap may leave less than the wallet has."""
    enough: bool
    affordable_variants: int


@dataclass(frozen=True, slots=True)
class TileView:
    """One variant, as its newest attempt stands."""

    job_id: UUID
    index: int
    state: JobState
    progress: int
    """Percent, 0 to 100."""
    place: int | None
    """Position among the organization's own queued jobs, 1 is next; None when not queued."""
    estimate: tuple[int, int] | None
    """Seconds until it is done, from and to; None when it is final."""
    error_code: str | None
    error_message: str | None
    charged: int
    returned: int
    asset_id: UUID | None
    retryable: bool
    """Whether `commands.retry_job` would take it."""
    cancelling: bool = False
    """A cancel was asked for and the provider has not confirmed it yet."""
    late: bool = False
    """The picture came after the time limit: the credits were returned and stay returned."""
    made_by: str = ""
    """The provider that made it, by its title, where it was not the one that was meant first."""
    held_at: int | None = None
    """It waits because the plan lets so many jobs run side by side; None where it does not wait for that."""


@dataclass(frozen=True, slots=True)
class BatchView:
    id: UUID
    board_id: UUID | None
    operation: str
    model: str
    model_title: str
    prompt: str
    ratio: str
    size: int
    seed: int
    references: tuple[UUID, ...]
    state: BatchState
    """The fold of the tiles' states; stored nowhere."""
    created_at: datetime
    created_by: UUID
    price: int
    """Of one variant, and so of trying one again."""
    price_now: int
    """Of one variant of the same order today."""
    cost_quoted: int
    cost_charged: int
    cost_returned: int
    tiles: tuple[TileView, ...]
    asked: str
    """What the person wrote; `prompt` is what was sent."""
    refers_to: UUID | None
    """The picture that the request is about."""
    negative: str
    styles: tuple[UUID, ...]
    """Pictures whose style was lent; not among `references`."""
    parameters: Mapping[str, Any]
    waited_s: float | None
    """Seconds from the order to the first beginning; None before that."""
    took_s: float | None
    """Seconds from the first beginning to the last end; None before that."""


@dataclass(frozen=True, slots=True)
class Typical:
    """How long one picture of a model usually takes, in seconds."""

    least_s: float
    most_s: float
    measured: bool
    """From this installation's last pictures; else as the catalogue guesses."""


@dataclass(frozen=True, slots=True)
class SnippetView:
    id: UUID
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model of the catalogue, as the composer offers it."""

    id: str
    title: str
    operation: str
    ratios: tuple[str, ...]
    sizes: tuple[int, ...]
    min_references: int
    max_references: int
    max_variants: int
    max_prompt: int
    needs_prompt: bool
    typical: Typical
    prices: Mapping[int, int]
    """Micro-credits for one variant by size; for a model priced by a parameter, by that parameter's value."""
    price_by: str
    """`size`, `count`, `seconds`, `tokens`, or the parameter's name."""
    parameters: Mapping[str, tuple[Any, ...]]
    """Choices by parameter, the first is the default; no choices means a free value."""
    about: str = ""
    """What it does, in a sentence."""
    max_styles: int = 0
    """Pictures whose style it can follow."""
    negative: bool = False
    """Whether it can be told what shall not be seen."""
    makes: str = "picture"
    """`picture`, `text` or `nothing`."""
    why_not: str = ""
    """Why it cannot be ordered now, in a sentence for the person; empty: it can."""

    @property
    def available(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Running:
    """What an organization has under way."""

    count: int
    queued: int
    batches: tuple[UUID, ...]
    """The batches that are not final, newest first."""
