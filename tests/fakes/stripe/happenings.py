"""What happened, and whose account it is."""

from __future__ import annotations

import stripe.params as forms

from tests.fakes.stripe.routes import page, route
from tests.fakes.stripe.world import Object, World


@route("GET", "events", forms.EventListParams)
def several(world: World, params: Object) -> Object:
    types = params.get("types") or ([params["type"]] if "type" in params else None)
    return page(world, "events", (e for e in world.events if types is None or e["type"] in types), params)


@route("GET", "events/{}")
def one(world: World, name: str, params: Object) -> Object:
    return world.get("event", name)
