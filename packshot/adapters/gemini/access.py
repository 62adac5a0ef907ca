"""What every request shows so that Google answers it: a key, or a token of a service account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import google.auth
import google.auth.exceptions
import google.auth.transport.requests
import requests
from google.auth.credentials import Credentials
from pydantic import SecretStr

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TOKEN_LIMIT_S = 20.0


class NoAccess(Exception):
    """There is nothing to show: no credentials, or they gave no token. For the log."""


class Access(Protocol):
    async def headers(self) -> Mapping[str, str]:
        """Headers that may be sent to the API's own host only. Raises NoAccess."""
        ...


class Key:
    """An API key of the Developer API."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    async def headers(self) -> Mapping[str, str]:
        return {"x-goog-api-key": self._key.get_secret_value()}


def application_default() -> Credentials:
    """The machine's own: the file that GOOGLE_APPLICATION_CREDENTIALS names, gcloud's, or the metadata server's."""
    credentials, _project = google.auth.default(scopes=[_SCOPE])
    assert isinstance(credentials, Credentials)
    return credentials


class Token:
    """Tokens of Google Cloud credentials, each used until it is about to expire.

    `find` looks for the credentials at the first request: a process that only reads needs none.
    """

    def __init__(self, find: Callable[[], Credentials] = application_default) -> None:
        self._find = find
        self._credentials: Credentials | None = None
        self._one_at_a_time = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        if self._credentials is None or not self._credentials.valid:
            async with self._one_at_a_time:
                await asyncio.to_thread(self._refresh)
        assert self._credentials is not None
        return {"authorization": f"Bearer {self._credentials.token}"}

    def _refresh(self) -> None:
        """In a thread, since Google's library waits for the network."""
        try:
            if self._credentials is None:
                self._credentials = self._find()
            if not self._credentials.valid:
                self._credentials.refresh(_transport())  # type: ignore[no-untyped-call]  # google-auth's
        except google.auth.exceptions.GoogleAuthError as error:
            raise NoAccess(f"{type(error).__name__}: {error}") from error


def _transport() -> Any:
    session = requests.Session()
    session.trust_env = False
    return google.auth.transport.requests.Request(session=session)
