"""The bridge between one port and Django: whole requests in, whole responses out, nothing lost between."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from packshot.settings import settings
from packshot.web import wsgi


def _application(environ: dict[str, Any], start: Any) -> list[bytes]:
    """Answers with what it was given."""
    start("201 Created", [("Content-Type", "application/json"), ("X-Twice", "a"), ("X-Twice", "b")])
    shown = {k: v for k, v in environ.items() if isinstance(v, str)}
    return [json.dumps({"environ": shown, "body": environ["wsgi.input"].read().decode("latin-1")}).encode()]


async def _ask(
    application: Any, *, chunks: tuple[bytes, ...] = (b"",), **scope: Any
) -> tuple[int, list, bytes]:
    sent: list[dict[str, Any]] = []
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    full = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "query_string": b"",
        "http_version": "1.1",
        "headers": [],
        "client": ("192.0.2.7", 1234),
        "server": ("127.0.0.1", 8730),
        **scope,
    }
    pages = wsgi.Pages(application, settings().model_copy(update=scope.get("settings", {})))
    with ThreadPoolExecutor(1) as threads:
        await pages.serve(full, receive, send, threads)
    if not sent:
        return 0, [], b""
    return sent[0]["status"], sent[0]["headers"], b"".join(message["body"] for message in sent[1:])


async def test_a_request_arrives_as_it_was_sent():
    headers = [
        (b"content-type", b"text/x"),
        (b"content-length", b"6"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x-many", b"1"),
        (b"x-many", b"2"),
        (b"x_forged", b"1"),
    ]
    status, answered, body = await _ask(
        _application,
        method="POST",
        path="/caf\u00e9/",
        query_string=b"q=%20a&b",
        headers=headers,
        chunks=(b"abc", b"def"),
    )
    given = json.loads(body)
    assert status == 201
    assert [value for name, value in answered if name == b"x-twice"] == [b"a", b"b"]
    assert given["body"] == "abcdef"
    environ = given["environ"]
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/caf\u00e9/"
    assert environ["QUERY_STRING"] == "q=%20a&b"
    assert environ["CONTENT_TYPE"] == "text/x"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_MANY"] == "1,2"
    assert "HTTP_X_FORGED" not in environ
    assert environ["REMOTE_ADDR"] == "192.0.2.7"


async def test_every_answer_has_a_request_id_that_the_page_knows_too():
    _, headers, body = await _ask(_application)
    assert dict(headers)[b"x-request-id"].decode() == json.loads(body)["environ"]["packshot.request_id"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, b"203.0.113.9", "192.0.2.7"),  # nobody is believed unless told so
        (1, b"198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, b"198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, b"203.0.113.9", "192.0.2.7"),  # fewer hops than there are proxies: forged
    ],
)
async def test_the_client_is_who_our_own_proxies_say(proxies, forwarded, expected):
    _, _, body = await _ask(
        _application, headers=[(b"x-forwarded-for", forwarded)], settings={"trusted_proxies": proxies}
    )
    assert json.loads(body)["environ"]["REMOTE_ADDR"] == expected


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused_without_reaching_the_page(announced):
    reached = io.BytesIO()

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        reached.write(b"x")
        return _application(environ, start)

    chunk = b"x" * (6 * 1024 * 1024)
    headers = [(b"content-length", str(len(chunk) * 8).encode())] if announced else []
    status, _, body = await _ask(application, method="POST", headers=headers, chunks=(chunk,) * 8)
    assert status == 413
    assert b"Nothing was stored" in body
    assert reached.getvalue() == b""


async def test_a_client_that_leaves_while_sending_reaches_no_page():
    status, _, _ = await _ask(
        lambda *_: pytest.fail("the page was called"),
        method="POST",
        headers=[(b"content-length", b"9")],
        chunks=(),
    )
    assert status == 0


async def test_the_response_is_closed_so_that_the_connection_goes_back_to_the_pool():
    class Answer(list[bytes]):
        closed = False

        def close(self) -> None:
            type(self).closed = True

    def application(environ: dict[str, Any], start: Any) -> Answer:
        start("200 OK", [])
        return Answer([b"x"])

    assert (await _ask(application))[2] == b"x"
    assert Answer.closed


@pytest.mark.parametrize("announced", [True, False])
async def test_a_provider_s_message_may_be_much_smaller(announced):
    chunk = b"x" * (6 * 1024 * 1024)
    headers = [(b"content-length", str(len(chunk)).encode())] if announced else []
    status, _, body = await _ask(
        _application, method="POST", path="/hooks/fal/", headers=headers, chunks=(chunk,)
    )
    assert status == 413
    assert b"5 MB" in body
    assert (await _ask(_application, method="POST", headers=headers, chunks=(chunk,)))[0] == 201


async def test_a_body_that_came_in_pieces_has_a_length():
    _, _, body = await _ask(_application, method="POST", chunks=(b"abc", b"defg"))
    assert json.loads(body)["environ"]["CONTENT_LENGTH"] == "7"
