"""The queue's entry points."""

import asyncio

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue

from apps.conversations.services import deleting, runtime, titles
from apps.core import db

PURGE_BREATH_SECONDS = 0.1
MOST_PURGES = 500


@queue.task(
    name=titles.TITLE_TASK,
    queue=titles.TITLE_QUEUE,
    retry=RetryStrategy(max_attempts=4, wait=5),
)
async def title(*, conversation_id: int) -> None:
    """Title a conversation."""
    await titles.generate_title(conversation_id=conversation_id, gateway=runtime.current().gateway)


@queue.periodic(cron="17 * * * *")
@queue.task(name="conversations.purge_deleted", queue=titles.TITLE_QUEUE)
async def purge_deleted(timestamp: int) -> None:
    """Remove what its owners deleted long ago, a few at a time so that nobody waits for it."""
    del timestamp
    for _ in range(MOST_PURGES):
        if await db.call(deleting.purge_some) < deleting.PURGED_AT_ONCE:
            return
        await asyncio.sleep(PURGE_BREATH_SECONDS)
