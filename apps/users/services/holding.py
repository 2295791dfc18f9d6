"""Whether somebody who was let in may stay, for answers that take long and hear no caller."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from apps.core import db
from apps.core.realtime.ear import Ear, ear_of
from apps.users.constants import AUTH_REVOKED_EVENT, RECHECK_SECONDS
from apps.users.services import principals, vigil
from apps.users.services.principals import Principal

RETRY_SECONDS = 1.0

T = TypeVar("T")


async def stay(principal: Principal) -> None:
    """Return never; raise once what let the caller in does not hold any more.

    It looks when it is told that rights changed, and every 30 s in case the word was lost; while
    Redis is away the vigil of this process tells it. While PostgreSQL is away nobody is turned out;
    it looks again as soon as it can.

    Raises:
        AccessRevokedError, InvalidTokenError, AccountSuspendedError: as `principals.recheck`.
    """
    async with ear_of(principal.user.pk) as ear:
        with vigil.entered(ear.channel, lambda: principal):
            while True:
                wait = RECHECK_SECONDS
                try:
                    principal = await db.call(principals.recheck, principal)
                except db.AWAY:
                    wait = RETRY_SECONDS
                await _until_told(ear, wait)


async def wait_while_staying(principal: Principal, work: Coroutine[Any, Any, T]) -> T:
    """Wait for work and return its result; it is cancelled once its caller may not stay.

    Raises:
        AccessRevokedError, InvalidTokenError, AccountSuspendedError: as `stay`.
    """
    working, guard = asyncio.ensure_future(work), asyncio.ensure_future(stay(principal))
    tasks: set[asyncio.Future[Any]] = {working, guard}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if guard.done():
            guard.result()
        return working.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _until_told(ear: Ear, seconds: float) -> None:
    """Wait for a word about rights, but no longer than this."""
    now = asyncio.get_running_loop().time
    due = now() + seconds
    while (heard := await ear.hear(timeout_seconds=due - now())) is not None:
        if _is_about_rights(heard):
            return


def _is_about_rights(message: dict[str, Any]) -> bool:
    """Tell whether rights changed, or whether that word may have been missed."""
    return bool(message.get("event", {}).get("type", AUTH_REVOKED_EVENT) == AUTH_REVOKED_EVENT)
