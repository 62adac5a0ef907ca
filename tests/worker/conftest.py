from __future__ import annotations

import pytest


@pytest.fixture
def worker():
    """A worker inside this process, on a thread of its own."""
    from tests.worker.support import QUICK, InProcessWorker

    running = InProcessWorker(QUICK)
    yield running
    running.close()
