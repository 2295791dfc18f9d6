"""The queue's entry point for mail, so that a slow mail server holds nobody up."""

import asyncio

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue

from apps.core import db
from apps.moderation.services.notices import deliveries


@queue.task(
    name=deliveries.MAIL_TASK,
    queue=deliveries.MAIL_QUEUE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=5, retry_exceptions={OSError}),
)
async def mail_notice(*, notice_id: int) -> None:
    """Send the mail of one notice."""
    mail = await db.call(deliveries.compose_mail, notice_id=notice_id)
    if mail is not None:
        await asyncio.to_thread(mail.send)
