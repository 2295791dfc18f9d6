"""Django's ASGI handler, with a shorter way for programs. See docs/decisions/0030."""

import asyncio
from contextlib import suppress
from typing import Any

import django
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from apps.core.constants import UNREADABLE_REQUEST
from apps.core.errors import ValidationFailedError
from apps.core.paths import is_program_path
from apps.core.refusal import Receive, Scope, Send, refuse


class ProgramAwareHandler(ASGIHandler):
    """Answers a program's request without the thread that Django keeps for every request.

    Django opens a thread for each request, to run its two request signals and whatever is
    synchronous, and to close that thread's connection at the end. Operations of the API do their
    database work through `core.db`, which has threads of its own and gives connections back by
    itself, so for them the thread would only run the signals. Pages take Django's own way.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and is_program_path(scope["path"]):
            await self._answer_program(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def _answer_program(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            set_script_prefix(get_script_prefix(scope))
            request, _ = self.create_request(scope, body)
            if request is None:
                await refuse(scope, send, ValidationFailedError(UNREADABLE_REQUEST))
                return
            answer = asyncio.ensure_future(self._respond(request, send))
            leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
            try:
                await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._end(answer, leaving)

    async def _respond(self, request: Any, send: Send) -> None:  # noqa: ANN401
        response: HttpResponseBase = await self.run_get_response(request)
        try:
            await self.send_response(response, send)
        finally:
            response.close()

    @staticmethod
    async def _end(answer: asyncio.Future[None], leaving: asyncio.Future[None]) -> None:
        """Cancel what has not ended: the answer when its reader left, or the listening."""
        for task in (answer, leaving):
            task.cancel()
        with suppress(RequestAborted, asyncio.CancelledError):
            await leaving
        with suppress(asyncio.CancelledError):
            await answer


def get_application() -> ProgramAwareHandler:
    """Set Django up and return its handler, for project/asgi.py."""
    django.setup(set_prefix=False)
    return ProgramAwareHandler()
