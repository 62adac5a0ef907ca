"""What requests may hold: an unknown field, a wrong type or a value that is not offered is refused."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Form = Any
"""A type, a set of values, a test, a list of one form, or a mapping of names to forms; `!` marks a needed name."""

RATIOS = {"1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"}
SIZES = {
    "gemini-3.1-flash-image": {"512", "1K", "2K", "4K"},
    "gemini-3-pro-image": {"1K", "2K", "4K"},
}
WRITERS = {"gemini-3.8-flash"}
FILMERS = {"gemini-omni-1.2-flash"}
VEOS = {"veo-3.1-generate-001"}
READ = {"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}


def _base64(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(base64.b64decode(value, validate=True))
    except binascii.Error:
        return False


_PART = {"text": str, "inlineData": {"mimeType!": READ, "data!": _base64}}
_CONTENT = {"role": {"user", "model"}, "parts!": [_PART]}


def content_form(model: str) -> Form:
    config: dict[str, Form] = {
        "responseMimeType": {"application/json", "text/plain"},
        "responseJsonSchema": dict,
    }
    if model in SIZES:
        config = {
            "responseModalities": [{"TEXT", "IMAGE"}],
            "imageConfig": {"aspectRatio": RATIOS, "imageSize": SIZES[model]},
        }
    return {"contents!": [_CONTENT], "systemInstruction": {"parts!": [_PART]}, "generationConfig": config}


def _duration(value: Any) -> bool:
    found = re.fullmatch(r"(\d+)s", value) if isinstance(value, str) else None
    return found is not None and 3 <= int(found[1]) <= 15


_SHOWN = {"type!": {"text", "image"}, "text": str, "data": _base64, "mime_type": READ}
INTERACTION: Form = {
    "model!": FILMERS,
    "background!": {True},
    "store": {True},
    "input!": [{"type!": {"user_input"}, "content!": [_SHOWN]}],
    "response_format!": {
        "type!": {"video"},
        "delivery": {"uri"},
        "aspect_ratio": {"16:9", "9:16"},
        "resolution": {"360p", "720p", "1080p", "4k"},
        "duration": _duration,
    },
    "generation_config": {"video_config": {"task": {"text_to_video", "image_to_video"}}},
}
VEO: Form = {
    "instances!": [{"prompt": str, "image": {"bytesBase64Encoded!": _base64, "mimeType!": READ}}],
    "parameters": {
        "aspectRatio": {"16:9", "9:16"},
        "durationSeconds": {4, 6, 8},
        "resolution": {"720p", "1080p"},
        "sampleCount": {1, 2, 3, 4},
    },
}
FETCH: Form = {"operationName!": str}


def complaint(value: Any, form: Form, where: str = "") -> str | None:
    """The first thing that is wrong with a value, or None."""
    return next(_complaints(value, form, where), None)


def _complaints(value: Any, form: Form, where: str) -> Iterator[str]:
    if isinstance(form, Mapping):
        yield from _object(value, form, where)
    elif isinstance(form, list):
        if not isinstance(value, list) or not value:
            yield f"Invalid value at '{where}': a list is expected."
            return
        for at, each in enumerate(value):
            yield from _complaints(each, form[0], f"{where}[{at}]")
    elif isinstance(form, set):
        if not any(type(value) is type(each) and value == each for each in form):
            yield f"Invalid value at '{where}': {value!r:.60}"
    elif isinstance(form, type):
        if not isinstance(value, form):
            yield f"Invalid value at '{where}': {value!r:.60}"
    elif isinstance(form, Callable) and not form(value):  # type: ignore[arg-type]  # mypy takes Callable for no class
        yield f"Invalid value at '{where}': {value!r:.60}"


def _object(value: Any, form: Mapping[str, Form], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"Invalid value at '{where}': an object is expected."
        return
    known = {name.rstrip("!"): each for name, each in form.items()}
    for name in value.keys() - known.keys():
        yield f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
    for name in form:
        if name.endswith("!") and name[:-1] not in value:
            yield f"'{where}.{name[:-1]}' is required."
    for name, each in value.items():
        if name in known:
            yield from _complaints(each, known[name], f"{where}.{name}".lstrip("."))
