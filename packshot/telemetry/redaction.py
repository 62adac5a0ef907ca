"""Nothing private leaves in a log line or an error report: not people's words, not their addresses, no secrets.

Two nets: fields are left out by their name, and what stays is searched for what secrets look like. The rooms are
asked not to log such things in the first place; this is for the line that somebody forgets, and for what libraries and
the database put into their messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "[hidden]"

_NAMES = re.compile(
    r"(^|_)(prompt|asked|negative|turns|system|body|text|reply|password|passwd|secret|token|authorization|cookie|"
    r"cookies|api_?key|credential|credentials|dsn|email|e_mail|to|recipients|signature|parameters|headers)s?$",
    re.IGNORECASE,
)
_HARMLESS = (bool, int, float, type(None))
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # What PostgreSQL quotes of a row: DETAIL: Failing row contains (…), Key (email)=(…).
    (re.compile(r"(Failing row contains )\(.*\)", re.DOTALL), rf"\1({HIDDEN})"),
    (re.compile(r"(Key \([^)]*\)=)\([^\n]*\)"), rf"\1({HIDDEN})"),
    # scheme://user:password@host, and what signs an address.
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (re.compile(r"(https?://[^\s?#\"'<>]+)\?[^\s\"'<>]+", re.IGNORECASE), rf"\1?{HIDDEN}"),
    # One-time keys that are a part of an address's path.
    (re.compile(r"(/(?:key|confirm-email|invitations)/)[^/\s?]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic|Key|Token)\s+(?=\S*\d)[A-Za-z0-9+/_.:=~-]{12,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), HIDDEN),
    (re.compile(r"\b(?:sk|pk|rk|whsec|shpat|shpss|AIza|AKIA|ghp)[_-]?[A-Za-z0-9_-]{16,}"), HIDDEN),
    (re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), HIDDEN),
    (
        re.compile(r"\b((?:password|passwd|secret|token|api[_-]?key)\"?\s*[=:]\s*)[^\s,;&)]+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor; stands right before the renderer, after tracebacks have become text."""
    for name, value in event.items():
        event[name] = hidden(name, value)
    return event


def hidden(name: str, value: Any) -> Any:
    """The value as it may be told under this name."""
    if isinstance(value, _HARMLESS):
        return value
    if _NAMES.search(name):
        return HIDDEN
    return clean(value)


def clean(value: Any) -> Any:
    """The value with what looks private taken out of it, however deep."""
    if isinstance(value, str):
        for pattern, instead in _PATTERNS:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        return {key: hidden(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean(inner) for inner in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, _HARMLESS):
        return value
    return clean(str(value))
