"""What Sentry is told, caught at its transport: where the code broke, and nothing of what it worked on."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest
import sentry_sdk
import structlog
from sentry_sdk.transport import Transport

from packshot.telemetry import errors


class Caught(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.events += [event for item in envelope.items if (event := item.get_event()) is not None]


@pytest.fixture
def caught():
    transport = Caught()
    before = list(logging.getLogger().handlers)
    errors.start("https://key@sentry.example/1", "packshot-web", release="packshot@1", transport=transport)
    yield transport
    logging.getLogger().handlers = before
    sentry_sdk.init(default_integrations=False)  # tells nobody any more


# Made here: lines of code are told, and these words must not be found in what is told.
PROMPT = " ".join(["a", "blue", "bot" + "tle"])
PERSON = f"person{chr(64)}example.com"


def draw(prompt: str) -> None:
    local_secret = prompt.upper()
    raise RuntimeError(f"{local_secret[:0]}cannot draw for {PERSON}")


def test_an_error_in_our_log_is_told_without_words_and_variables(caught):
    try:
        draw(PROMPT)
    except RuntimeError:
        structlog.get_logger("packshot.test").exception("advance failed", prompt=PROMPT, job="j1")
    (event,) = caught.events
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", "cannot draw for [hidden]")
    assert [frame["function"] for frame in error["stacktrace"]["frames"]][-1] == "draw"
    assert all("vars" not in frame for frame in error["stacktrace"]["frames"])
    assert event["tags"]["job"] == "j1"
    assert event["logentry"]["message"] == "advance failed"
    assert (event["server_name"], event["release"]) == ("packshot-web", "packshot@1")
    text = json.dumps(event)
    assert PROMPT not in text.lower()
    assert PERSON not in text


def test_an_error_of_a_page_is_told_without_the_request(caught):
    logging.getLogger("django.request").error(
        "Internal Server Error: %s",
        "/x?token=abcdef",
        extra={"request": {"body": PROMPT}, "status_code": 500},
    )
    (event,) = caught.events
    assert event["logentry"]["message"].startswith("Internal Server Error")
    assert "request" not in event
    assert "extra" not in event
    assert PROMPT not in json.dumps(event).lower()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_ends_a_thread_is_told(caught):
    thread = threading.Thread(target=draw, args=(PROMPT,))
    thread.start()
    thread.join()
    (event,) = caught.events
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", "cannot draw for [hidden]")
    assert PROMPT not in json.dumps(event).lower()


def test_warnings_are_not_told(caught):
    structlog.get_logger("packshot.test").warning("poll failed")
    assert caught.events == []
