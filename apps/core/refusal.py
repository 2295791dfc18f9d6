"""Answering a request that Django never sees, in the form of its address."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from apps.core.constants import (
    CORRELATION_HEADER,
    ENVELOPE_PREFIX,
    OPENAI_PREFIX,
)
from apps.core.correlation import accept_correlation_id
from apps.core.error_bodies import error_envelope, openai_error
from apps.core.errors import AppError
from apps.core.languages import language_of_scope

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"
PAGE = b"text/html; charset=utf-8"
PAGES = (413,)
PAGE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


async def refuse(scope: Scope, send: Send, error: AppError) -> None:
    """Answer with an error and close the connection, whose rest nobody reads.

    The handshake of a socket is answered as the request that it is.
    """
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    correlation_id = accept_correlation_id(headers.get(CORRELATION_HEADER.lower()))
    content, kind = _body(scope, error, correlation_id)
    prefix = "websocket." if scope["type"] == "websocket" else ""
    await send(
        {
            "type": f"{prefix}http.response.start",
            "status": error.status_code,
            "headers": [
                (b"content-type", kind),
                (b"content-length", str(len(content)).encode()),
                (b"content-security-policy", PAGE_POLICY),
                (b"x-content-type-options", b"nosniff"),
                (b"cache-control", b"no-store"),
                (b"connection", b"close"),
                (CORRELATION_HEADER.lower().encode(), correlation_id.encode()),
            ],
        }
    )
    await send({"type": f"{prefix}http.response.body", "body": content})


def _body(scope: Scope, error: AppError, correlation_id: str) -> tuple[bytes, bytes]:
    if scope["path"].startswith(OPENAI_PREFIX):
        told = openai_error(status_code=error.status_code, code=error.code, message=error.message)
        return orjson.dumps(told), JSON
    if not scope["path"].startswith(ENVELOPE_PREFIX):
        return _page(scope, error, correlation_id)
    envelope = error_envelope(
        status_code=error.status_code,
        request=_request_info(scope, correlation_id),
        name=type(error).__name__,
        code=error.code,
        message=error.message,
    )
    return orjson.dumps(envelope), JSON


def _request_info(scope: Scope, correlation_id: str) -> dict[str, str]:
    query = scope.get("query_string", b"").decode("latin-1")
    url = f"{scope['path']}?{query}" if query else scope["path"]
    info = {"method": scope.get("method", "GET"), "url": url, "correlation_id": correlation_id}
    if not settings.IS_DEPLOYED and scope.get("client"):
        info["ip"] = str(scope["client"][0])
    return info


def _page(scope: Scope, error: AppError, correlation_id: str) -> tuple[bytes, bytes]:
    """Say it on a page, in the language of the browser; in a sentence to whatever else asks."""
    accepted = dict(scope["headers"]).get(b"accept", b"")
    if b"text/html" not in accepted or error.status_code not in PAGES:
        return error.message.encode(), TEXT
    with translation.override(language_of_scope(scope)):
        html = render_to_string(f"{error.status_code}.html", {"correlation_id": correlation_id})
    return html.encode(), PAGE
