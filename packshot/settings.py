"""Every setting, read from the environment, typed, with a default that runs on a fresh machine."""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
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

    worker_tasks: int = Field(default=400, ge=2, le=5000)
    """Jobs that one worker process carries at once, most of them waiting for a provider."""
    worker_cpus: int = Field(default=0, ge=0, le=256)
    """Processes for work on pixels; 0 means one a core, at most four."""
    organization_jobs: int = Field(default=8, ge=1, le=1000)
    """Jobs of one organization that may be in the queue or under way at once; the rest wait their turn."""

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

    mock_provider: bool = False
    """Offer the scripted mock provider's models: for tests and demonstrations only."""
    free_credits: int = Field(default=500, ge=0)
    """Credits a month of the free plan."""
    terms_version: str = "2026-11-01"
    log_json: bool = False

    @field_validator("home", mode="after")
    @classmethod
    def _absolute_home(cls, home: Path) -> Path:
        return home.expanduser().absolute()

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
