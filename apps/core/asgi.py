"""What stands in front of Django: a limit on bodies, and the static files."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from wsgiref.headers import Headers

import orjson
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI

from apps.core.constants import (
    CORRELATION_HEADER,
    ENVELOPE_PREFIX,
    OPENAI_PREFIX,
    ApplicationEnvironment,
)
from apps.core.correlation import accept_correlation_id
from apps.core.errors import PayloadTooLargeError

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

STATIC_MAX_AGE_SECONDS = 60


class BodyLimit:
    """Refuses a body that is larger than the product reads, before it is taken in.

    Django takes the whole body before it looks at its size, and a chunked one states none.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if stated_length(scope) > limit:
            await refuse(scope, send)
            return
        await self.application(scope, _Counted(scope, receive, send, limit).receive, send)


class _Counted:
    """Counts a body while it arrives; past the limit it answers and ends the request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self.scope = scope
        self.source = receive
        self.send = send
        self.left = limit

    async def receive(self) -> Message:
        message = await self.source()
        if message["type"] != "http.request":
            return message
        self.left -= len(message.get("body", b""))
        if self.left >= 0:
            return message
        await refuse(self.scope, self.send)
        return {"type": "http.disconnect"}


def stated_length(scope: Scope) -> int:
    """Return the length of the body as the caller states it; 0 where it states none."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def refuse(scope: Scope, send: Send) -> None:
    """Answer 413 in the form of the address, and close the connection."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    correlation_id = accept_correlation_id(headers.get(CORRELATION_HEADER.lower()))
    error = PayloadTooLargeError()
    content, kind = _refusal(scope, error, correlation_id)
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


def _refusal(scope: Scope, error: PayloadTooLargeError, correlation_id: str) -> tuple[bytes, bytes]:
    if scope["path"].startswith(OPENAI_PREFIX):
        kind = "invalid_request_error"
        openai = {"message": error.message, "type": kind, "param": None, "code": error.code}
        return orjson.dumps({"error": openai}), b"application/json"
    if not scope["path"].startswith(ENVELOPE_PREFIX):
        return error.message.encode(), b"text/plain; charset=utf-8"
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
    return orjson.dumps(envelope), b"application/json"


def with_static_files(application: Application) -> Application:
    """Serve static files in front of an application, without a thread for other requests.

    Deployed, they come from STATIC_ROOT, with names after their content; on a desk and in tests
    from where they are written, so that a change shows at once.
    """
    is_deployed = settings.ENVIRONMENT in (
        ApplicationEnvironment.STAGING,
        ApplicationEnvironment.PRODUCTION,
    )
    files = ServeStaticASGI(
        None,
        autorefresh=not is_deployed,
        allow_all_origins=False,
        max_age=STATIC_MAX_AGE_SECONDS if is_deployed else 0,
        add_headers_function=_add_headers,
    )
    for folder in _static_folders(is_deployed=is_deployed):
        files.add_files(folder, prefix=settings.STATIC_URL)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_static = scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL)
        await (files if is_static else application)(scope, receive, send)

    return serve


def _static_folders(*, is_deployed: bool) -> list[str]:
    if is_deployed:
        return [str(settings.STATIC_ROOT)]
    storages = [
        storage for finder in get_finders() for storage in getattr(finder, "storages", {}).values()
    ]
    return [str(storage.location) for storage in reversed(storages)]


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
