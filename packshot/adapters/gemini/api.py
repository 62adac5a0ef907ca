"""The two doors to the same models: the Developer API and Vertex AI. They differ in addresses and in access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from packshot.adapters.gemini.access import Key, Token
from packshot.adapters.gemini.client import Client, Reply


class Api:
    """Where models are asked. `root` stands before `/models/...`."""

    def __init__(self, client: Client, root: str, *, vertex: bool) -> None:
        self.client = client
        self.vertex = vertex
        self._root = root

    async def generate(self, model: str, body: Mapping[str, Any], *, timeout_s: float) -> Reply:
        """Raises NoAccess, NotSent, Unanswered."""
        return await self.model(model, "generateContent", body, timeout_s=timeout_s)

    async def model(self, model: str, verb: str, body: Mapping[str, Any], *, timeout_s: float) -> Reply:
        """Raises like generate."""
        return await self.client.post(f"{self._root}/models/{model}:{verb}", body, timeout_s=timeout_s)


def developer(url: str, key: SecretStr) -> Api:
    """The Gemini Developer API, by default at https://generativelanguage.googleapis.com."""
    return Api(Client(url, Key(key)), "/v1", vertex=False)


def vertex(project: str, location: str, *, url: str | None = None, token: Token | None = None) -> Api:
    """Vertex AI, with the machine's own Google credentials; `url` stands in for Google's host."""
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    root = f"/v1/projects/{project}/locations/{location}/publishers/google"
    return Api(Client(url or f"https://{host}", token or Token()), root, vertex=True)
