"""The models that can be ordered: data in catalogue.toml, checked as a whole when the program starts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from packshot.settings import settings
from packshot.studio.generation.contracts import ModelView, Order, Typical
from packshot.studio.generation.errors import InvalidOrder
from packshot.studio.generation.prices import Price
from packshot.words import told

MAX_NEGATIVE = 500
_MAX_ASKED = 4000


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class References(_Data):
    min: int = Field(default=0, ge=0)
    max: int = Field(default=0, ge=0, le=14)


class Styles(_Data):
    max: int = Field(default=0, ge=0, le=14)


class Parameter(_Data):
    """One further choice. With `choices` the first is the default; without, a missing value stays away."""

    type: Literal["integer", "text", "boolean", "object"]
    choices: tuple[int | str, ...] = ()
    max_length: int = 2000

    def fits(self, value: object) -> bool:
        kinds = {"integer": int, "text": str, "boolean": bool, "object": dict}
        right = isinstance(value, kinds[self.type]) and not (
            self.type == "integer" and isinstance(value, bool)
        )
        if isinstance(value, str) and len(value) > self.max_length:
            return False
        return right and (not self.choices or value in self.choices)


class Model(_Data):
    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9.]+)*$", max_length=80)
    title: str = Field(min_length=1, max_length=80)
    about: str = Field(default="", max_length=160)
    """What it does, in a sentence for the menu of models."""
    operation: Literal["generate", "edit", "remove_background", "upscale", "video", "describe", "reply"]
    routes: tuple[str, ...] = Field(min_length=1)
    """The providers that serve it, by the names the wiring knows; the first is preferred (see docs/models.md)."""
    lane: Literal["advance", "render"] = "advance"
    """`advance` waits for others; `render` works on our own cores."""
    priority: int = Field(default=0, ge=-100, le=100)
    mock: bool = False
    """Offered with `mock_provider` only."""
    makes: Literal["picture", "text", "nothing"] = "picture"
    """What a success brings: a picture (or clip), words, or nothing to look at."""
    submit_once: bool = False
    """A submit costs money and cannot be recognised when it is sent twice: never repeated blindly."""
    ratios: tuple[str, ...] = ()
    """Empty: the output has the reference's own shape, and ratio and size do not matter."""
    sizes: tuple[int, ...] = ()
    references: References = References()
    styles: Styles = Styles()
    """Further references whose style is followed: they stand last; the parameter `styles` says how many."""
    negative: bool = False
    """Whether it takes words for what shall not be seen, as the parameter `negative`."""
    max_variants: int = Field(default=1, ge=1, le=100)
    max_prompt: int = Field(default=0, ge=0)
    needs_prompt: bool = False
    timeout_s: int = Field(gt=0, le=3600)
    """For one attempt, from its claim to its result; time in the queue does not count."""
    typical_s: int = Field(gt=0)
    max_attempts: int = Field(default=3, ge=1, le=10)
    price: Price
    """In credits, for one variant."""
    cost: Price | None = None
    """What one variant costs us, in US dollars, on its dearest route; None: nothing that a provider bills."""
    cost_source: str = ""
    """Where `cost` was read and when, or `unverified`."""
    parameters: dict[str, Parameter] = {}

    @model_validator(mode="before")
    @classmethod
    def _units(cls, data: Any) -> Any:
        """Credits and dollars are two things: neither is written where the other is meant."""
        for field, foreign in (("price", "usd"), ("cost", "credits")):
            if isinstance(data, dict) and foreign in str(data.get(field)):
                raise ValueError(f"{data.get('id')}: {field} is not told in {foreign}")
        return data

    @model_validator(mode="after")
    def _paid_work(self) -> Model:
        if len(set(self.routes)) < len(self.routes):
            raise ValueError(f"{self.id}: a route stands twice")
        if (self.cost is not None or len(self.routes) > 1) and not self.submit_once:
            raise ValueError(f"{self.id}: work that a provider bills is never sent twice: submit_once")
        if (self.cost is None) != (not self.cost_source):
            raise ValueError(f"{self.id}: cost and its source come together")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Model:
        if self.references.min > self.references.max:
            raise ValueError(f"{self.id}: more references are needed than allowed")
        if bool(self.ratios) != bool(self.sizes):
            raise ValueError(f"{self.id}: ratios and sizes come together")
        # Every order that passes `check` must have a price.
        for size, parameters in self.choices():
            self.each(size, parameters)
            self.cost_each(size, parameters)
        return self

    def choices(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every size with every value of every parameter that has choices: all that can have a price."""
        offered = {name: known.choices for name, known in self.parameters.items() if known.choices}
        for size in self.sizes or (1024,):
            for values in product(*offered.values()):
                yield size, dict(zip(offered, values, strict=True))

    def completed(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with the defaults of those that have choices. Raises InvalidOrder."""
        found = dict(parameters)
        for name, value in found.items():
            known = self.parameters.get(name)
            if known is None or not known.fits(value):
                raise InvalidOrder(f"{self.title} does not take this {name}.", field=name)
        for name, known in self.parameters.items():
            if name not in found and known.choices:
                found[name] = known.choices[0]
        return found

    def check(self, order: Order) -> dict[str, Any]:
        """The order's complete parameters. Raises InvalidOrder, saying which field to change."""

        def demand(holds: bool, field: str, message: str) -> None:
            if not holds:
                raise InvalidOrder(message, field=field)

        least, most = self.references.min, self.references.max
        demand(order.operation == self.operation, "operation", f"{self.title} does other work.")
        demand(1 <= order.variants <= self.max_variants, "variants", f"1 to {self.max_variants} variants.")
        demand(len(order.prompt) <= self.max_prompt or not self.max_prompt, "prompt", "The text is too long.")
        demand(bool(order.prompt.strip()) or not self.needs_prompt, "prompt", "Say what you want to see.")
        demand("\x00" not in order.prompt, "prompt", "The text holds a sign that cannot be stored.")
        demand(
            not self.ratios or order.ratio in self.ratios, "ratio", f"{self.title} does not make this ratio."
        )
        demand(not self.sizes or order.size in self.sizes, "size", f"{self.title} does not make this size.")
        demand(least <= len(order.references), "references", "Choose a photo first.")
        demand(len(order.references) <= most, "references", f"At most {most} photos.")
        demand(len(order.styles) <= self.styles.max, "styles", f"{self.title} takes fewer style pictures.")
        demand(self.negative or not order.negative, "negative", f"{self.title} takes no words to avoid.")
        demand(len(order.negative) <= MAX_NEGATIVE, "negative", "The words to avoid are too many.")
        demand(len(order.asked) <= _MAX_ASKED, "prompt", "The text is too long.")
        demand(
            "\x00" not in order.negative + order.asked,
            "prompt",
            "The text holds a sign that cannot be stored.",
        )
        demand(1 <= len(order.key) <= 200, "key", "A request needs a key of 1 to 200 characters.")
        demand(order.seed is None or 0 <= order.seed < 2**53, "seed", "A seed is a number from 0 to 2^53.")
        demand(
            self.makes == "text" or not order.context,
            "context",
            f"{self.title} is told nothing beside the order.",
        )
        found = self.completed(order.parameters)
        # What adapters read beside the prompt travels with the further choices.
        if order.negative:
            found["negative"] = order.negative
        if order.styles:
            found["styles"] = len(order.styles)
        return found

    def each(self, size: int, parameters: Mapping[str, Any]) -> int:
        """Micro-credits for one variant."""
        return self.price.quoted(size, parameters)

    def cost_each(self, size: int, parameters: Mapping[str, Any]) -> int:
        """Micro-dollars that one variant costs us at most."""
        return 0 if self.cost is None else self.cost.quoted(size, parameters)

    def view(self, typical: Typical) -> ModelView:
        choices: dict[int, dict[str, Any]] = {size: {} for size in self.sizes or (0,)}
        price_by: str = self.price.by
        name = getattr(self.price, "parameter", "")
        offered = self.parameters[name].choices if name in self.parameters else ()
        if offered:
            choices = {int(value): {name: value} for value in offered}
            price_by = name
        defaults = {name: p.choices[0] for name, p in self.parameters.items() if p.choices}
        return ModelView(
            id=self.id,
            title=told(self.title),
            operation=self.operation,
            ratios=self.ratios,
            sizes=self.sizes,
            min_references=self.references.min,
            max_references=self.references.max,
            max_variants=self.max_variants,
            max_prompt=self.max_prompt,
            needs_prompt=self.needs_prompt,
            typical=typical,
            prices={at: self.each(at, {**defaults, **chosen}) for at, chosen in choices.items()},
            price_by=price_by,
            parameters={name: p.choices for name, p in self.parameters.items()},
            about=told(self.about),
            max_styles=self.styles.max,
            negative=self.negative,
            makes=self.makes,
        )

    def guess(self) -> Typical:
        """How long it takes where nothing has been measured yet."""
        return Typical(self.typical_s * 0.7, self.typical_s * 1.8, measured=False)


class Catalogue(_Data):
    models: tuple[Model, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Catalogue:
        ids = [model.id for model in self.models]
        if len(ids) != len(set(ids)):
            raise ValueError("two models have the same id")
        return self


@cache
def catalogue() -> Mapping[str, Model]:
    """Every model by its id; the mock's only where they are switched on. Raises when the data is wrong."""
    text = files("packshot.studio.generation").joinpath("catalogue.toml").read_text(encoding="utf-8")
    found = Catalogue.model_validate(tomllib.loads(text))
    return {model.id: model for model in found.models if settings().mock_provider or not model.mock}
