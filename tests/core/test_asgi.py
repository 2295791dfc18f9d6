from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from pytest_django import Settings

from apps.core.asgi import BodyLimit, with_static_files
from project.asgi import application as product


class Server:
    """Plays an ASGI server for one request."""

    def __init__(self, chunks: Iterable[bytes] = (b"",), **scope: Any) -> None:
        self.chunks = list(chunks)
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/conversations/",
            "query_string": b"",
            "client": ("127.0.0.1", 1),
            "headers": [],
            **scope,
        }
        self.sent: list[Any] = []
        self.taken = 0

    async def receive(self) -> dict[str, Any]:
        if self.taken >= len(self.chunks):
            return {"type": "http.disconnect"}
        chunk = self.chunks[self.taken]
        self.taken += 1
        return {
            "type": "http.request",
            "body": chunk,
            "more_body": self.taken < len(self.chunks),
        }

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def run(self, application: Any) -> None:
        await application(self.scope, self.receive, self.send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


class Application:
    """Reads a whole body, as Django does."""

    def __init__(self) -> None:
        self.body = b""
        self.was_cut = False
        self.calls = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.was_cut = True
                return
            self.body += message["body"]
            more = message["more_body"]


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100


async def test_a_body_within_the_limit_passes_untouched() -> None:
    application, server = Application(), Server([b"a" * 60, b"b" * 40])
    await server.run(BodyLimit(application))
    assert application.body == b"a" * 60 + b"b" * 40
    assert server.sent == []


async def test_a_stated_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    application = Application()
    length = [(b"content-length", b"101")]
    server = Server([b"a" * 101], headers=length, query_string=b"page=2&words=a")
    await server.run(BodyLimit(application))
    assert (application.calls, server.taken, server.status) == (0, 0, 413)
    answer = orjson.loads(server.body)
    assert (answer["success"], answer["code"]) == (False, "payload_too_large")
    assert answer["request"] == {
        "method": "POST",
        "url": "/api/v1/conversations/?page=2&words=a",
        "ip": "127.0.0.1",
        "correlation_id": server.headers["x-correlation-id"],
    }
    assert server.headers["x-content-type-options"] == "nosniff"
    assert server.headers["connection"] == "close"


async def test_a_chunked_body_is_refused_where_it_passes_the_limit() -> None:
    application, server = Application(), Server([b"a" * 60] * 1000)
    await server.run(BodyLimit(application))
    assert (application.was_cut, server.taken, server.status) == (True, 2, 413)
    assert len(application.body) == 60


async def test_the_refusal_has_the_form_of_its_address() -> None:
    large = {"headers": [(b"content-length", b"1000")]}
    browser = {
        "headers": [*large["headers"], (b"accept", b"text/html"), (b"accept-language", b"de")]
    }
    openai = Server(path="/openai/v1/chat/completions", **large)
    script, page = Server(path="/c/", **large), Server(path="/c/", **browser)
    for server in (openai, script, page):
        await server.run(BodyLimit(Application()))
    assert orjson.loads(openai.body)["error"]["code"] == "payload_too_large"
    assert script.headers["content-type"].startswith("text/plain")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Das war zu viel auf einmal" in page.body.decode()
    assert page.headers["x-correlation-id"] in page.body.decode()


async def test_a_length_that_is_no_number_does_not_break_it() -> None:
    application = Application()
    await Server([b"a"], headers=[(b"content-length", b"-1")]).run(BodyLimit(application))
    assert application.calls == 1


async def test_static_files_come_before_the_application() -> None:
    application, server = Application(), Server(method="GET", path="/static/css/base.css")
    await server.run(with_static_files(application))
    assert (application.calls, server.status) == (0, 200)
    assert server.headers["x-content-type-options"] == "nosniff"
    assert server.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "path",
    ["/static/../manage.py", "/static/nothing.css", "/static/css/", "/static//etc/passwd"],
)
async def test_nothing_else_is_served_as_static(path: str) -> None:
    application, server = Application(), Server(method="GET", path=path)
    await server.run(with_static_files(application))
    assert (application.calls, server.status) == (0, 404)


async def test_other_addresses_reach_the_application() -> None:
    application, server = Application(), Server(method="GET", path="/statics")
    await server.run(with_static_files(application))
    assert application.calls == 1


async def test_a_socket_at_an_address_that_has_none_is_not_found() -> None:
    modern = {"type": "websocket", "extensions": {"websocket.http.response": {}}}
    api, openai = Server(path="/api/v1/users/me", **modern), Server(path="/openai/v1/", **modern)
    old = Server(type="websocket", path="/nothing/")
    for server in (api, openai, old):
        await server.run(product)
    assert [message["type"] for message in api.sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert (api.status, orjson.loads(api.body)["code"]) == (404, "not_found")
    assert (openai.status, orjson.loads(openai.body)["error"]["code"]) == (404, "not_found")
    assert old.sent == [{"type": "websocket.close"}]
