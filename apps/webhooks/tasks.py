"""The queue's entry point for what nobody waits for."""

from procrastinate.contrib.django import app as queue

from apps.core import db
from apps.webhooks.services import deliveries


@queue.periodic(cron="17 3 * * *")
@queue.task(name="webhooks.prune", queue="background")
async def prune(timestamp: int) -> None:
    """Remove events and attempts that are a month old."""
    del timestamp
    await db.call(deliveries.prune)
