"""Django's middleware of pages, without its two thread hops a request, and skipped for programs.

Django's own classes compute, but under ASGI each runs its two steps in a thread, at some 0.1 ms a
hop. Here they run on the event loop, and only a step that writes (a changed session, a queued
message) goes to a thread. See docs/decisions/0030.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseNotAllowed,
)
from django.http.response import HttpResponseBase
from django.middleware import clickjacking, common, csrf, security
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from apps.core.correlation import get_correlation_id
from apps.core.paths import is_program_path

if TYPE_CHECKING:
    Mixin = MiddlewareMixin
else:
    Mixin = object

View = Callable[..., HttpResponseBase]


class Inline(Mixin):
    """Runs a middleware's steps on the event loop."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer under ASGI."""
        before = getattr(self, "process_request", None)
        response: HttpResponseBase | None = before(request) if before is not None else None
        if response is None:
            response = await self.get_response(request)  # type: ignore[misc]
        if not hasattr(self, "process_response"):
            return response
        if self.must_write(request):
            return await sync_to_async(self.process_response)(request, response)  # type: ignore[no-any-return]
        return self.process_response(request, response)  # type: ignore[no-any-return]

    def must_write(self, request: HttpRequest) -> bool:
        """Tell whether the second step reaches the database or the cache."""
        return False


class PagesOnly(Mixin):
    """Leaves the requests of programs alone: they have no cookie, session or form."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer the request, in the mode of the server."""
        if is_program_path(request.path_info):
            return self.get_response(request)
        return super().__call__(request)


class SecurityMiddleware(Inline, security.SecurityMiddleware):
    """Django's headers for secure transport, on every answer."""


class SessionMiddleware(PagesOnly, Inline, sessions.SessionMiddleware):
    """Django's sessions, for pages."""

    def must_write(self, request: HttpRequest) -> bool:
        """Tell whether the session changed."""
        return bool(request.session.modified)


class CommonMiddleware(PagesOnly, Inline, common.CommonMiddleware):
    """Django's slash and length, for pages."""


class CsrfViewMiddleware(PagesOnly, Inline, csrf.CsrfViewMiddleware):
    """Django's protection of forms, for pages; a program's request carries no cookie to abuse."""

    def __init__(self, get_response: Any) -> None:  # noqa: ANN401
        super().__init__(get_response)
        if self.async_mode:
            self.process_view = self._process_view_async  # type: ignore[method-assign,assignment]

    def process_view(
        self,
        request: HttpRequest,
        callback: View,
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        """Refuse a form without its token."""
        if is_program_path(request.path_info):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)

    async def _process_view_async(
        self,
        request: HttpRequest,
        callback: View,
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        return CsrfViewMiddleware.process_view(
            self, request, callback, callback_args, callback_kwargs
        )


class AuthenticationMiddleware(PagesOnly, Inline, auth.AuthenticationMiddleware):
    """Django's `request.user`, for pages."""


class MessageMiddleware(PagesOnly, Inline, messages.MessageMiddleware):
    """Django's one-time notes, for pages."""

    def must_write(self, request: HttpRequest) -> bool:
        """Tell whether a note was shown or added, which may reach the session."""
        storage = getattr(request, "_messages", None)
        return storage is not None and (storage.used or storage.added_new)


class XFrameOptionsMiddleware(PagesOnly, Inline, clickjacking.XFrameOptionsMiddleware):
    """Django's refusal of frames, for pages."""


class NotAllowedMiddleware(PagesOnly, MiddlewareMixin):
    """Says on a page what Django says with an empty answer: that an address only takes a form."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer under ASGI; drawing the page asks who is signed in."""
        response: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]
        if _is_blank_refusal(request, response):
            return await sync_to_async(_refused)(request, response)
        return response

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Answer without an event loop."""
        is_blank = _is_blank_refusal(request, response)
        return _refused(request, response) if is_blank else response


def _is_blank_refusal(request: HttpRequest, response: HttpResponseBase) -> bool:
    is_refusal = isinstance(response, HttpResponseNotAllowed) and not response.content
    return is_refusal and "text/html" in request.headers.get("Accept", "")


def _refused(request: HttpRequest, refusal: HttpResponseBase) -> HttpResponse:
    context = {"correlation_id": get_correlation_id()}
    page = render(request, "405.html", context, status=refusal.status_code)
    page.headers["Allow"] = refusal.headers["Allow"]
    return page
