"""A studio whose pictures lie in a bucket: uploads go straight there, pictures come from there, nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import homes
from tests.e2e.conftest import Watch
from tests.e2e.studio import Studio
from tests.e2e.test_uploads import SLOW_MS, choose, told
from tests.e2e.walk import PHOTOS, sign_up
from tests.fakes.s3 import S3, running
from tests.fakes.s3.server import ACCESS_KEY, REGION, SECRET_KEY


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def studio(server: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    server.bucket("pictures")
    home = tmp_path_factory.mktemp("bucket") / "home"
    started = Studio(
        home,
        PACKSHOT_BLOBS="s3",
        PACKSHOT_S3_BUCKET="pictures",
        PACKSHOT_S3_REGION=REGION,
        PACKSHOT_S3_ENDPOINT=server.address,
        PACKSHOT_S3_PATH_STYLE="true",
        PACKSHOT_S3_ACCESS_KEY_ID=ACCESS_KEY,
        PACKSHOT_S3_SECRET_ACCESS_KEY=SECRET_KEY,
    )
    # As the operator writes it into the bucket: this studio's origin and no other.
    server.allow("pictures", started.address)
    yield started
    started.stop()
    homes.forget(started.home)


@pytest.fixture
def page(browser: Browser, studio: Studio, server: S3) -> Iterator[Page]:
    context = browser.new_context(base_url=studio.address, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(SLOW_MS)
    watch = Watch(context, studio.address)
    made = context.new_page()
    made.watch = watch  # type: ignore[attr-defined]  # handed on to the tests
    yield made
    context.close()
    assert all(address.startswith(f"{server.address}/pictures/") for address in watch.outside), watch.outside
    assert [error for error in watch.errors if not any(part in error for part in watch.allowed)] == []


def puts(server: S3) -> list[str]:
    return [where for method, where in server.seen if method == "PUT" and ".incoming?" in where]


def test_photos_go_straight_into_the_bucket_and_come_from_there(page: Page, server: S3, studio: Studio):
    through: list[str] = []
    page.on(
        "request",
        lambda request: through.append(request.url) if request.url.endswith("/assets/upload") else None,
    )
    sign_up(page)
    page.goto("/library")
    choose(page, PHOTOS / "bottle.jpg", PHOTOS / "mug.jpg")
    told(page, "2 of 2 uploaded")
    assert len(puts(server)) == 2
    assert through == []
    done = page.locator("[data-cell][data-face=done]")
    pill = page.locator("[data-news]:not([hidden]) button")
    expect(pill.or_(done.first)).to_be_visible(timeout=SLOW_MS)
    page.goto("/library")
    expect(done).to_have_count(2, timeout=SLOW_MS)
    picture = done.locator("img.picture").first
    expect(picture).to_have_attribute(
        "src", re.compile(re.escape(server.address) + r"/pictures/.+X-Amz-Signature=")
    )
    page.wait_for_function(
        "[...document.querySelectorAll('[data-cell] img')].every((each) => each.naturalWidth > 0)"
    )

    choose(page, PHOTOS / "bottle.jpg")
    told(page, "1 of 1 uploaded")
    expect(page.locator(".upload[data-state=here]")).to_have_count(1)
    assert len(puts(server)) == 2


def test_what_broke_off_is_tried_again_and_what_has_arrived_is_not_sent_twice(page: Page, server: S3):
    page.watch.allowed += ["Failed to load resource", "net::ERR_FAILED"]  # type: ignore[attr-defined]  # as above
    sign_up(page)
    page.goto("/library")
    before = len(puts(server))
    telling = re.compile(r"/assets/arrivals/.+/done$")
    page.route(telling, lambda route: route.abort())
    choose(page, PHOTOS / "jar.png")
    told(page, "0 of 1 uploaded, 1 failed")
    assert len(puts(server)) == before + 1
    page.unroute(telling)
    page.get_by_role("button", name="Try failed ones again").click()
    told(page, "1 of 1 uploaded")
    assert len(puts(server)) == before + 1


def test_another_site_may_not_put_into_the_bucket(page: Page, server: S3, studio: Studio):
    page.watch.allowed += ["CORS policy", "Failed to load resource"]  # type: ignore[attr-defined]  # as above
    server.allow("pictures", "https://elsewhere.example")
    sign_up(page)
    page.goto("/library")
    choose(page, PHOTOS / "bottle.jpg")
    told(page, "0 of 1 uploaded, 1 failed")
    server.allow("pictures", studio.address)
    page.get_by_role("button", name="Try failed ones again").click()
    told(page, "1 of 1 uploaded")


def test_the_composer_takes_a_photo_the_same_way(page: Page, server: S3):
    sign_up(page)
    before = len(puts(server))
    page.locator("studio-drop input[type=file]").set_input_files(PHOTOS / "mug.jpg")
    expect(page.locator("studio-drop .chip[data-state=ready]")).to_have_count(1, timeout=SLOW_MS)
    assert len(puts(server)) == before + 1
