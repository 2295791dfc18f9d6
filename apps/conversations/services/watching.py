"""One loop per web process that looks after everything followed there: the net below the hints."""

from __future__ import annotations

import asyncio
import logging

from django.db import DatabaseError

from apps.conversations import constants
from apps.conversations.models import Reply
from apps.conversations.services.reaping import Reaper
from apps.core import db
from apps.core.logging import log_event
from apps.core.realtime.hub import TextHub, get_hub

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 5.0
PERIOD_WITHOUT_REDIS_SECONDS = 1.0

_watchers: dict[asyncio.AbstractEventLoop, asyncio.Task[None]] = {}


def ensure_watching() -> None:
    """Start this process's loop if it does not run; it ends when nobody follows anything."""
    loop = asyncio.get_running_loop()
    task = _watchers.get(loop)
    if task is None or task.done():
        for dead in [known for known in _watchers if known.is_closed()]:
            del _watchers[dead]
        _watchers[loop] = asyncio.create_task(_watch(get_hub()), name="reply-watcher")


async def _watch(hub: TextHub) -> None:
    reaper = Reaper()
    rounds = 0
    while hub.followed_ids:
        await asyncio.sleep(PERIOD_SECONDS if hub.is_connected else PERIOD_WITHOUT_REDIS_SECONDS)
        rounds += 1
        try:
            ended = set(await db.call(_ended_among, hub.followed_ids))
            if hub.is_connected or rounds % constants.REAPER_SECONDS == 0:
                ended.update(await db.call(reaper.look))
        except DatabaseError as error:
            log_event(logger, "WATCH_FAILED", level=logging.WARNING, error=type(error).__name__)
            reaper = Reaper()
            continue
        for reply_id in hub.followed_ids:
            for follower in hub.followers_of(reply_id):
                if reply_id in ended:
                    follower.mark_ended()
                elif not hub.is_connected:
                    follower.mark_gap()


def _ended_among(reply_ids: list[int]) -> list[int]:
    return list(
        Reply.objects.filter(pk__in=reply_ids)
        .exclude(state__in=constants.LIVE_STATES)
        .values_list("pk", flat=True)
    )
