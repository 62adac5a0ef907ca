"""The composition root: the one place where a port meets an adapter and a fact its listener."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from packshot.adapters.disk import DiskBlobs
from packshot.adapters.moving import MovingBlobs
from packshot.facts import subscribe
from packshot.ports.blobs import BlobStore
from packshot.ports.fetch import Fetcher, Poster
from packshot.ports.generation import Closing, Generator
from packshot.ports.payments import Ability, Payments
from packshot.settings import settings

if TYPE_CHECKING:
    from packshot.adapters.custom.manual import ManualPayments
    from packshot.adapters.local.pool import ImagingPool
    from packshot.adapters.mock.payments.provider import MockPayments
    from packshot.adapters.stripe.provider import StripePayments
    from packshot.foundation.billing.facts import PeriodPaid, PlanChanged
    from packshot.studio.credits import topups
    from packshot.studio.generation.providers import Known


def connect() -> None:
    """Connect facts to listeners and rooms to ports. Runs once a process, when Django is ready."""
    from packshot.foundation.billing import facts as paid
    from packshot.foundation.billing import letters as billing_letters
    from packshot.foundation.billing import providers as payment_providers
    from packshot.foundation.letters import writing
    from packshot.foundation.organizations import files
    from packshot.foundation.organizations import letters as organization_letters
    from packshot.foundation.organizations.facts import OrganizationOpened
    from packshot.foundation.webhooks import letters as webhook_letters
    from packshot.foundation.webhooks import registry as webhooks
    from packshot.studio.assets import storage
    from packshot.studio.credits import billing as credits_of
    from packshot.studio.credits import letters as credits_letters
    from packshot.studio.credits import topups
    from packshot.studio.credits.commands import open_wallet
    from packshot.studio.generation import hooks, providers

    subscribe(OrganizationOpened, open_wallet)
    subscribe(paid.PeriodPaid, credits_of.set_allowance)
    subscribe(paid.PlanChanged, credits_of.add_difference)
    subscribe(paid.PeriodPaid, _let_in)
    subscribe(paid.PlanChanged, _let_in)
    subscribe(paid.PackPurchased, credits_of.add_pack)
    subscribe(paid.PaymentRefunded, credits_of.take_back)
    subscribe(paid.DisputeOpened, credits_of.freeze)
    subscribe(paid.DisputeClosed, credits_of.unfreeze)
    for letters in (organization_letters, billing_letters, credits_letters, webhook_letters):
        writing.connect(letters.WRITERS)
    storage.connect(blobs())
    files.connect(blobs())
    providers.connect(_receivers, known_providers())
    payment_providers.connect(settings().payments, payments)
    webhooks.connect(hooks.events, lambda url: poster().check(url))
    topups.connect(topups.Shop(_packs_of, _charge) if settings().payments is not None else None)


def _let_in(fact: PeriodPaid | PlanChanged) -> None:
    """Another plan may run more side by side: what waits does not wait for the next job to end."""
    from packshot.studio.generation.commands import let_in

    let_in(fact.organization_id)


def _packs_of(organization_id: UUID) -> list[topups.Pack]:
    """What can be bought for an organization that has paid once, without asking it."""
    from packshot.foundation.billing import queries
    from packshot.foundation.billing.templatetags.money import called, money
    from packshot.studio.credits import topups

    return [
        topups.Pack(
            offer.price.key, offer.terms["credits"], f"{called(offer.price)} · {money(offer.price.unit)}"
        )
        for offer in queries.chargeable(organization_id)
    ]


def _charge(organization_id: UUID, pack: str, key: UUID) -> topups.Outcome:
    from packshot.foundation.billing import commands
    from packshot.foundation.billing.errors import Declined
    from packshot.studio.credits import topups

    try:
        order = commands.charge(organization_id, key, pack)
    except Declined:
        return topups.Declined("no_card")
    if order.status == "paid":
        return topups.Paid()
    return topups.Pending() if order.status == "open" else topups.Declined("declined")


@cache
def payments() -> Payments:
    """Whoever takes the money here; only where one is set. Raises ValueError for one that is not set up whole."""
    chosen = settings().payments
    if chosen == "mock":
        return mock_payments()
    if chosen == "stripe":
        return stripe_payments()
    if chosen == "custom":
        return _bridge() if settings().custom_url is not None else manual_payments()
    raise ValueError(f"PACKSHOT_PAYMENTS={chosen} is not built in")


def manual_payments() -> ManualPayments:
    """Invoices that an operator marks as paid."""
    from packshot.adapters.custom.manual import ManualPayments
    from packshot.foundation.billing.inbox import now

    return ManualPayments(settings().address, now)


def _bridge() -> Payments:
    from packshot.adapters.custom.provider import CustomPayments
    from packshot.foundation.billing.inbox import now

    found = settings()
    assert found.custom_url is not None
    secrets = [each for each in (found.custom_secret, found.custom_secret_before) if each is not None]
    return CustomPayments(
        found.custom_url,
        keys=[each.get_secret_value().encode() for each in secrets],
        abilities=frozenset(Ability(each) for each in found.custom_abilities),
        livemode=found.custom_livemode,
        now=now,
    )


@cache
def mock_payments() -> MockPayments:
    """The mock and its desk, where cards are declined and disputes opened by hand."""
    from packshot.adapters.mock.payments.provider import MockPayments
    from packshot.foundation.billing.inbox import now

    key = hmac.new(settings().secret().encode(), b"mock payments", hashlib.sha256).digest()
    return MockPayments(settings().home / "mock-payments", keys=(key,), base_url=settings().address, now=now)


@cache
def stripe_payments() -> StripePayments:
    """Stripe, of the account that the settings name. Raises ValueError where they name none."""
    from packshot.adapters.stripe.provider import StripePayments
    from packshot.foundation.billing.inbox import now
    from packshot.foundation.billing.plans import offers

    found = settings()
    if found.stripe_key is None:
        raise ValueError("no account at Stripe is named: set PACKSHOT_STRIPE_KEY")
    secrets = (found.stripe_webhook_secret, found.stripe_webhook_secret_before)
    return StripePayments(
        found.stripe_key,
        secrets=[each for each in secrets if each is not None],
        now=now,
        url=found.stripe_url,
        account=found.stripe_account,
        tax=found.stripe_tax,
        tax_code=found.stripe_tax_code,
        codes=found.stripe_promotion_codes,
        # The portal does not know seats: what is sold by the seat is changed on our own page.
        movable=lambda: [o.price for o in offers().values() if o.kind == "plan" and not o.terms["per_seat"]],
        test_clock=found.stripe_test_clock,
    )


@cache
def blobs() -> BlobStore:
    """The store of this process; while pictures move, the two between which they do."""
    chosen = blobs_at(settings().blobs)
    before = settings().blobs_from
    return chosen if before is None else MovingBlobs(chosen, blobs_at(before), nearer=disk_blobs())


def blobs_at(place: Literal["disk", "s3"]) -> BlobStore:
    """One of the places where pictures can lie, whether it is in use or not."""
    return disk_blobs() if place == "disk" else bucket_blobs()


@cache
def bucket_blobs() -> BlobStore:
    """The bucket that the settings name. Raises ValueError where they do not."""
    from packshot.adapters.s3 import Bucket, S3Blobs

    found = settings()
    if not (found.s3_bucket and found.s3_region and found.s3_access_key_id and found.s3_secret_access_key):
        raise ValueError("no bucket is named: set PACKSHOT_S3_BUCKET and what belongs to it")
    bucket = Bucket(
        found.s3_bucket,
        found.s3_region,
        found.s3_access_key_id,
        found.s3_secret_access_key,
        endpoint=found.s3_endpoint,
        path_style=found.s3_path_style,
    )
    return S3Blobs(bucket, now=time.time)


@cache
def disk_blobs() -> DiskBlobs:
    """The blobs below the home folder; their addresses are paths of this site, answered by web/blobs.py."""
    sign_key = hmac.new(settings().secret().encode(), b"blobs", hashlib.sha256).digest()
    return DiskBlobs(settings().home / "blobs", sign_key=sign_key, base_url="", now=time.time)


def imaging_processes() -> int:
    """Processes for work on pixels in one worker: one a core, at most four, unless it is set."""
    return settings().worker_cpus or min(4, os.cpu_count() or 1)


def imaging_pool() -> ImagingPool:
    """A pool of its own for the caller's event loop, who closes it. No process starts before it is needed."""
    from packshot.adapters.local.pool import ImagingPool

    return ImagingPool(imaging_processes())


