import asyncio
from collections.abc import AsyncGenerator

import pytest
from django.test import AsyncClient

from apps.core.api.sse import KEEP_ALIVE, ServerSentEvent, frames
from tests.core.api.conftest import SECRET


def test_a_frame_has_its_id_its_type_and_its_data() -> None:
    assert ServerSentEvent("a.b", b'{"x":1}', "7").encode() == (
        b'id: 7\nevent: a.b\ndata: {"x":1}\n\n'
    )
    assert ServerSentEvent("a.b", b"{}").encode() == b"event: a.b\ndata: {}\n\n"


async def test_a_failure_in_the_middle_is_the_last_event(things: object) -> None:
    answered = await AsyncClient().get("/api/v1/stream")
    assert answered.status_code == 200
    assert answered.headers["Content-Type"] == "text/event-stream"
    assert answered.headers["Cache-Control"] == "no-store"
    assert answered.headers["X-Accel-Buffering"] == "no"
    body = b"".join([part async for part in answered.streaming_content])
    first, error, rest = body.split(b"\n\n")
    assert first == b'id: 5\nevent: first\ndata: {"a":1}'
    assert error.startswith(b'event: error\ndata: {"code":"internal_error","message":"Something')
    assert rest == b""
    assert SECRET.encode() not in body


async def test_a_silent_line_is_kept_open_and_loses_nothing() -> None:
    gate = asyncio.Event()

    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        await gate.wait()
        yield ServerSentEvent("late", b"1")

    found = []
    async for frame in frames(events(), keep_alive=0.01):
        found.append(frame)
        if len(found) == 3:
            gate.set()
    assert found[:3] == [KEEP_ALIVE] * 3
    assert found[-1] == b"event: late\ndata: 1\n\n"


@pytest.mark.parametrize("is_waiting", [True, False])
async def test_a_client_that_leaves_ends_the_source(is_waiting: bool) -> None:
    is_closed = asyncio.Event()

    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        try:
            yield ServerSentEvent("one", b"1")
            await asyncio.sleep(60 if is_waiting else 0)
            yield ServerSentEvent("two", b"2")
        finally:
            is_closed.set()

    stream = frames(events(), keep_alive=0.01)
    await anext(stream)
    if is_waiting:
        assert await anext(stream) == KEEP_ALIVE
    await stream.aclose()
    assert is_closed.is_set()
