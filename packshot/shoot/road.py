"""From a photo to settled pictures, by the same commands and queries as the pages. Needs Django set up."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from psycopg_pool import PoolTimeout
from uuid_utils.compat import uuid7

from packshot.db.tenancy import Actor
from packshot.foundation.accounts.commands import sign_up
from packshot.foundation.accounts.errors import EmailTaken
from packshot.foundation.accounts.models import User
from packshot.foundation.organizations.queries import organizations_of
from packshot.settings import settings
from packshot.shoot.events import Bell
from packshot.shoot.request import Mistake, Request
from packshot.shoot.worker import Worker
from packshot.studio.assets import commands as assets
from packshot.studio.assets import queries as pictures
from packshot.studio.assets import storage
from packshot.studio.credits import queries as wallet
from packshot.studio.credits.money import format_credits
from packshot.studio.generation import commands as generation
from packshot.studio.generation import queries as batches
from packshot.studio.generation.contracts import BatchView, ModelView, Order

EMAIL = "shoot@localhost"
"""Who shoots from the command line of this installation; made at the first shoot."""
_PATIENCE_S = 60.0
"""How long a database that went away may take to come back."""
_LOOK_AGAIN_S = 1.0

Value = TypeVar("Value")
Show = Callable[[BatchView], None]


@dataclass(frozen=True, slots=True)
class Finished:
    """A picture that was made: its bytes and what is known of it."""

    index: int
    data: bytes
    view: pictures.AssetView
    sha256: str


def person() -> Actor:
    """The command line's own person and organization, made at the first shoot of this installation."""
    known = User.objects.filter(email=EMAIL).values_list("id", flat=True).first()
    if known is None:
        try:
            user = sign_up(
                email=EMAIL,
                password=secrets.token_urlsafe(32),  # nobody's: there is nothing to sign in for
                name="Command line",
                terms_version=settings().terms_version,
                at=datetime.now(UTC),
            )
            known = user.id
        except EmailTaken:  # another first shoot was faster
            known = User.objects.values_list("id", flat=True).get(email=EMAIL)
    organization = organizations_of(known)[0].organization_id
    connection.close()
    return Actor(known, organization)


def draft(request: Request) -> Order:
    """The order but for its photo. Raises Mistake."""
    model = _model_for(request)
    if request.photo is not None and model.max_references == 0:
        raise Mistake(f"{model.title} takes no photo: leave it out.")
    if request.photo is None and model.min_references > 0:
        raise Mistake(f"{model.title} needs a photo: name one.")
    for given, offered, option in (
        (request.ratio, model.ratios, "--ratio"),
        (request.size, model.sizes, "--size"),
        (request.factor, model.parameters.get("factor", ()), "--factor"),
    ):
        if given is not None and given not in offered:
            choices = (
                f"choose one of {', '.join(map(str, offered))}" if offered else f"{model.title} has none"
            )
            raise Mistake(f"{option} {given} is not offered: {choices}.")
    if not 1 <= request.variants <= model.max_variants:
        most = model.max_variants
        raise Mistake(
            f"{model.title} makes {'1 picture' if most == 1 else f'1 to {most} pictures'} at a time."
        )
    return Order(
        board_id=None,
        operation=model.operation,
        model=model.id,
        prompt=request.prompt,
        key=f"shoot:{uuid7()}",
        variants=request.variants,
        ratio=request.ratio or _usual("1:1", model.ratios),
        size=request.size or _usual(1024, model.sizes),
        seed=request.seed,
        parameters={} if request.factor is None else {"factor": request.factor},
    )


class Road:
    """One shoot on its way. Every method waits through a restart of the database."""

    def __init__(self, actor: Actor, bell: Bell, worker: Worker) -> None:
        self._actor = actor
        self._bell = bell
        self._worker = worker

    def afford(self, order: Order, *, photo: bool) -> int:
        """What the order will cost in micro-credits. Raises Mistake when it is not covered."""
        whole = with_photo(order, uuid7()) if photo else order  # which photo it is changes no price
        quote = _patiently(lambda: batches.quote(self._actor, whole))
        if not quote.enough:
            needed, available = format_credits(quote.total), format_credits(quote.available)
            raise Mistake(f"This costs {needed} credits and {available} are there. Nothing was charged.")
        return quote.total

    def bring(self, request: Request) -> UUID:
        """Upload the photo and wait until a worker has seen every pixel of it. Raises Mistake."""
        _patiently(self._worker.ensure)
        data = request.photo
        assert data is not None
        view = _patiently(lambda: assets.upload(self._actor, data=data, filename=request.name))
        while view.state == "new":
            self._wait()
            view = self._picture(view.id)
        if view.state == "rejected":
            raise Mistake(f"{request.name}: {view.reject_reason}")
        return view.id

    def send(self, order: Order) -> UUID:
        """Submit; sent again after a lost answer it is still one batch."""
        return _patiently(lambda: generation.submit(self._actor, order)).batch_id

    def follow(self, batch_id: UUID, show: Show) -> BatchView:
        """Wait until every variant is final."""
        while True:
            view = _patiently(lambda: batches.batch(self._actor, batch_id))
            show(view)
            if view.state.final:
                return view
            self._wait()

    def cancel(self, batch_id: UUID) -> BatchView:
        """Stop what is not final; the credits of it come back."""
        _patiently(lambda: generation.cancel_batch(self._actor, batch_id))
        return self.follow(batch_id, lambda _view: None)

    def collect(self, batch: BatchView) -> list[Finished]:
        """The pictures of a batch in their order."""
        found = []
        for tile in batch.tiles:
            if tile.asset_id is not None:
                view = self._picture(tile.asset_id)
                original = _patiently(partial(pictures.original, self._actor, tile.asset_id))
                data = storage.blobs().get(original.key)
                found.append(Finished(tile.index, data, view, original.sha256))
        return found

    def balance(self) -> int:
        """Micro-credits that can be spent now."""
        return _patiently(lambda: wallet.balance(self._actor)).available

    def _picture(self, asset_id: UUID) -> pictures.AssetView:
        return _patiently(lambda: pictures.asset(self._actor, asset_id))

    def _wait(self) -> None:
        _patiently(self._worker.ensure)
        self._bell.wait(_LOOK_AGAIN_S)


def _model_for(request: Request) -> ModelView:
    offered = batches.models()
    if request.model is not None:
        named = [model for model in offered if model.id == request.model]
        if not named:
            known = ", ".join(model.id for model in offered)
            raise Mistake(f"--model {request.model} is not offered: choose one of {known}.")
        return named[0]
    able = [model for model in offered if model.operation == request.operation]
    if not able:
        raise Mistake(f"Nothing here does {request.operation}.")
    return able[0]


def _usual(usual: Value, offered: Sequence[Value]) -> Value:
    """What is usual, or the first of what is offered where that is not among it."""
    return usual if not offered or usual in offered else offered[0]


def with_photo(order: Order, photo: UUID) -> Order:
    return replace(order, references=(photo,))


def _patiently(ask: Callable[[], Value]) -> Value:
    """The answer, however often the connection is lost meanwhile; only for what may be asked twice."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return ask()
        except (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError):
            if time.monotonic() > deadline:
                raise
            _drop_connection()
            time.sleep(0.1)


def _drop_connection() -> None:
    try:
        connection.close()
    except DatabaseError:
        return  # it was lost already
