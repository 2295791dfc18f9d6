"""The queue's entry point for mail, so that a slow mail server holds nobody up."""

import asyncio

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue

from apps.core import db
from apps.users.services import admin_mail


@queue.task(
    name=admin_mail.MAIL_TASK,
    queue=admin_mail.MAIL_QUEUE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=5, retry_exceptions={OSError}),
)
async def mail_admins(*, subject: str, text: str) -> None:
    """Send the admins a mail each."""
    for mail in await db.call(admin_mail.compose_mails, subject=subject, text=text):
        await asyncio.to_thread(mail.send)
