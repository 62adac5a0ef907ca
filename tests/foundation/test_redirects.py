"""`next` leads to a path of this studio or nowhere."""

from __future__ import annotations

import pytest

from tests.foundation.conftest import browser, new_address, sign_in, sign_up

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "\x00//evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "http:evil.example",
    "http:///evil.example",
    "https:/evil.example",
    "evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "http://testserver/boards",
    "//testserver/",
    "ftp://testserver/",
    "?next=//evil.example",
]


@pytest.fixture(scope="module")
def address() -> str:
    found = new_address()
    sign_up(browser(), found)
    return found


@pytest.mark.parametrize("where", ELSEWHERE)
def test_nobody_is_led_elsewhere(address, where):
    client = browser()
    assert sign_in(client, address, next=where)["Location"] == "/"
    assert client.get("/sign-in", {"next": where})["Location"] == "/"
    assert client.post("/sign-out", {"next": where})["Location"] == "/sign-in"
    assert sign_up(browser(), new_address(), next=where)["Location"] == "/welcome"


def test_a_taken_address_is_not_led_elsewhere_either(address):
    assert sign_up(browser(), address, next="//evil.example")["Location"] == "/welcome"


@pytest.mark.parametrize("where", ["/settings/", "/settings/sessions?x=1&y=%2F%2F", "/boards/%C3%A9"])
def test_a_path_of_ours_is_followed(address, where):
    assert sign_in(browser(), address, next=where)["Location"] == where
    assert sign_up(browser(), new_address(), next=where)["Location"] == where
    assert sign_up(browser(), address, next=where)["Location"] == where


def test_another_host_in_the_settings_is_still_elsewhere(address, settings_hosts):
    assert sign_in(browser(), address, next="https://other.example/")["Location"] == "/"


@pytest.fixture
def settings_hosts():
    from django.test import override_settings

    with override_settings(
        ALLOWED_HOSTS=["testserver", "other.example"], CSRF_TRUSTED_ORIGINS=["https://other.example"]
    ):
        yield
