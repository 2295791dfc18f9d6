"""Server-sent events: typed events as frames, with a comment that keeps a silent line open."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

import orjson
from django.http import HttpRequest, StreamingHttpResponse
from ninja.params.functions import Header

from apps.core import db
from apps.core.correlation import get_correlation_id
from apps.core.error_handling import report_error

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15
KEEP_ALIVE = b": keep-alive\n\n"
MEDIA_TYPE = "text/event-stream"
OnError = Callable[[BaseException], "ServerSentEvent"]
EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "One event of the stream, as its three fields.",
    "properties": {
        "event": {"type": "string"},
        "data": {"type": "string", "description": "JSON."},
        "id": {"type": "string", "description": "The cursor to resume from."},
    },
    "required": ["data"],
    "example": {
        "event": "reply.delta",
        "data": '{"type":"reply.delta","reply_id":8,"text":"Hello","cursor":5}',
        "id": "5",
    },
}
Guard = Callable[[], Coroutine[Any, Any, None]]

LAST_EVENT_ID: Any = Header(
    None,
    alias="Last-Event-ID",
    pattern=r"^[0-9]{1,9}$",
    description="The `id:` of the last event that arrived; outranks `cursor`.",
)


class ServerSentEvent(NamedTuple):
    """One frame: its type, its data as JSON, and the id that a client resumes from."""

    event: str | None
    data: bytes
    id: str | None = None

    def encode(self) -> bytes:
        """Write the frame; JSON has no line break, so one data line is enough."""
        head = b"" if self.id is None else b"id: " + self.id.encode() + b"\n"
        kind = b"" if self.event is None else b"event: " + self.event.encode() + b"\n"
        return head + kind + b"data: " + self.data + b"\n\n"


def is_wanted(request: HttpRequest) -> bool:
    """Tell whether the caller asks for a stream of events."""
    return MEDIA_TYPE in request.headers.get("Accept", "")


def streams(description: str) -> dict[str, Any]:
    """Describe an operation that answers a stream of events and nothing else."""
    content = {MEDIA_TYPE: {"schema": EVENT_SCHEMA}}
    return {"responses": {200: {"description": description, "content": content}}}


def may_stream(description: str) -> dict[str, Any]:
    """Describe an operation that answers a stream of events where the caller asks for one."""
    return streams(description)


async def event_stream(
    events: AsyncGenerator[ServerSentEvent, None],
    *,
    status: int = 200,
    guard: Guard | None = None,
    on_error: OnError | None = None,
) -> StreamingHttpResponse:
    """Answer with a stream of events; check everything before, for then the status is out.

    The request's database connection goes back to the pool first: a stream waits most of its time.
    The guard runs beside the stream and raises once the caller may not have it any more; a failure
    is told by `error_event`, or by `on_error` where the protocol has another form for it.
    """
    await db.release()
    content = frames(events, guard=guard, on_error=on_error)
    response = StreamingHttpResponse(content, status=status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def frames(
    events: AsyncGenerator[ServerSentEvent, None],
    *,
    keep_alive: float = KEEP_ALIVE_SECONDS,
    guard: Guard | None = None,
    on_error: OnError | None = None,
) -> AsyncIterator[bytes]:
    """Encode events; a failure in their source or of the guard becomes one last `error` event."""
    pending: asyncio.Task[ServerSentEvent] | None = None
    guards = set() if guard is None else {asyncio.ensure_future(guard())}
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))
            awaited: set[asyncio.Future[Any]] = {pending, *guards}
            done, _ = await asyncio.wait(
                awaited, timeout=keep_alive, return_when=asyncio.FIRST_COMPLETED
            )
            for ended in done & guards:
                guards.discard(ended)
                ended.result()
            if pending not in done:
                yield KEEP_ALIVE
                continue
            finished, pending = pending, None
            try:
                event = finished.result()
            except StopAsyncIteration:
                return
            yield event.encode()
    except Exception as error:  # noqa: BLE001
        yield (on_error or error_event)(error).encode()
    finally:
        left = guards if pending is None else {pending, *guards}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        await events.aclose()


def error_event(exception: BaseException) -> ServerSentEvent:
    """Log a failure and write it as the event that tells of it."""
    description = report_error(exception, transport="sse")
    data = {
        "code": description.code,
        "message": description.message,
        "correlation_id": get_correlation_id(),
    }
    return ServerSentEvent("error", orjson.dumps(data))
