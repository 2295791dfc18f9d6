"""Which answers are being written at the moment, with what each has used so far."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from apps.conversations.constants import ReplyState
from apps.core.postgresql.statements import Statement
from apps.llm.constants import BYTES_PER_TOKEN
from apps.llm.statements.prices import RATE_COLUMNS, Rate, cost_of, price_of, rate_of

RATE = len(Rate._fields)

_WRITTEN = f"""
    (octet_length(answer.content) + {BYTES_PER_TOKEN - 1}) / {BYTES_PER_TOKEN}
        + reply.thought_tokens
"""
"""SQL for about how many tokens of an answer there are."""
_WAITING = f"(reply.state = '{ReplyState.QUEUED.value}' OR NOT reply.is_asked)"
"""SQL for whether an answer waits: for a worker, or with one for its turn at the model."""
_FROM_LIVE = f"""
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
"""
_LIVE = Statement(
    f"""
    SELECT * FROM (
        SELECT
            reply.message_id, reply.conversation_id, conversation.owner_id, owner.name, reply.state,
            {_WAITING} AS is_waiting, reply.model, reply.chat_model_id, reply.queued_at,
            reply.started_at, reply.sent_tokens, {_WRITTEN} AS written_tokens, {RATE_COLUMNS}
        {_FROM_LIVE}
        ORDER BY reply.sent_tokens + {_WRITTEN} DESC, reply.message_id
        LIMIT %(most)s
    ) AS chosen
    ORDER BY message_id
    """  # noqa: S608  nothing that comes from outside
)


class Live(NamedTuple):
    """One answer that has not ended, as its worker has stored it last."""

    reply_id: int
    conversation_id: int
    owner_id: int
    owner_name: str
    state: str
    is_waiting: bool
    model: str
    chat_model_id: int | None
    queued_at: datetime
    started_at: datetime | None
    sent_tokens: int
    written_tokens: int
    rate: Rate | None


def live(*, most: int) -> list[Live]:
    """Return the answers that have not ended, oldest first.

    Args:
        most: at most this many: those with most tokens so far.
    """
    rows = _LIVE.rows(most=most)
    return [Live._make([*row[:-RATE], rate_of(row[-RATE:])]) for row in rows]


_TOTALS = Statement(
    f"""
    WITH live AS (
        SELECT
            conversation.owner_id, owner.name, reply.model, reply.chat_model_id,
            {_WAITING} AS is_waiting,
            {cost_of("reply.sent_tokens", f"({_WRITTEN})")} AS cost
        {_FROM_LIVE}
    ), crowds AS (
        SELECT
            owner_id, name, model, chat_model_id, count(*) AS answers,
            count(*) FILTER (WHERE is_waiting) AS waiting,
            coalesce(sum(cost), 0)::bigint AS cost_nano,
            count(*) FILTER (WHERE cost IS NULL) AS unpriced,
            grouping(owner_id, model) AS kind
        FROM live
        GROUP BY GROUPING SETS ((), (owner_id, name), (model, chat_model_id))
    ), placed AS (
        SELECT
            crowds.*, count(*) OVER same AS crowds,
            row_number() OVER (same ORDER BY answers DESC, owner_id, model) AS place
        FROM crowds WINDOW same AS (PARTITION BY kind)
    )
    SELECT
        owner_id, name, model, chat_model_id, answers, waiting, cost_nano, unpriced, crowds
    FROM placed
    WHERE place <= %(most)s
    ORDER BY kind, place
    """  # noqa: S608  nothing that comes from outside
)


class Total(NamedTuple):
    """The answers of a person, of a model, or where neither is named all of them.

    Attributes:
        cost_nano: of those that have a price.
        unpriced: how many have none.
        crowds: how many people, or models, there are.
    """

    owner_id: int | None
    owner_name: str | None
    model: str | None
    chat_model_id: int | None
    answers: int
    waiting: int
    cost_nano: int
    unpriced: int
    crowds: int


def totals(*, most: int) -> list[Total]:
    """Count all answers that have not ended, by person and by model, those with most first.

    Args:
        most: at most so many people, and so many models.
    """
    return [Total._make(row) for row in _TOTALS.rows(most=most)]
