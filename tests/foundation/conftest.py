"""Browsers, mailboxes and settings for the tests of accounts."""

from __future__ import annotations

import email
import itertools
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from uuid_utils.compat import uuid7

PASSWORD = "a long enough password"

_places = itertools.count(random.randrange(1 << 23))


def new_address() -> str:
    return f"person-{uuid7()}@example.com"


def new_place() -> str:
    """An address of the network that no test has come from: limits count by it."""
    number = next(_places) % (1 << 24)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def browser(**options: Any) -> Client:
    """A browser of its own, on a machine of its own."""
    return Client(REMOTE_ADDR=new_place(), HTTP_USER_AGENT="Browser/1", **options)


def sign_up(client: Client, address: str, **changes: Any) -> Any:
    return client.post("/sign-up", {"email": address, "password1": PASSWORD, "terms": "on", **changes})


def sign_in(client: Client, address: str, password: str = PASSWORD, **query: str) -> Any:
    return client.post("/sign-in", {"login": address, "password": password, **query})


def is_signed_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


class Mailbox:
    """The mails that the file backend wrote during this test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, address: str) -> list[EmailMessage]:
        """Oldest first."""
        files = sorted(self._folder.glob("*.eml")) if self._folder.exists() else []
        found = [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [each for each in found if each["To"] == address]

    def text(self, address: str) -> str:
        part = self.of(address)[-1].get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def link(self, address: str) -> str:
        """The path of the newest mail's first link."""
        found = re.search(r"https?://[^/\s]+(/\S+)", self.text(address))
        assert found, self.text(address)
        return found.group(1)

    def code(self, address: str) -> str:
        found = re.search(r"^(\d{6})$", self.text(address), re.MULTILINE)
        assert found, self.text(address)
        return found.group(1)


@pytest.fixture
def mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    from packshot.foundation.accounts import mail
    from packshot.settings import settings

    here = settings().model_copy(update={"home": tmp_path})
    monkeypatch.setattr(mail, "settings", lambda: here)
    return Mailbox(tmp_path / "mail")


@pytest.fixture(autouse=True)
def _mails_stay_in_the_test(mailbox: Mailbox) -> None:
    """Also those that a test does not look at."""


@contextmanager
def confirmation(kind: str) -> Iterator[None]:
    """As `PACKSHOT_EMAIL_CONFIRMATION=<kind>` sets it up in packshot/web/conf.py."""
    with override_settings(
        ACCOUNT_EMAIL_VERIFICATION="none" if kind == "off" else "mandatory",
        ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED=kind != "link",
    ):
        yield


@pytest.fixture(params=["off", "code", "link"])
def each_confirmation(request: pytest.FixtureRequest) -> Iterator[str]:
    with confirmation(request.param):
        yield request.param


@pytest.fixture
def by_code() -> Iterator[None]:
    with confirmation("code"):
        yield


@pytest.fixture
def by_link() -> Iterator[None]:
    with confirmation("link"):
        yield


Count = Callable[[str], int]


@pytest.fixture
def rows_about(admin: Any) -> Count:
    """How many accounts, addresses, organizations and memberships an address or a name has left behind."""

    def count(text: str) -> int:
        found = admin.execute(
            """
            select (select count(*) from accounts_user where email = %(t)s or name = %(t)s)
                 + (select count(*) from account_emailaddress where email = %(t)s)
                 + (select count(*) from organizations_organization where starts_with(name, %(t)s))
                 + (select count(*) from organizations_membership m join accounts_user u on u.id = m.user_id
                    where u.email = %(t)s)
            """,
            {"t": text},
        ).fetchone()
        return int(found[0])

    return count


@pytest.fixture
def company(tenant: Any, admin: Any, new_tenant: Any) -> Any:
    """A workspace whose people come and go."""
    from tests.foundation.people import Company

    return Company(tenant, admin, new_tenant)
