from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from packshot.adapters.gemini.api import developer
from packshot.adapters.gemini.generator import GeminiGenerator
from tests.adapters.gemini.support import Clock
from tests.fakes.gemini import KEY, FakeGemini


@pytest.fixture
def google() -> Iterator[FakeGemini]:
    with FakeGemini() as fake:
        yield fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def gemini(google: FakeGemini, clock: Clock) -> AsyncIterator[GeminiGenerator]:
    generator = GeminiGenerator(developer(google.url, SecretStr(KEY)), now=clock, chance=lambda: 0.5)
    yield generator
    await generator.close()
