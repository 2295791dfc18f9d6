"""The queue's entry points: writing exports, removing old ones, erasing accounts that were left."""

import asyncio
import logging

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue

from apps.accounts.services import closing, exports, writing
from apps.core import db
from apps.core.logging import log_failure
from apps.users.services import leaving

logger = logging.getLogger(__name__)

BREATH_SECONDS = 0.05
MOST_PURGES = 500


@queue.task(
    name=exports.TASK,
    queue=exports.QUEUE,
    retry=RetryStrategy(max_attempts=5, exponential_wait=5, retry_exceptions=db.AWAY),
)
async def write_export(*, export_id: int) -> None:
    """Write somebody's export."""
    await writing.write_export(export_id=export_id)


@queue.periodic(cron="*/10 * * * *")
@queue.task(name="accounts.tend_exports", queue=exports.QUEUE)
async def tend_exports(timestamp: int) -> None:
    """Take lost exports up again and remove those whose days are over."""
    del timestamp
    await db.call(exports.requeue_lost)
    for _ in range(MOST_PURGES):
        if not await db.call(exports.purge_some):
            return
        await asyncio.sleep(BREATH_SECONDS)


@queue.periodic(cron="29 * * * *")
@queue.task(name="accounts.erase_due", queue=exports.QUEUE)
async def erase_due(timestamp: int) -> None:
    """Erase accounts whose time to come back has passed, a few conversations at a time."""
    del timestamp
    for user_id in await db.call(leaving.list_due):
        try:
            await _erase(user_id)
        except db.AWAY:
            raise
        except Exception as error:  # noqa: BLE001  one account must not keep the others from their end
            log_failure(logger, "ERASURE_FAILED", error, user_id=user_id)


async def _erase(user_id: int) -> None:
    has_more = True
    while has_more:
        has_more = await db.call(closing.erase_step, user_id=user_id)
        await asyncio.sleep(BREATH_SECONDS)
