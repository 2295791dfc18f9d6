"""What every socket has in common: who is let in, whether they may stay, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, ClassVar

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation

from apps.core import db
from apps.core.correlation import begin_anew
from apps.core.errors import AppError
from apps.core.languages import language_of_scope
from apps.core.logging import log_event
from apps.core.realtime.groups import user_group
from apps.core.realtime.origin import has_allowed_origin
from apps.users.constants import RECHECK_SECONDS, TokenScope
from apps.users.errors import AccountSuspendedError
from apps.users.services import principals, scopes, vigil
from apps.users.services.principals import Principal

logger = logging.getLogger(__name__)

CLOSE_UNAUTHORIZED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TOO_MANY = 4429


class PersonConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One open page of a person, or one program, for as long as what let it in holds.

    Attributes:
        scope_needed: what a token has to be made for.
        max_frames_per_minute: above it the socket is closed.
        forbidden: the errors that close it as forbidden; any other asks for another sign-in.
        principal: who was let in, as of the last look.
    """

    scope_needed: ClassVar[TokenScope]
    max_frames_per_minute: ClassVar[int]
    forbidden: ClassVar[tuple[type[AppError], ...]] = (AccountSuspendedError,)
    principal: Principal

    async def connect(self) -> None:
        """Let somebody in who may be here, from an origin of ours."""
        begin_anew()
        translation.activate(language_of_scope(self.scope))
        self._watch: asyncio.Task[None] | None = None
        self._frames_this_minute = 0
        await self.accept()
        if not has_allowed_origin(self.scope):
            await self.close(CLOSE_UNAUTHORIZED)
            return
        try:
            principal = await db.call(scopes.authenticate_scope, self.scope)
            principal.require_scope(self.scope_needed)
            await self.check_may_stay(principal)
        except AppError as error:
            await self._close_for(error)
            return
        self.principal = principal
        await self._each_group("group_add")
        vigil.enter(self.channel_name, lambda: self.principal)
        self._watch = asyncio.create_task(self._recheck_forever())

    async def disconnect(self, code: int) -> None:
        """Let go of everything that this socket began."""
        del code
        tasks = [*self.tasks(), *([self._watch] if self._watch else [])]
        for task in tasks:
            task.cancel()
        vigil.leave(self.channel_name)
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.is_let_in:
            await self._each_group("group_discard")

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the method for a message; none of them uses a connection that could be left open."""
        await getattr(self, get_handler_name(message))(message)

    @property
    def is_let_in(self) -> bool:
        """Tell whether somebody was let in."""
        return hasattr(self, "principal")

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what runs for this socket and ends with it."""
        return []

    def groups_of(self, user_id: int) -> list[str]:
        """Return the groups whose words this socket hears."""
        return [user_group(user_id)]

    async def check_may_stay(self, principal: Principal) -> None:
        """Check what this socket asks of a person beyond their sign-in.

        Raises:
            AppError: they may not be here.
        """

    async def tell_why(self, error: AppError) -> None:
        """Tell a page why its socket is closed as forbidden."""

    async def takes_frame(self) -> bool:
        """Count a frame; tells whether it is heard, and closes the socket of whoever sends many."""
        if not self.is_let_in:
            return False
        self._frames_this_minute += 1
        if self._frames_this_minute > self.max_frames_per_minute:
            await self.close(CLOSE_TOO_MANY)
            return False
        return True

    async def recheck(self) -> bool:
        """Close the socket if what let it in does not hold any more; tells whether it does.

        While PostgreSQL is away nobody is turned out: whatever needs it fails by itself.
        """
        try:
            principal = await db.call(principals.recheck, self.principal)
            await self.check_may_stay(principal)
        except db.AWAY as error:
            log_event(logger, "RECHECK_WAITS", level=logging.WARNING, error=type(error).__name__)
        except AppError as error:
            await self._close_for(error)
            return False
        else:
            self.principal = principal
        return True

    async def _recheck_forever(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            begin_anew()
            self._frames_this_minute //= 2
            if not await self.recheck():
                return

    async def _close_for(self, error: AppError) -> None:
        is_forbidden = isinstance(error, self.forbidden)
        if is_forbidden:
            await self.tell_why(error)
        await self.close(CLOSE_FORBIDDEN if is_forbidden else CLOSE_UNAUTHORIZED)

    async def _each_group(self, method: str) -> None:
        try:
            for group in self.groups_of(self.principal.user.pk):
                await getattr(self.channel_layer, method)(group, self.channel_name)
        except Exception as error:  # noqa: BLE001  groups carry hints; the socket works without
            log_event(logger, "GROUP_AWAY", level=logging.WARNING, error=type(error).__name__)
