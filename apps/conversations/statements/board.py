"""Which answers are being written at the moment, with what each has used so far."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from apps.conversations.constants import ReplyState
from apps.core.postgresql.statements import Statement
from apps.llm.statements.prices import RATE_COLUMNS, Rate, price_of, rate_of

RATE = len(Rate._fields)

_LIVE = Statement(
    f"""
    SELECT
        reply.message_id, reply.conversation_id, conversation.owner_id, owner.name, reply.state,
        reply.model, reply.chat_model_id, reply.queued_at, reply.started_at,
        octet_length(answer.content), reply.thought_tokens,
        reply.sent_tokens, {RATE_COLUMNS}
    FROM conversations_reply AS reply
    JOIN conversations_message AS answer ON answer.id = reply.message_id
    JOIN conversations_conversation AS conversation ON conversation.id = reply.conversation_id
    JOIN users_user AS owner ON owner.id = conversation.owner_id
    {
        price_of(
            "reply.model",
            "reply.chat_model_id",
            "coalesce(reply.started_at, statement_timestamp())",
        )
    }
    WHERE reply.state IN ('{ReplyState.QUEUED.value}', '{ReplyState.RUNNING.value}')
    ORDER BY reply.message_id
    LIMIT %(most)s
    """  # noqa: S608  nothing that comes from outside
)


class Live(NamedTuple):
    """One answer that has not ended, as its worker has stored it last."""

    reply_id: int
    conversation_id: int
    owner_id: int
    owner_name: str
    state: str
    model: str
    chat_model_id: int | None
    queued_at: datetime
    started_at: datetime | None
    answer_bytes: int
    thought_tokens: int
    sent_tokens: int
    rate: Rate | None


def live(*, most: int) -> list[Live]:
    """Return the answers that have not ended, oldest first, at most so many."""
    rows = _LIVE.rows(most=most)
    return [Live._make([*row[:-RATE], rate_of(row[-RATE:])]) for row in rows]
