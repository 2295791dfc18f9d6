"""Fills the index of words, some seconds after a message has its end; nobody waits for it."""

from __future__ import annotations

import asyncio
import logging

from django.db import transaction

from apps.conversations.models import Message
from apps.conversations.services.words import distinct_words
from apps.conversations.statements import search as statements
from apps.core import db
from apps.core.correlation import begin_anew
from apps.core.logging import log_event

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 2.0
BREATH_SECONDS = 0.05
BATCH = 200
MAX_INDEXED_CHARS = 100_000


def words_for_index(owner_id: int, text: str) -> list[str]:
    """Return the words of a text, each with its owner's number before it."""
    return [f"{owner_id}/{word}" for word in distinct_words(text[:MAX_INDEXED_CHARS])]


@transaction.atomic
def index_some(*, limit: int = BATCH) -> int:
    """Put the oldest messages that are missing into the index; returns how many.

    Messages of before this index existed are taken in the same way. One worker fills it at a time.
    """
    through_id = statements.lock_progress()
    if through_id is None:
        return 0
    missing = statements.find_missing(through_id=through_id, limit=limit)
    if missing:
        statements.store_words(
            [(one.id, words_for_index(one.owner_id, one.content)) for one in missing]
        )
    statements.advance(through_id=through_id)
    return len(missing)


def index_again(message: Message) -> None:
    """Put a message whose text staff changed into the index anew, inside their transaction."""
    words = words_for_index(message.conversation.owner_id, message.content)
    statements.store_words([(message.pk, words)], is_newer=True)


async def index_forever() -> None:
    """Look every few seconds, for as long as the process lives; survives the loss of PostgreSQL."""
    while True:
        begin_anew()
        indexed = 0
        try:
            indexed = await db.call(index_some)
        except Exception as error:  # noqa: BLE001  nobody else would fill the index
            log_event(logger, "INDEXING_FAILED", level=logging.WARNING, error=type(error).__name__)
        await asyncio.sleep(BREATH_SECONDS if indexed == BATCH else PERIOD_SECONDS)
