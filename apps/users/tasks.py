"""The queue's entry points: mail, and warning of tokens that end."""

import asyncio

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue

from apps.core import db
from apps.users.services import admin_mail, leaving, recovery, token_warnings


@queue.task(
    name=admin_mail.MAIL_TASK,
    queue=admin_mail.MAIL_QUEUE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=5, retry_exceptions={OSError}),
)
async def mail_admins(*, subject: str, text: str) -> None:
    """Send the admins a mail each."""
    for mail in await db.call(admin_mail.compose_mails, subject=subject, text=text):
        await asyncio.to_thread(mail.send)


@queue.periodic(cron="41 6 * * *")
@queue.task(name="users.warn_of_expiry", queue="background")
async def warn_of_expiry(timestamp: int) -> None:
    """Tell owners of tokens that end soon."""
    del timestamp
    await db.call(token_warnings.warn_of_expiry)


@queue.task(
    name=token_warnings.MAIL_TASK,
    queue=admin_mail.MAIL_QUEUE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=5, retry_exceptions={OSError}),
)
async def mail_token_expiry(*, token_id: int) -> None:
    """Send the owner of a token the mail about its end."""
    mail = await db.call(token_warnings.compose_mail, token_id=token_id)
    if mail is not None:
        await asyncio.to_thread(mail.send)


@queue.task(
    name=leaving.MAIL_TASK,
    queue=admin_mail.MAIL_QUEUE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=5, retry_exceptions={OSError}),
)
async def mail_leaving(*, user_id: int) -> None:
    """Tell somebody who leaves until when they can come back."""
    mail = await db.call(leaving.compose_mail, user_id=user_id)
    if mail is not None:
        await asyncio.to_thread(mail.send)


@queue.task(
    name=recovery.MAIL_TASK,
    queue=admin_mail.MAIL_QUEUE,
    retry=RetryStrategy(max_attempts=6, exponential_wait=5, retry_exceptions={OSError}),
)
async def mail_recovery(*, user_id: int, to: str, is_moved: bool, factors: int) -> None:
    """Tell somebody what an admin did so that they get into their account."""
    mail = await db.call(
        recovery.compose_mail, user_id=user_id, to=to, is_moved=is_moved, factors=factors
    )
    if mail is not None:
        await asyncio.to_thread(mail.send)
