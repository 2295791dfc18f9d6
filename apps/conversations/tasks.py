"""The queue's entry points."""

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue

from apps.conversations.services import generation, runtime, titles, turns


@queue.task(name=titles.TITLE_TASK, queue=titles.TITLE_QUEUE)
async def title(*, conversation_id: int) -> None:
    """Title a conversation."""
    await titles.generate_title(conversation_id=conversation_id, gateway=runtime.current().gateway)


@queue.task(
    name=turns.GENERATE_TASK,
    queue=turns.GENERATION_QUEUE,
    retry=RetryStrategy(
        max_attempts=5, wait=1, retry_exceptions={OperationalError, InterfaceError}
    ),
)
async def generate(*, reply_id: int) -> None:
    """Put an answer into this worker's hands."""
    await generation.begin(reply_id=reply_id, runtime=runtime.current())