def fetcher() -> Fetcher:
    """The one door out: every file of another server comes through it."""
    from packshot.adapters.fetch.fetcher import SafeFetcher

    return SafeFetcher(trusted=settings().fetch_trusted)


@cache
def poster() -> Poster:
    """The same door for messages to other people's servers."""
    from packshot.adapters.fetch.poster import SafePoster

    return SafePoster(trusted=settings().fetch_trusted)


def known_providers() -> dict[str, Known]:
    """Every provider that this code can speak to, and the setting that each still needs to be used.

    `generators` makes those that need none; nothing is made or imported here, so that a page can ask.
    """
    from packshot.studio.generation.providers import Known

    found = settings()
    gemini = found.gemini_key or found.gemini_vertex_project
    known = {
        "local": Known("Packshot"),
        "fal": Known("fal", None if found.fal_key else "PACKSHOT_FAL_KEY"),
        "gemini": Known("Gemini", None if gemini else "PACKSHOT_GEMINI_KEY"),
    }
    if found.mock_provider:
        known |= {"mock": Known("Mock"), "mock-second": Known("Second mock")}
    return known


def generators(pool: ImagingPool) -> dict[str, Generator]:
    """Every provider by its name, for the event loop that the pool belongs to.

    Imported here, because what they import is much: a page needs none of it.
    """
    from packshot.adapters.local.generator import LocalGenerator

    found: dict[str, Generator] = {"local": LocalGenerator(pool)}
    if settings().mock_provider:
        from packshot.adapters.mock.generator import MockGenerator

        key = hmac.new(settings().secret().encode(), b"mock", hashlib.sha256).digest()
        for name in ("mock", "mock-second"):
            found[name] = MockGenerator(settings().home / name, name=name, key=key, now=time.time, post=_post)
    if settings().fal_key is not None:
        found["fal"] = _fal()
    if settings().gemini_key is not None or settings().gemini_vertex_project is not None:
        found["gemini"] = _gemini()
    return found


