from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from packshot.adapters.fal.generator import FalGenerator
from tests.fakes.fal import Fal


@pytest.fixture
def fal() -> Iterator[Fal]:
    with Fal() as running:
        yield running


@pytest.fixture
async def generator(fal: Fal) -> AsyncIterator[FalGenerator]:
    made = FalGenerator(
        SecretStr(fal.key), user=fal.user, queue_url=fal.url, keys_url=fal.jwks_url, now=time.time
    )
    yield made
    await made.close()
