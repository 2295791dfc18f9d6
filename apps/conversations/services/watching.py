"""One loop per web process that looks after everything followed there: the net below the hints."""

from __future__ import annotations

import asyncio
import logging
import time

from apps.conversations import constants
from apps.conversations.models import Reply
from apps.conversations.services.reaping import Reaper
from apps.core import db
from apps.core.correlation import begin_anew
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
    last_look = 0.0
    while hub.followed_ids:
        begin_anew()
        if hub.is_connected:
            await hub.wait_until_lost(timeout_seconds=PERIOD_SECONDS)
        else:
            await asyncio.sleep(PERIOD_WITHOUT_REDIS_SECONDS)
        try:
            ended = set(await db.call(_ended_among, hub.followed_ids))
            if time.monotonic() - last_look >= constants.REAPER_SECONDS:
                last_look = time.monotonic()
                ended.update(await db.call(reaper.look))
        except Exception as error:  # noqa: BLE001  the net must hold whatever tears at it
            log_event(logger, "WATCH_FAILED", level=logging.WARNING, error=type(error).__name__)
            reaper = Reaper()
            await asyncio.sleep(PERIOD_WITHOUT_REDIS_SECONDS)
            continue
        _wake_followers(hub, ended)


def _wake_followers(hub: TextHub, ended: set[int]) -> None:
    """Tell followers of an end that they missed; without Redis, have them read the checkpoints."""
    for reply_id in hub.followed_ids:
        for follower in hub.followers_of(reply_id):
            if reply_id in ended:
                follower.mark_ended()
            elif not hub.is_connected:
                follower.mark_gap()


def _ended_among(reply_ids: list[int]) -> list[int]:
    return list(Reply.objects.filter(pk__in=reply_ids).ended().values_list("pk", flat=True))
