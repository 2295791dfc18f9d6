import asyncio
from typing import Any

import orjson
import pytest
from django.core import signals
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import get_resolver

from apps.core.program_handler import ProgramAwareHandler
from tests.core.test_asgi import Server


class Line(Server):
    """A caller who stays until told to leave."""

    def __init__(self, **scope: Any) -> None:
        headers = [(b"host", b"localhost"), *scope.pop("headers", [])]
        super().__init__([b""], method="GET", headers=headers, **scope)
        self.has_left = asyncio.Event()
        self.has_begun = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.taken:
            await self.has_left.wait()
        return await super().receive()

    async def send(self, message: Any) -> None:
        await super().send(message)
        self.has_begun.set()


@pytest.fixture
def handler() -> ProgramAwareHandler:
    return ProgramAwareHandler()


@pytest.fixture
def serve_alive(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Serve a view of the test's own at /healthz."""
    pattern = next(p for p in get_resolver().url_patterns if getattr(p, "name", "") == "alive")
    return lambda view: monkeypatch.setattr(pattern, "callback", view)


async def test_a_program_is_answered_without_the_signals_of_a_request(
    handler: ProgramAwareHandler, transactional_db: None
) -> None:
    heard: list[object] = []

    def listen(sender: object, **more: object) -> None:
        heard.append(sender)

    signals.request_started.connect(listen)
    try:
        program = Line(path="/healthz")
        await program.run(handler)
        assert (program.status, orjson.loads(program.body)) == (200, {"status": "ok"})
        assert heard == []
        page = Line(path="/nothing")
        await page.run(handler)
        assert (page.status, heard) == (404, [ProgramAwareHandler])
    finally:
        signals.request_started.disconnect(listen)


async def test_an_answer_that_is_waited_for_ends_when_its_caller_leaves(
    handler: ProgramAwareHandler, serve_alive: Any
) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait(request: HttpRequest) -> HttpResponse:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return HttpResponse()

    serve_alive(wait)
    line = Line(path="/healthz")
    serving = asyncio.create_task(line.run(handler))
    await began.wait()
    line.has_left.set()
    await asyncio.wait_for(serving, 5)
    assert ended.is_set()
    assert line.sent == []


async def test_a_stream_ends_when_its_reader_leaves(
    handler: ProgramAwareHandler, serve_alive: Any
) -> None:
    ended = asyncio.Event()

    async def parts() -> Any:
        try:
            while True:
                yield b"part"
                await asyncio.sleep(0)
        finally:
            ended.set()

    async def stream(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(parts())

    serve_alive(stream)
    line = Line(path="/healthz")
    serving = asyncio.create_task(line.run(handler))
    await line.has_begun.wait()
    line.has_left.set()
    await asyncio.wait_for(serving, 5)
    assert ended.is_set()


async def test_a_server_that_stops_cancels_the_answer(
    handler: ProgramAwareHandler, serve_alive: Any
) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait(request: HttpRequest) -> HttpResponse:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return HttpResponse()

    serve_alive(wait)
    serving = asyncio.create_task(Line(path="/healthz").run(handler))
    await began.wait()
    serving.cancel()
    await asyncio.wait({serving}, timeout=5)
    assert serving.done()
    assert ended.is_set()


async def test_a_caller_who_leaves_before_the_body_is_there_is_forgotten(
    handler: ProgramAwareHandler,
) -> None:
    server = Server([], path="/healthz")
    await server.run(handler)
    assert server.sent == []


async def test_an_address_that_is_no_text_is_refused(handler: ProgramAwareHandler) -> None:
    line = Line(path="/api/v1/x", headers=[(b"cookie", b"a=\xff")], query_string=b"a=\xff")
    await line.run(handler)
    assert line.status == 400
    assert orjson.loads(line.body)["code"] == "validation_failed"


async def test_an_answers_resources_are_closed(
    handler: ProgramAwareHandler, serve_alive: Any
) -> None:
    closed: list[bool] = []

    class Resource:
        def close(self) -> None:
            closed.append(True)

    async def answer(request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        response._resource_closers.append(Resource().close)  # type: ignore[attr-defined]
        return response

    serve_alive(answer)
    await Line(path="/healthz").run(handler)
    assert closed == [True]
