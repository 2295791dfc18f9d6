"""The socket of staff's pages: which case changed; whoever wants to know more asks by HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import msgspec
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from apps.core import db
from apps.core.correlation import new_correlation_id, set_correlation_id
from apps.core.errors import AppError, ForbiddenError
from apps.core.logging import log_event
from apps.core.realtime.groups import user_group
from apps.core.realtime.origin import has_allowed_origin
from apps.moderation.events import DeskMissed
from apps.moderation.services import desk
from apps.moderation.services.desk_news import GROUP, desk_of
from apps.users.constants import TokenScope
from apps.users.errors import AccountSuspendedError
from apps.users.services import principals, scopes, vigil
from apps.users.services.principals import Principal

logger = logging.getLogger(__name__)

CLOSE_UNAUTHORIZED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TOO_MANY = 4429
RECHECK_SECONDS = 30
MAX_FRAMES_PER_MINUTE = 60
PASSED_ON = ("case.changed", "case.given")
PONG = msgspec.json.encode({"type": "pong"}).decode()


class DeskConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One open page of a member of staff who may see cases."""

    principal: Principal

    async def connect(self) -> None:
        """Let staff in who may see cases."""
        set_correlation_id(new_correlation_id())
        self._watch: asyncio.Task[None] | None = None
        self._frames_this_minute = 0
        await self.accept()
        if not has_allowed_origin(self.scope):
            await self.close(CLOSE_UNAUTHORIZED)
            return
        try:
            principal = await db.call(scopes.authenticate_scope, self.scope)
            principal.require_scope(TokenScope.STAFF)
            await db.call(desk.check_may_watch, viewer=principal.user)
        except AppError as error:
            await self._close_for(error)
            return
        self.principal = principal
        await self._each_group("group_add")
        vigil.enter(self.channel_name, lambda: self.principal)
        self._watch = asyncio.create_task(self._recheck_forever())

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        del code
        vigil.leave(self.channel_name)
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if hasattr(self, "principal"):
            await self._each_group("group_discard")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer that the line is alive; there is nothing else to ask for."""
        del text_data, bytes_data
        self._frames_this_minute += 1
        if self._frames_this_minute > MAX_FRAMES_PER_MINUTE:
            await self.close(CLOSE_TOO_MANY)
        elif hasattr(self, "principal"):
            await self.send(text_data=PONG)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the method for a message; none of them uses a connection that could be left open."""
        await getattr(self, get_handler_name(message))(message)

    async def page_event(self, message: dict[str, Any]) -> None:
        """Pass on which case changed or was given; look whether this person's rights changed."""
        event = message["event"]
        if event["type"] == "auth.revoked":
            await self._recheck()
        elif event["type"] in PASSED_ON:
            await self.send(text_data=msgspec.json.encode(event).decode())

    async def page_missed(self, message: dict[str, Any]) -> None:
        """Have the page look at everything: Redis was away."""
        del message
        if await self._recheck():
            await self.send(text_data=msgspec.json.encode(DeskMissed()).decode())

    async def _recheck_forever(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            self._frames_this_minute //= 2
            if not await self._recheck():
                return

    async def _recheck(self) -> bool:
        """Close the socket if what let it in does not hold any more; tells whether it does."""
        try:
            self.principal = await db.call(principals.recheck, self.principal)
            await db.call(desk.check_may_watch, viewer=self.principal.user)
        except AppError as error:
            await self._close_for(error)
            return False
        return True

    async def _close_for(self, error: AppError) -> None:
        is_known = isinstance(error, AccountSuspendedError | ForbiddenError)
        await self.close(CLOSE_FORBIDDEN if is_known else CLOSE_UNAUTHORIZED)

    async def _each_group(self, method: str) -> None:
        try:
            number = self.principal.user.pk
            for group in (GROUP, desk_of(number), user_group(number)):
                await getattr(self.channel_layer, method)(group, self.channel_name)
        except Exception as error:  # noqa: BLE001  groups carry hints; the pages also ask by themselves
            log_event(logger, "GROUP_AWAY", level=logging.WARNING, error=type(error).__name__)