async def close(found: Mapping[str, Generator]) -> None:
    """Give back what generators keep open, in the event loop that used them."""
    for generator in found.values():
        if isinstance(generator, Closing):
            await generator.close()


def _fal() -> Generator:
    from packshot.adapters.fal.generator import FalGenerator

    key = settings().fal_key
    assert key is not None
    return FalGenerator(
        key,
        user=settings().fal_user,
        queue_url=settings().fal_queue_url,
        keys_url=settings().fal_jwks_url,
        now=time.time,
    )


def _gemini() -> Generator:
    """Over Vertex AI where a project is set, else with the key."""
    from packshot.adapters.gemini import api
    from packshot.adapters.gemini.generator import GeminiGenerator

    key, project = settings().gemini_key, settings().gemini_vertex_project
    if project is not None:
        return GeminiGenerator(api.vertex(project, settings().gemini_vertex_location), now=time.time)
    assert key is not None
    return GeminiGenerator(api.developer(settings().gemini_url, key), now=time.time)


@cache
def _receivers() -> dict[str, Generator]:
    """The same, for a process that only reads their callbacks: nothing of it starts."""
    return generators(imaging_pool())


async def _post(address: str, headers: Mapping[str, str], body: bytes) -> None:
    """Deliver a callback of the mock, which plays its provider's part on this machine."""
    import httpx

    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        await client.post(address, headers=dict(headers), content=body)
