"""The socket of staff's pages: which case changed; whoever wants to know more asks by HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from apps.core import db
from apps.core.errors import AppError, ForbiddenError
from apps.moderation.events import DeskMissed
from apps.moderation.services.cases.desk_news import GROUP, desk_of
from apps.moderation.services.desk import desk
from apps.users.constants import TokenScope
from apps.users.consumers import PersonConsumer
from apps.users.services.principals import Principal

PASSED_ON = ("case.changed", "case.given")
PONG = msgspec.json.encode({"type": "pong"}).decode()


class DeskConsumer(PersonConsumer):
    """One open page of a member of staff who may see cases."""

    scope_needed = TokenScope.STAFF
    max_frames_per_minute = 60
    forbidden: ClassVar[tuple[type[AppError], ...]] = (ForbiddenError,)

    async def check_may_stay(self, principal: Principal) -> None:
        """Check that this person may see cases."""
        await db.call(desk.check_may_watch, viewer=principal.user)

    def groups_of(self, user_id: int) -> list[str]:
        """Return the group of everybody who sees cases, and both of the person's own."""
        return [GROUP, desk_of(user_id), *super().groups_of(user_id)]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer that the line is alive; there is nothing else to ask for."""
        del text_data, bytes_data
        if await self.takes_frame():
            await self.send(text_data=PONG)

    async def page_event(self, message: dict[str, Any]) -> None:
        """Pass on which case changed or was given; look whether this person's rights changed."""
        event = message["event"]
        if event["type"] == "auth.revoked":
            await self.recheck()
        elif event["type"] in PASSED_ON:
            await self.send(text_data=msgspec.json.encode(event).decode())

    async def page_missed(self, message: dict[str, Any]) -> None:
        """Have the page look at everything: Redis was away."""
        del message
        if await self.recheck():
            await self.send(text_data=msgspec.json.encode(DeskMissed()).decode())
