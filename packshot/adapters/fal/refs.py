"""What a job remembers of its request at fal: the name, when and to which endpoint it went, and fal's own addresses.

As text, `name began path result status cancel`, where the last two are what they add to the result's address. A
reference's first word is what callbacks call the job by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_LONGEST = 400
"""What the port lets a reference be."""
_WORDS = 6
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TWINS = {"queue.fal.run": "queue.falrun.com", "queue.falrun.com": "queue.fal.run"}
"""fal's queue answers under two names."""


class BadRef(ValueError):
    """This is no reference of ours, or it leads elsewhere than to fal."""


@dataclass(frozen=True, slots=True)
class Ref:
    name: str
    """fal's `request_id`."""
    began: float
    """Seconds since 1970."""
    path: str
    result: str
    status: str
    cancel: str

    def __str__(self) -> str:
        ends = [url.removeprefix(self.result) for url in (self.status, self.cancel)]
        text = " ".join((self.name, f"{self.began:.0f}", self.path, self.result, *ends))
        # A name alone is enough to ask by: only the addresses are then our own idea of them.
        return text if len(text) <= _LONGEST else self.name


def named(name: object) -> str:
    """A request's name, if that is what it is. Raises BadRef."""
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise BadRef("there is no request's name")
    return name


def taken(answer: Mapping[str, Any], base: str, path: str, began: float) -> Ref:
    """From the answer to a submit, its addresses as they are. Raises BadRef where the key must not go to them."""
    name = named(answer.get("request_id"))
    result, status, cancel = (
        str(answer.get(f"{which}_url", "")) for which in ("response", "status", "cancel")
    )
    if not all(_is_ours(url, base) for url in (result, status, cancel)):
        raise BadRef(f"the request {name} is to be asked for elsewhere")
    return Ref(name, began, path, result, status, cancel)


def read(text: str, base: str) -> Ref:
    """The reference again. Raises BadRef, also for a mere name."""
    words = text.split(" ")
    if len(words) != _WORDS or not words[1].isdecimal():
        raise BadRef("this cannot be asked for")
    name, began, path, result, *ends = words
    status, cancel = (result + end if end.startswith("/") else end for end in ends)
    if not all(_is_ours(url, base) for url in (result, status, cancel)):
        raise BadRef("this is to be asked for elsewhere")
    return Ref(named(name), float(began), path, result, status, cancel)


def made(name: str, base: str, path: str) -> Ref:
    """For a request of which only the name is known: with the addresses that the queue gives. Raises BadRef."""
    app = "/".join(path.split("/")[:2])  # requests live under owner and app, never under a subpath
    result = f"{base}/{app}/requests/{named(name)}"
    return Ref(name, 0, path, result, f"{result}/status", f"{result}/cancel")


def _is_ours(url: str, base: str) -> bool:
    """Whether the key may be sent there: to the queue that is set, or its twin, and with the same protection."""
    if not url.isascii() or any(sign.isspace() for sign in url):
        return False
    there, ours = urlsplit(url), urlsplit(base)
    return there.scheme == ours.scheme and there.netloc in (ours.netloc, _TWINS.get(ours.netloc))
