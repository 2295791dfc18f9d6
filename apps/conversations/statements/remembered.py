"""What was said before a question, as far as a model is told of it.

One fragment for whoever reserves it, sends it, estimates it and shows it: what one of them counted
and another left out would be sent without a reservation (docs/decisions/0184).
"""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from apps.conversations.constants import ReplyState
from apps.core.postgresql.statements import Statement


def remembered(*, conversation: str, before: str = "") -> str:
    """Return SQL for the newest messages of the branch that is shown: `id`, `role`, `content`.

    Never one that was taken from view or withheld, nor one without text. Its parameter `window` is
    the most of them.

    Args:
        conversation: SQL for the number of the conversation.
        before: SQL for the number of the message that they stand before; empty for all of them.
    """
    is_before = f"AND earlier.id < {before}" if before else ""
    return f"""
        SELECT earlier.id, earlier.role, earlier.content
        FROM conversations_message AS earlier
        LEFT JOIN conversations_reply AS its_reply ON its_reply.message_id = earlier.id
        WHERE earlier.conversation_id = {conversation} AND earlier.is_current {is_before}
            AND earlier.hidden_at IS NULL AND earlier.content <> ''
            AND its_reply.state IS DISTINCT FROM '{ReplyState.WITHHELD.value}'
        ORDER BY earlier.id DESC
        LIMIT %(window)s
    """  # noqa: S608  nothing that comes from outside


def window() -> int:
    """Return how many messages before a question a model is told of at most."""
    return 2 * int(settings.CONVERSATION_MEMORY_SIZE)


_SIZE = Statement(
    f"""
    SELECT coalesce(sum(octet_length(content)), 0)::bigint, count(*)
    FROM ({remembered(conversation="%(conversation_id)s", before="%(question_id)s")}) AS said
    """  # noqa: S608  text of ours
)


class Size(NamedTuple):
    """How long texts are in bytes, and how many messages they stand in."""

    text_bytes: int
    messages: int


def size_before(*, conversation_id: int, question_id: int) -> Size:
    """Return how much a model is told of what was said before a question."""
    [row] = _SIZE.rows(conversation_id=conversation_id, question_id=question_id, window=window())
    return Size._make(row)
