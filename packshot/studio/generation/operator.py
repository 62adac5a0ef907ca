"""What the operator of an installation may change: through the owner's login, which no page can become."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from packshot.errors import Invalid, NotFound
from packshot.foundation.organizations.models import Organization
from packshot.studio.generation.catalogue import Model, catalogue
from packshot.studio.generation.models import Limit, ModelSetting
from packshot.studio.generation.offers import changes, priced
from packshot.studio.generation.prices import ByCount, BySeconds, ByTokens

OWNER = "owner"


def model(model_id: str) -> Model:
    """The model as the catalogue has it. Raises NotFound."""
    found = catalogue().get(model_id)
    if found is None:
        raise NotFound(f"There is no model {model_id}. `packshot models` lists them.")
    return found


def set_price(model_id: str, words: str) -> None:
    """Sell a model at another price: a number, or for tiers `1024=2,2048=4`. Raises NotFound and Invalid."""
    found = model(model_id)
    rule = _rule(found, words)
    try:
        priced(found, rule)
    except ValueError as error:
        raise Invalid(f"{words} is no price for {model_id}: {_first_line(error)}") from error
    _write(model_id, price=rule)


def switch(model_id: str, *, off: bool) -> None:
    """Stop selling a model, or sell it again. What is under way goes on. Raises NotFound."""
    model(model_id)
    _write(model_id, off=off)


def reset(model_id: str) -> None:
    """As the catalogue has it; also for one that the catalogue has no more."""
    ModelSetting.objects.using(OWNER).filter(model=model_id).delete()
    changes.forget()


def limit(organization_id: UUID, jobs: int | None) -> None:
    """Let an organization have so many jobs at once; None: as its plan says. Raises NotFound.

    It counts from the next job that is let into the queue.
    """
    if not Organization.objects.using(OWNER).filter(id=organization_id).exists():
        raise NotFound(f"There is no organization {organization_id}.")
    limits = Limit.objects.using(OWNER)
    if jobs is None:
        limits.filter(organization_id=organization_id).delete()
    else:
        limits.update_or_create(organization_id=organization_id, defaults={"jobs": jobs})


def _write(model_id: str, **values: Any) -> None:
    ModelSetting.objects.using(OWNER).update_or_create(model=model_id, defaults=values)
    changes.forget()


def _rule(found: Model, words: str) -> dict[str, Any]:
    """The model's own rule with other amounts; amounts stay text, so that none is rounded on its way."""
    rule = found.price.model_dump(mode="json", exclude={"tiers", "amount", "per_1000"})
    if isinstance(found.price, ByTokens):
        return rule | {"credits_per_1000": words}
    if isinstance(found.price, (ByCount, BySeconds)):
        return rule | {"credits": words}
    pairs = [pair.partition("=") for pair in words.split(",")]
    return rule | {"tiers": [{"upto": upto.strip(), "credits": credits_} for upto, _, credits_ in pairs]}


def _first_line(error: ValueError) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    return lines[2] if len(lines) > 2 else lines[0]
