"""What a request leaves behind: an id that comes back, a line with the organization, a figure under its route."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.web.test_bridge import _application, _ask


def _id(headers: list[tuple[bytes, bytes]]) -> str:
    (found,) = [value for name, value in headers if name == b"x-request-id"]
    return found.decode()


async def test_an_id_that_the_caller_gave_comes_back_and_is_logged():
    with capture_logs() as lines:
        _, headers, _ = await _ask(_application, headers=[(b"x-request-id", b"edge-7f3a.01_b")])
    assert _id(headers) == "edge-7f3a.01_b"
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["request_id"] == "edge-7f3a.01_b"


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"short",
        b"a" * 65,
        b"two words here",
        b"line\nbreak-x",
        b"-starts-oddly",
        b"sch\xc3\xb6n-und-gut",
    ],
)
async def test_what_is_no_id_is_replaced(given):
    _, headers, _ = await _ask(_application, headers=[(b"x-request-id", given)])
    assert len(_id(headers)) == 32


async def test_the_line_names_the_organization_and_the_next_one_does_not(tenant):
    from structlog.contextvars import bind_contextvars

    def knows(environ, start):
        bind_contextvars(organization="o1")
        return _application(environ, start)

    with capture_logs() as lines:
        await _ask(knows)
        await _ask(_application)
    assert [line["organization"] for line in lines if line["event"] == "request"] == ["o1", None]


def test_a_page_binds_its_organization(visit):
    from structlog.contextvars import clear_contextvars, get_contextvars

    clear_contextvars()
    assert visit.get("/", follow=True).status_code == 200
    assert get_contextvars()["organization"] == str(visit.tenant.organization_id)
    clear_contextvars()


def test_requests_are_counted_by_route_and_never_by_address(visit):
    def count(route: str, status: str) -> float:
        labels = {"method": "GET", "route": route, "status": status}
        return REGISTRY.get_sample_value("packshot_http_seconds_count", labels) or 0.0

    before = count("none", "404")
    assert visit.get("/nothing-is-here-01a1fe27").status_code == 404
    assert count("none", "404") == before + 1
    from django.urls import reverse

    address = reverse("account_login").lstrip("/")
    before = count(address, "302")
    visit.get(f"/{address}?next=/x")
    assert count(address, "302") == before + 1
