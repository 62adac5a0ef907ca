"""What the mock shall do, said by the order itself."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from packshot.ports.generation import FailureCode, Task


class CallbackScript(BaseModel):
    """How the mock calls back, beside being polled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after_s: float = Field(default=0.0, ge=0)
    """After the work is done; `early` ones come before the submit has answered."""
    early: bool = False
    times: int = Field(default=1, ge=0, le=200)
    """0: it is promised and never comes."""
    forged: bool = False
    """Signed with a wrong key."""
    stale: bool = False
    """Signed an hour ago."""


class Script(BaseModel):
    """One run of the mock. The default is a picture at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: Literal["now", "poll"] = "now"
    delay_s: float = Field(default=0.0, ge=0, le=3600)
    """How long the work takes."""
    progress: bool = True
    fail: FailureCode | None = None
    message: str = "The mock was told to fail."
    retryable: bool = False
    fail_times: int | None = Field(default=None, ge=0)
    """Fail the first attempts only; None: every one."""
    only: tuple[int, ...] | None = None
    """The variants that fail; None: all of them."""
    fails_at: tuple[str, ...] | None = None
    """The providers that fail, break or lose the answer, where there are two mocks; None: both."""
    poll_after_s: float = Field(default=0.2, gt=0)
    cancel: Literal["cancelled", "too_late", "unknown"] = "cancelled"
    output: Literal["picture", "none", "garbage", "lie"] = "picture"
    remote: str | None = None
    """The file lies at this address, which the mock calls its own."""
    text: str | dict[str, Any] | None = None
    """What is written, word for word or as JSON; None: see writing.py."""
    raises: bool = False
    """The adapter itself breaks, as no adapter should."""
    lost: bool = False
    """The provider takes the work, and the answer to the submit never arrives."""
    units: int | None = None
    callback: CallbackScript | None = None

    def at(self, provider: str) -> Script:
        """The script as this provider plays it."""
        if self.fails_at is None or provider in self.fails_at:
            return self
        return self.model_copy(update={"fail": None, "raises": False, "lost": False})


class BadScript(ValueError):
    """The script cannot be read."""


def script_of(task: Task) -> Script:
    """The script among the task's parameters, or else at the end of its prompt. Raises BadScript."""
    found: Any = task.parameters.get("script") or _written(task.prompt)
    try:
        return Script.model_validate(found)
    except ValidationError as error:
        raise BadScript(str(error)) from error


def _written(prompt: str) -> Any:
    """`a red chair {"delay_s": 5}`: so that a page, whose form knows no scripts, can direct the mock too."""
    start = prompt.find("{")
    if start < 0:
        return {}
    try:
        return json.loads(prompt[start:])
    except ValueError as error:
        raise BadScript(str(error)) from error
