"""Which of fal's endpoints makes what: our models' names, the arguments each endpoint takes, where its result lies."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from packshot.ports.generation import Reference, Remote, Task

HOSTS = ("fal.media", "*.fal.media")
"""Where fal delivers from."""
MOST_REFERENCES = 20_000_000
"""Bytes of all references of a request together: they travel inside it."""

_MADE = "trainedAlgorithmicMedia"
_MADE_FROM = "compositeWithTrainedAlgorithmicMedia"
_ENHANCED = "algorithmicallyEnhanced"
_RESOLUTIONS = {1024: "1K", 2048: "2K", 4096: "4K"}
_SEEDS = 2**31


class BadTask(ValueError):
    """The task cannot be asked of its endpoint; the text is for the person."""


class Refused(Exception):
    """The endpoint made a picture and hides it."""


class NoOutput(ValueError):
    """The result holds no file where the endpoint puts one; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    path: str
    """`owner/app` and, where the app has several, `/subpath`."""
    arguments: Callable[[Task], dict[str, Any]]
    finds: Literal["images", "image", "video"]
    """Where in a result the file is."""
    source_type: str
    references: tuple[int, int] = (0, 0)
    """How few and how many pictures it takes."""


def endpoint(task: Task) -> Endpoint:
    """Where the task is done. Raises BadTask."""
    found = _ENDPOINTS.get(task.model)
    if found is None:
        raise BadTask("This model is not offered any more.")
    return found[-1] if task.references else found[0]


def reached(task: Task, path: str) -> Endpoint:
    """Where the task was sent: a poll knows no references any more. Raises BadTask."""
    return next((each for each in _ENDPOINTS.get(task.model, ()) if each.path == path), endpoint(task))


def arguments(at: Endpoint, task: Task) -> dict[str, Any]:
    """The body of the request. Raises BadTask."""
    least, most = at.references
    if len(task.references) < least:
        raise BadTask("This needs a picture to work from.")
    if len(task.references) > most:
        raise BadTask("These are more pictures than this model takes.")
    if sum(len(reference.data) for reference in task.references) > MOST_REFERENCES:
        raise BadTask("Together the pictures are larger than 20 MB. Use fewer or smaller ones.")
    return at.arguments(task)


def outputs(at: Endpoint, result: Mapping[str, Any]) -> tuple[Remote, ...]:
    """The files of a result. Raises Refused and NoOutput."""
    hidden = result.get("has_nsfw_concepts")
    if isinstance(hidden, list) and any(hidden):
        raise Refused
    found = result.get(at.finds)
    files = found if isinstance(found, list) else [found]
    urls = [file.get("url") if isinstance(file, Mapping) else None for file in files]
    # One job is one file: more was never asked for. No `data:` address either: nothing is ordered inline.
    if not urls or not isinstance(urls[0], str) or not urls[0].startswith(("https://", "http://")):
        raise NoOutput(f"no address in `{at.finds}`")
    kind: Literal["picture", "video"] = "video" if at.finds == "video" else "picture"
    return (Remote(urls[0], HOSTS, kind, at.source_type),)


def _inline(reference: Reference) -> str:
    return f"data:{reference.media_type};base64,{base64.b64encode(reference.data).decode('ascii')}"


def _nano_banana(task: Task) -> dict[str, Any]:
    if task.size not in _RESOLUTIONS:
        raise BadTask("This model does not make pictures of this size.")
    return {
        "prompt": task.prompt,
        "num_images": 1,
        "output_format": "png",
        "aspect_ratio": task.ratio,
        "resolution": _RESOLUTIONS[task.size],
    }


def _nano_banana_from(task: Task) -> dict[str, Any]:
    return _nano_banana(task) | {"image_urls": [_inline(each) for each in task.references]}


def _nano_banana_edit(task: Task) -> dict[str, Any]:
    """Of the reference's own shape, which is what it makes where no ratio is named."""
    return {
        "prompt": task.prompt,
        "num_images": 1,
        "output_format": "png",
        "image_urls": [_inline(each) for each in task.references],
    }


def _flux(task: Task) -> dict[str, Any]:
    across, down = (int(part) for part in task.ratio.split(":"))
    scale = task.size / max(across, down)
    return {
        "prompt": task.prompt,
        "seed": task.seed % _SEEDS,
        "image_size": {"width": _sixteenths(across * scale), "height": _sixteenths(down * scale)},
        "num_images": 1,
        "output_format": "png",
    }


def _sixteenths(pixels: float) -> int:
    """The nearest length that diffusion models make without padding."""
    return max(16, round(pixels / 16) * 16)


def _flux_kontext(task: Task) -> dict[str, Any]:
    return {
        "prompt": task.prompt,
        "seed": task.seed % _SEEDS,
        "image_url": _inline(task.references[0]),
        "num_images": 1,
        "output_format": "png",
    }


def _birefnet(task: Task) -> dict[str, Any]:
    return {"image_url": _inline(task.references[0]), "output_format": "png"}


def _clarity_upscaler(task: Task) -> dict[str, Any]:
    factor = task.parameters.get("factor", 2)
    if factor not in (2, 4):
        raise BadTask("A picture is made two or four times as large.")
    return {
        "image_url": _inline(task.references[0]),
        "upscale_factor": factor,
        "seed": task.seed % _SEEDS,
    }


def _kling(task: Task) -> dict[str, Any]:
    seconds = task.parameters.get("seconds", 5)
    if seconds not in (5, 10):
        raise BadTask("A clip of this model is 5 or 10 seconds long.")
    # fal takes the length as text.
    return {"prompt": task.prompt, "image_url": _inline(task.references[0]), "duration": str(seconds)}


_ENDPOINTS: Mapping[str, tuple[Endpoint, ...]] = {
    # Without references the first, with references the last.
    "nano-banana": (
        Endpoint("fal-ai/nano-banana-2", _nano_banana, "images", _MADE),
        Endpoint("fal-ai/nano-banana-2/edit", _nano_banana_from, "images", _MADE_FROM, (1, 8)),
    ),
    "nano-banana-pro": (
        Endpoint("fal-ai/nano-banana-pro", _nano_banana, "images", _MADE),
        Endpoint("fal-ai/nano-banana-pro/edit", _nano_banana_from, "images", _MADE_FROM, (1, 8)),
    ),
    "nano-banana-edit": (
        Endpoint("fal-ai/nano-banana-2/edit", _nano_banana_edit, "images", _MADE_FROM, (1, 8)),
    ),
    "flux": (Endpoint("fal-ai/flux/dev", _flux, "images", _MADE),),
    "flux-kontext": (Endpoint("fal-ai/flux-pro/kontext", _flux_kontext, "images", _MADE_FROM, (1, 1)),),
    "birefnet": (Endpoint("fal-ai/birefnet/v2", _birefnet, "image", _ENHANCED, (1, 1)),),
    "clarity-upscaler": (
        Endpoint("fal-ai/clarity-upscaler", _clarity_upscaler, "image", _MADE_FROM, (1, 1)),
    ),
    "kling-clip": (
        Endpoint("fal-ai/kling-video/v2.5-turbo/pro/image-to-video", _kling, "video", _MADE_FROM, (1, 1)),
    ),
}
