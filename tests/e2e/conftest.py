"""A studio and a browser for the tests that walk the pages as a person does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import browser as chromium
from tests import homes
from tests.e2e.studio import Studio

WAIT_MS = 20_000
"""How long a page may take where a test says nothing else: it shares its cores with the rest of the suite."""
expect.set_options(timeout=WAIT_MS)

# As long together as all others, so that two test processes end at about the same time.
FIRST_STUDIO = {"test_composer.py", "test_desk.py", "test_gallery.py", "test_uploads.py", "test_weather.py"}


# Both end with this package: Playwright's loop in the main thread would keep Django from the database in
# whatever else this test process runs.
@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    # Behind a proxy, so that each browser context may come from an address of its own: the rate limits stay on.
    home = tmp_path_factory.mktemp("studio") / "home"
    started = Studio(home, PACKSHOT_MOCK_PROVIDER="true", PACKSHOT_TRUSTED_PROXIES="1")
    yield started
    started.stop()
    homes.forget(started.home)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    assert path is not None, "no Chromium: run `python -m tests.browser`, which `make test` does"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield launched
        launched.close()


class Watch:
    """What no flow may do: ask another origin, break the content policy, or leave an error in the console."""

    def __init__(self, context: BrowserContext, *origins: str) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.allowed: list[str] = []
        """Parts of console errors that a test provokes on purpose."""
        context.on("request", lambda request: self._see(request.url, origins))
        context.on("console", lambda message: self._hear(message.type, message.text))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _see(self, url: str, origins: tuple[str, ...]) -> None:
        if not url.startswith((*origins, "data:", "blob:")):
            self.outside.append(url)

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error":
            self.errors.append(text)

    def check(self) -> None:
        assert self.outside == []
        assert [error for error in self.errors if not any(part in error for part in self.allowed)] == []


@pytest.fixture
def context(browser: Browser, studio: Studio) -> Iterator[BrowserContext]:
    address = ".".join(str(random.randint(1, 250)) for _ in range(4))
    made = browser.new_context(
        base_url=studio.address,
        viewport={"width": 1280, "height": 800},
        extra_http_headers={"X-Forwarded-For": address},
    )
    made.set_default_timeout(WAIT_MS)
    yield made
    made.close()


@pytest.fixture
def watch(context: BrowserContext, studio: Studio) -> Iterator[Watch]:
    watching = Watch(context, studio.address)
    said = len(studio.lines)
    yield watching
    print("".join(studio.lines[said:][-80:]))  # shown when the test fails
    watching.check()


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    return context.new_page()


@pytest.fixture
def somebody(browser: Browser, studio: Studio) -> Iterator[Callable[[], Page]]:
    """Further people, each on a machine of their own; watched like the first."""
    opened = []

    def come() -> Page:
        address = ".".join(str(random.randint(1, 250)) for _ in range(4))
        context = browser.new_context(
            base_url=studio.address, extra_http_headers={"X-Forwarded-For": address}
        )
        context.set_default_timeout(WAIT_MS)
        opened.append((context, Watch(context, studio.address)))
        return context.new_page()

    yield come
    for context, watching in opened:
        watching.check()
        context.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test process walks with a studio of its own: two of them, each with about half of the work."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group(f"browser-{int(item.path.name not in FIRST_STUDIO)}"))
            item.add_marker(pytest.mark.timeout(180))
