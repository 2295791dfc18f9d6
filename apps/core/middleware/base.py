"""The base of our own middleware: the same two steps with and without an event loop."""

from collections.abc import Awaitable, Callable
from typing import ClassVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class TwoStepMiddleware:
    """Looks at a request before the view and at its answer after it, and never waits."""

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer the request, in the mode of the server."""
        if self.is_async:
            return self._answer_async(request)
        early = self.before(request)
        response = early or cast("HttpResponseBase", self.get_response(request))
        return self.after(request, response)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        early = self.before(request)
        response = early or await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        return self.after(request, response)

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """Look at the request; an answer returned here is the answer."""
        return None

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Look at the answer, and return it or another one."""
        return response
