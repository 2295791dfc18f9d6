"""The queue's entry points."""

from procrastinate.contrib.django import app as queue

from apps.moderation.services import later


@queue.task(name=later.TASK, queue=later.QUEUE)
async def check_later(*, message_id: int, is_checked: bool) -> None:
    """Look at an exchange with the rules that nobody waited for."""
    await later.check_later(message_id=message_id, is_checked=is_checked)
