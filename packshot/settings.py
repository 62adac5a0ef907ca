"""Every setting, read from the environment, typed, with a default that runs on a fresh machine."""

from __future__ import annotations

import os
import secrets
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["web", "worker"]


class Settings(BaseSettings):
    """Environment variables are `PACKSHOT_` + the upper-case name, but for `DATABASE_URL`."""

    model_config = SettingsConfigDict(env_prefix="PACKSHOT_", env_file=".env", extra="ignore")

    home: Path = Path(".packshot")
    """The folder of an installation: embedded database, blobs, secret key, mails, logs."""
    role: Role = "web"
    """Which login this process uses; set by the command line."""
    debug: bool = False

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """A superuser's or database owner's URL of PostgreSQL 16 or newer; None starts the embedded server."""
    database_pool: int = Field(default=8, ge=1, le=200)
    """The most connections one process holds to the database."""

    host: str = "127.0.0.1"
    port: int = Field(default=8730, ge=0, le=65535)
    public_url: str | None = None
    """Where the outside reaches us, e.g. https://studio.example.com; None: http://host:port, no callbacks."""
    allowed_hosts: list[str] = ["*"]
    """Host names that are answered. Narrow it when the studio faces the internet."""
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """How many proxies of our own stand in front and append to X-Forwarded-For."""
    web_workers: int = Field(default=1, ge=1, le=64)
    web_threads: int = Field(default=4, ge=1, le=64)

    api_port: int = Field(default=4201, ge=0, le=65535)
    """Of `packshot api`; `packshot web` answers /v1 too."""
    api_only: bool = False
    """Answer calls and nothing else; set by `packshot api`."""
    api_key_rate: int = Field(default=600, ge=1, le=100_000)
    """Requests a minute of one API key; the next three are of all keys of one organization, of one address (whatever
    keys it has), and of one address without a key that opens anything."""
    api_organization_rate: int = Field(default=1_800, ge=1, le=100_000)
    api_address_rate: int = Field(default=1_800, ge=1, le=100_000)
    api_bad_key_rate: int = Field(default=30, ge=1, le=100_000)

    worker_tasks: int = Field(default=400, ge=2, le=5000)
    """Jobs that one worker process carries at once, most of them waiting for a provider."""
    worker_cpus: int = Field(default=0, ge=0, le=256)
    """Processes for work on pixels; 0 means one a core, at most four."""
    organization_jobs: int = Field(default=50, ge=1, le=1000)
    """Jobs that any organization may have in the queue or under way at once, whatever its plan says; the rest wait."""

    max_inflight: int | None = Field(
        default=None,
        ge=1,
        validation_alias=AliasChoices("PACKSHOT_MAX_INFLIGHT", "GENERATION_MAX_INFLIGHT"),
    )
    """Jobs of one lane that the whole installation has under way at once; None: as many as workers carry."""
    daily_spend_usd: Decimal | None = Field(default=None, ge=0)
    """What providers may bill us for the work ordered in one UTC day; None: no limit. See docs/models.md."""

    blobs: Literal["disk", "s3"] = "disk"
    """Where pictures lie: below the home, or in a bucket that the settings below name."""
    blobs_from: Literal["disk", "s3"] | None = None
    """Where they lay before, while `packshot blobs migrate` moves them: read where the new store has nothing yet."""
    s3_bucket: str | None = None
    s3_region: str | None = None
    """Of AWS, e.g. eu-central-1; `auto` for Cloudflare R2."""
    s3_endpoint: str | None = None
    """The service's address as browsers reach it, where it is not AWS: https://<account>.r2.cloudflarestorage.com."""
    s3_path_style: bool = False
    """The bucket stands in the path and not in the host's name, as MinIO wants it."""
    s3_access_key_id: str | None = None
    s3_secret_access_key: SecretStr | None = None

    secret_key: SecretStr | None = None
    """Signs sessions and addresses; None reads or makes `home/secret_key`."""
    email_confirmation: Literal["off", "code", "link"] = "off"
    """With `off` signing up lets one in at once, by which one learns that the address was free; the others
    tell nobody anything."""
    email_url: str | None = None
    """smtp://user:password@host:587 or smtps://...; None writes mails to `home/mail` and the log."""
    email_from: str = "Packshot <studio@localhost>"
    mfa: bool = False
    """Offer a second factor (an authenticator app and recovery codes) under Settings."""

    fetch_trusted: list[str] = []
    """`host:port` inside one's own network that downloads and webhooks may reach, also over http: private mirrors,
    receivers of one's own, and tests."""
    fal_key: SecretStr | None = None
    """The API key of an account at fal.ai; None: its models are not offered."""
    fal_user: str | None = None
    """That account's user id. Callbacks must carry it: fal signs those of all its customers with the same keys."""
    fal_queue_url: str = "https://queue.fal.run"
    fal_jwks_url: str = "https://rest.fal.ai/.well-known/jwks.json"

    mock_provider: bool = False
    """Offer the scripted mock provider's models: for tests and demonstrations only."""
    gemini_key: SecretStr | None = None
    """A key of the Gemini Developer API; with it, or with a Vertex project, Google's models are offered."""
    gemini_url: str = Field(
        default="https://generativelanguage.googleapis.com", pattern=r"^https?://[^/]+/?$"
    )
    """Where the Developer API is; another address only for tests and gateways of one's own."""
    gemini_vertex_project: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9:.-]*$")
    """A Google Cloud project: its Vertex AI is asked instead, with the machine's own Google credentials."""
    gemini_vertex_location: str = Field(default="global", pattern=r"^[a-z0-9-]+$")
    """The region of Vertex AI. Pictures and words are at `global`; which regions have Veo, Google says."""
    free_credits: int = Field(default=500, ge=0)
    """Credits a month of the free plan."""
    payments: Literal["mock", "stripe", "custom"] | None = None
    """Who takes the money; None: paid plans and packs are not sold. `mock` takes none: for tests and demonstrations."""
    currency: str = Field(default="usd", pattern=r"^[a-z]{3}$")
    """In which currency plans and packs are sold; plans.toml has a price in it for each that is."""
    seller: str = ""
    """Who sells, line by line, as it stands on invoices that are set here: name, address, tax number. Empty: the
    studio's own address."""
    plans: Path | None = None
    """A file of one's own instead of plans.toml; see `packshot plans check`."""
    stripe_key: SecretStr | None = None
    """A secret or restricted key of an account at Stripe, for PACKSHOT_PAYMENTS=stripe. See docs/stripe.md."""
    stripe_webhook_secret: SecretStr | None = None
    """What Stripe signs its messages to us with: `whsec_...` of the endpoint."""
    stripe_webhook_secret_before: SecretStr | None = None
    """The secret before it, while it is being changed."""
    stripe_account: str | None = Field(default=None, pattern=r"^acct_[A-Za-z0-9]+$")
    """That account's id; messages about another one are put aside."""
    stripe_tax: bool = False
    """Stripe Tax reckons the tax; it must be switched on in the account."""
    stripe_tax_code: str | None = Field(default=None, pattern=r"^txcd_[0-9]+$")
    """What is sold, in Stripe's list of kinds; None: the account's own default."""
    stripe_promotion_codes: bool = False
    """The page to pay on takes promotion codes that were made at Stripe."""
    stripe_test_clock: str | None = Field(default=None, pattern=r"^clock_[A-Za-z0-9]+$")
    """A clock of Stripe's sandbox that new customers live by; with a test key only."""
    stripe_url: str = "https://api.stripe.com"
    """Where the API is; another address only for tests."""
    custom_url: str | None = None
    """The bridge to a provider of one's own (docs/payments.md); None with `custom`: invoices by hand."""
    custom_secret: SecretStr | None = None
    """Signs what the bridge and the studio send each other: at least 32 characters."""
    custom_secret_before: SecretStr | None = None
    """The secret before, while it is being changed."""
    custom_abilities: list[str] = ["subscribe", "pack"]
    """What the bridge can: subscribe, pack, trial, change, cancel, portal, charge."""
    custom_livemode: bool = True
    terms_version: str = "2026-11-01"
    log_json: bool = False
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where Prometheus asks `up`, `web` or `worker` for its figures; None: nowhere, 0: on a free port."""
    metrics_host: str = "127.0.0.1"
    """The figures name models and routes, and nobody signs in to read them: never an address of the internet."""
    sentry_dsn: SecretStr | None = None
    """Whom to tell of errors, over Sentry's protocol; None: the log alone."""

    @field_validator("home", mode="after")
    @classmethod
    def _absolute_home(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("fetch_trusted")
    @classmethod
    def _hosts_with_ports(cls, trusted: list[str]) -> list[str]:
        for each in trusted:
            host, _, port = each.rpartition(":")
            if not host or not port.isdigit():
                raise ValueError(f"{each!r} is not host:port")
        return trusted

    @field_validator("fal_queue_url", "fal_jwks_url", "stripe_url", mode="after")
    @classmethod
    def _private(cls, url: str) -> str:
        """Keys travel there or come from there: without TLS to this very machine only."""
        parts = urlsplit(url)
        here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
        if parts.scheme != "https" and not here:
            raise ValueError("must begin with https://")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _whole_bucket(self) -> Settings:
        """A bucket is named in full or not used: nothing of it is guessed."""
        if self.blobs == self.blobs_from:
            raise ValueError(
                "PACKSHOT_BLOBS_FROM is where the pictures lay before: not where PACKSHOT_BLOBS says"
            )
        if "s3" in (self.blobs, self.blobs_from):
            needed = ("s3_bucket", "s3_region", "s3_access_key_id", "s3_secret_access_key")
            missing = [f"PACKSHOT_{name.upper()}" for name in needed if getattr(self, name) is None]
            if missing:
                raise ValueError(f"a bucket needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _whole_stripe(self) -> Settings:
        """Without a secret for its messages Stripe would be paid and we would not hear of it."""
        if self.payments == "stripe" and not (self.stripe_key and self.stripe_webhook_secret):
            raise ValueError("Stripe needs PACKSHOT_STRIPE_KEY and PACKSHOT_STRIPE_WEBHOOK_SECRET")
        if self.stripe_test_clock and self.stripe_key and "_live_" in self.stripe_key.get_secret_value()[:9]:
            raise ValueError("PACKSHOT_STRIPE_TEST_CLOCK is for test keys only")
        return self

    @model_validator(mode="after")
    def _whole_bridge(self) -> Settings:
        if self.payments == "custom" and self.custom_url is not None:
            secret = self.custom_secret
            if secret is None or len(secret.get_secret_value()) < 32:
                raise ValueError("a bridge needs PACKSHOT_CUSTOM_SECRET, of at least 32 characters")
        return self

    @property
    def address(self) -> str:
        """The address that links in mails and signed URLs start with."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def secret(self) -> str:
        """The signing key; made once, readable by this user alone."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        path = self.home / "secret_key"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            self.home.mkdir(parents=True, exist_ok=True)
        # Written whole under another name and linked into place: two first starts agree on one key.
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # the other start was first; its key is the key
        finally:
            fresh.unlink()
        return path.read_text().strip()


@cache
def settings() -> Settings:
    """The settings of this process. Tests and the command line set the environment before the first call."""
    return Settings()
