"""The queue's entry points."""

from procrastinate.contrib.django import app as queue

from apps.conversations.services import runtime, titles


@queue.task(name=titles.TITLE_TASK, queue=titles.TITLE_QUEUE)
async def title(*, conversation_id: int) -> None:
    """Title a conversation."""
    await titles.generate_title(conversation_id=conversation_id, gateway=runtime.current().gateway)
