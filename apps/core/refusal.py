"""Answering a request that Django never sees, in the form of its address."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from apps.core.constants import CORRELATION_HEADER, ENVELOPE_PREFIX, OPENAI_PREFIX
from apps.core.correlation import accept_correlation_id
from apps.core.errors import AppError

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"


async def refuse(scope: Scope, send: Send, error: AppError) -> None:
    """Answer with an error and close the connection, whose rest nobody reads."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    correlation_id = accept_correlation_id(headers.get(CORRELATION_HEADER.lower()))
    content, kind = _body(scope, error, correlation_id)
    await send(
        {
            "type": "http.response.start",
            "status": error.status_code,
            "headers": [
                (b"content-type", kind),
                (b"content-length", str(len(content)).encode()),
                (b"connection", b"close"),
                (CORRELATION_HEADER.lower().encode(), correlation_id.encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": content})


def _body(scope: Scope, error: AppError, correlation_id: str) -> tuple[bytes, bytes]:
    if scope["path"].startswith(OPENAI_PREFIX):
        kind = "invalid_request_error"
        openai = {"message": error.message, "type": kind, "param": None, "code": error.code}
        return orjson.dumps({"error": openai}), JSON
    if not scope["path"].startswith(ENVELOPE_PREFIX):
        return error.message.encode(), TEXT
    request = {"method": scope["method"], "url": scope["path"], "correlation_id": correlation_id}
    envelope = {
        "success": False,
        "status_code": error.status_code,
        "request": request,
        "name": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "error": None,
        "data": None,
    }
    return orjson.dumps(envelope), JSON
