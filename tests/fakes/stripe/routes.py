"""Which request is answered by which function, and how lists are cut and fields expanded."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.shapes import shaped
from tests.fakes.stripe.world import Object, World, listed

Answer = Callable[..., Object]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    form: type | None
    answer: Answer


ROUTES: list[Route] = []
EXPANDS: dict[tuple[str, str], Callable[[World, Object], Any]] = {}
"""What an object has only where it is asked for, by kind and name."""


def route(method: str, path: str, form: type | None = None) -> Callable[[Answer], Answer]:
    """`{}` in a path is an id and becomes the second argument; the last is the typed parameters."""

    def register(answer: Answer) -> Answer:
        pattern = re.compile("/v1/" + path.replace("{}", "([^/]+)"))
        ROUTES.append(Route(method, pattern, form, answer))
        return answer

    return register


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    found = [
        (each, hit.groups())
        for each in ROUTES
        if each.method == method and (hit := each.pattern.fullmatch(path))
    ]
    return min(found, key=lambda each: len(each[1]), default=None)  # a word before an id


def page(world: World, path: str, found: Iterable[Object], params: Object) -> Object:
    """The newest first, cut as asked; `created` is checked here for all."""
    rows = [each for each in found if _created(each, params.get("created"))]
    rows.sort(key=lambda each: each.get("_serial", list(world.objects).index(each["id"])), reverse=True)
    if after := params.get("starting_after"):
        ids = [each["id"] for each in rows]
        if after not in ids:
            raise invalid(f"No such object: {after}", "resource_missing", "starting_after")
        rows = rows[ids.index(after) + 1 :]
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("Invalid integer: limit", "parameter_invalid_integer", "limit")
    return listed(rows[:limit], f"/v1/{path}") | {"has_more": len(rows) > limit}


def _created(found: Object, asked: Any) -> bool:
    if asked is None:
        return True
    if isinstance(asked, int):
        return bool(found["created"] == asked)
    tests: dict[str, Callable[[int, int], bool]] = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }
    return all(tests[name](found["created"], value) for name, value in asked.items())


def expanded(world: World, found: Object, paths: Iterable[str]) -> Object:
    """A copy with whole objects in the places of their ids."""
    out = shaped(copy.deepcopy(found))
    for path in paths:
        _expand(world, out, path.split("."), path)
    return out


def _expand(world: World, at: Any, steps: list[str], whole: str) -> None:
    if not steps or at is None:
        return
    if isinstance(at, list):
        for each in at:
            _expand(world, each, steps, whole)
        return
    name, *rest = steps
    if (kind := at.get("object")) and (maker := EXPANDS.get((kind, name))) and name not in at:
        at[name] = shaped(copy.deepcopy(maker(world, world.objects[at["id"]])))
    elif isinstance(at.get(name), str) and at[name] in world.objects:
        at[name] = shaped(copy.deepcopy(world.objects[at[name]]))
    elif isinstance(at.get(name), list) and at[name] and isinstance(at[name][0], str):
        at[name] = [shaped(copy.deepcopy(world.objects[each])) for each in at[name]]
    elif name not in at:
        raise invalid(f"This property cannot be expanded ({whole}).", "property_cannot_be_expanded", "expand")
    _expand(world, at[name], rest, whole)
