"""What stands in front of Django: a limit on bodies, the static files, and where no socket is."""

from collections.abc import Awaitable, Callable
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI

from apps.core.errors import NotFoundError, PayloadTooLargeError
from apps.core.refusal import Message, Receive, Scope, Send, refuse

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
            await refuse(scope, send, PayloadTooLargeError())
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
        await refuse(self.scope, self.send, PayloadTooLargeError())
        return {"type": "http.disconnect"}


async def no_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse the handshake of a socket at an address that has none: 404, or 403 by older servers.

    Without it the router raises, and any stranger makes an error of ours.
    """
    del receive
    if "websocket.http.response" in scope.get("extensions", {}):
        await refuse(scope, send, NotFoundError())
    else:
        await send({"type": "websocket.close"})


def stated_length(scope: Scope) -> int:
    """Return the length of the body as the caller states it; 0 where it states none."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def with_static_files(application: Application) -> Application:
    """Serve static files in front of an application, without a thread for other requests.

    Deployed, they come from STATIC_ROOT, with names after their content; on a desk and in tests
    from where they are written, so that a change shows at once.
    """
    files = ServeStaticASGI(
        None,
        autorefresh=not settings.IS_DEPLOYED,
        allow_all_origins=False,
        max_age=STATIC_MAX_AGE_SECONDS if settings.IS_DEPLOYED else 0,
        add_headers_function=_add_headers,
    )
    for folder in _static_folders(is_deployed=settings.IS_DEPLOYED):
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
