"""What a worker takes and writes: every statement is conditional on its lease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from apps.conversations import constants
from apps.conversations.constants import ReplyState
from apps.conversations.models import Reply
from apps.conversations.statements import endings
from apps.conversations.statements.remembered import remembered
from apps.core.postgresql.statements import Statement
from apps.llm.statements.prices import RATE_COLUMNS, Rate, paused, price_of, rate_of
from apps.llm.statements.quotas import answer_tokens
from apps.users.constants import Standing

_LEASE = timedelta(seconds=constants.LEASE_SECONDS)
RATE = len(Rate._fields)

_IS_BARRED = f"""
    EXISTS (
        SELECT FROM users_apitoken AS token
        WHERE token.id = taken.api_token_id AND token.revoked_at IS NOT NULL
    ) OR EXISTS (
        SELECT FROM users_user AS person
        WHERE person.id = taken.owner_id AND (
            NOT person.is_active
            OR (person.standing = '{Standing.SUSPENDED.value}' AND (
                person.standing_until IS NULL OR person.standing_until > statement_timestamp()
            ))
        )
    )
"""  # noqa: S608  a word of ours
_CLAIM = Statement(
    f"""
    WITH taken AS (
        UPDATE conversations_reply AS reply
        SET state = %(running)s, lease_owner = %(owner)s, fence = reply.fence + 1,
            lease_expires_at = statement_timestamp() + %(lease)s,
            started_at = statement_timestamp()
        FROM conversations_message AS answer
        JOIN conversations_message AS question ON question.id = answer.parent_id
        JOIN conversations_conversation AS conversation
            ON conversation.id = answer.conversation_id
        WHERE reply.message_id = %(reply_id)s AND reply.state = %(queued)s
            AND answer.id = reply.message_id AND NOT {paused("reply.model", "reply.chat_model_id")}
        RETURNING
            reply.message_id, reply.conversation_id, conversation.owner_id, reply.fence,
            reply.model, reply.temperature, reply.correlation_id, reply.chat_model_id,
            reply.assistant_version_id, question.id AS question_id, question.content,
            question.context, question.prompt, reply.api_token_id,
            conversation.title_source = %(untitled)s
    )
    SELECT
        taken.*, history.roles, history.texts,
        {answer_tokens("'reply'", "taken.message_id")}, {_IS_BARRED}, {RATE_COLUMNS}
    FROM taken
    {price_of("taken.model", "taken.chat_model_id", "statement_timestamp()")}
    CROSS JOIN LATERAL (
        SELECT array_agg(role ORDER BY id) AS roles, array_agg(content ORDER BY id) AS texts
        FROM (
            {remembered(conversation="taken.conversation_id", before="taken.question_id")}
        ) AS said
    ) AS history
    """  # noqa: S608  nothing that comes from outside
)


class Taken(NamedTuple):
    """What the model needs to answer; the roles and texts of what was said before, or None.

    `rate` is what the model costs from here on, whatever becomes of its price meanwhile;
    `answer_tokens` are what hard quotas hold for the answer. `is_barred` where the person may not
    be here any more, or the token that they asked by was revoked: no model is asked then.
    """

    reply_id: int
    conversation_id: int
    owner_id: int
    fence: int
    model: str
    temperature: float | None
    correlation_id: str
    chat_model_id: int | None
    assistant_version_id: int | None
    question_id: int
    question: str
    context: str | None
    prompt: str | None
    api_token_id: int | None
    is_untitled: bool
    roles: list[str] | None
    texts: list[str] | None
    answer_tokens: int | None
    is_barred: bool
    rate: Rate | None


def claim(*, reply_id: int, owner: str, window: int) -> Taken | None:
    """Take the lease of a queued answer; hidden and withheld text never leaves for the model.

    Args:
        reply_id: which answer.
        owner: the worker.
        window: at most this many messages before the question.
    """
    row = _CLAIM.row(
        reply_id=reply_id,
        owner=owner,
        window=window,
        lease=_LEASE,
        queued=ReplyState.QUEUED,
        running=ReplyState.RUNNING,
        untitled=constants.TitleSource.NONE,
    )
    if row is None:
        return None
    return Taken._make([*row[:-RATE], rate_of(row[-RATE:])])


_STORE_TEXTS = Statement(
    """
    WITH held AS MATERIALIZED (
        SELECT message_id FROM conversations_reply
        WHERE message_id = ANY(%(ids)s::bigint[] || %(asked_ids)s::bigint[])
            AND lease_owner = %(owner)s AND state = %(running)s
        ORDER BY message_id FOR NO KEY UPDATE
    ), noted AS (
        UPDATE conversations_reply AS reply
        SET is_asked = fresh.is_asked, sent_tokens = fresh.sent_tokens,
            thought_tokens = fresh.thought_tokens
        FROM unnest(
            %(asked_ids)s::bigint[], %(asked)s::boolean[], %(sent)s::integer[],
            %(thought)s::integer[]
        ) AS fresh (id, is_asked, sent_tokens, thought_tokens)
        JOIN held ON held.message_id = fresh.id
        WHERE reply.message_id = fresh.id
            AND (reply.is_asked, reply.sent_tokens, reply.thought_tokens)
            <> (fresh.is_asked, fresh.sent_tokens, fresh.thought_tokens)
    )
    UPDATE conversations_message AS message SET content = fresh.content
    FROM unnest(%(ids)s::bigint[], %(texts)s::text[]) AS fresh (id, content)
    JOIN held ON held.message_id = fresh.id
    WHERE message.id = fresh.id
    """
)


class Asked(NamedTuple):
    """Whether a model was asked for an answer that may have used something, and how much so far."""

    reply_id: int
    is_asked: bool = False
    sent_tokens: int = 0
    thought_tokens: int = 0


def store_texts(*, owner: str, texts: Sequence[tuple[int, str]], asked: Sequence[Asked]) -> None:
    """Write the texts of answers that are still `held_by` the worker, and what was asked for them.

    The rows of the answers are locked first: a statement that began before an answer ended would
    otherwise wait for its end, and then put the older text over the final one.
    """
    _STORE_TEXTS.run(
        owner=owner,
        ids=[reply_id for reply_id, _ in texts],
        texts=[text for _, text in texts],
        asked_ids=[one.reply_id for one in asked],
        asked=[one.is_asked for one in asked],
        sent=[one.sent_tokens for one in asked],
        thought=[one.thought_tokens for one in asked],
        running=ReplyState.RUNNING,
    )


_NOTE_MODEL = Statement(
    """
    UPDATE conversations_reply
    SET model = %(model)s, chat_model_id = %(chat_model_id)s, is_asked = true,
        sent_tokens = %(sent_tokens)s, thought_tokens = 0
    WHERE message_id = %(reply_id)s AND fence = %(fence)s
        AND lease_owner = %(owner)s AND state = %(running)s
    """
)


def note_model(
    *,
    owner: str,
    fence: int,
    reply_id: int,
    model: str,
    chat_model_id: int | None,
    sent_tokens: int,
) -> None:
    """Write which model is asked for an answer, if it is still `held_by` the worker."""
    _NOTE_MODEL.run(
        owner=owner,
        fence=fence,
        reply_id=reply_id,
        model=model,
        chat_model_id=chat_model_id,
        sent_tokens=sent_tokens,
        running=ReplyState.RUNNING,
    )


_END_REPLY = Statement(
    f"""
    WITH ended AS (
        UPDATE conversations_reply
        SET state = %(state)s, error_code = %(error_code)s,
            notice = CASE WHEN %(keeps_notice)s THEN notice ELSE %(notice)s END,
            finish_reason = %(finish_reason)s, model = coalesce(%(model)s, model),
            chat_model_id = coalesce(%(chat_model_id)s, chat_model_id),
            prompt_tokens = %(prompt_tokens)s,
            completion_tokens = %(completion_tokens)s, usage_source = %(usage_source)s,
            cost_nano = %(cost_nano)s,
            retry_at = statement_timestamp() + %(retry_after)s::interval,
            lease_expires_at = NULL, first_token_at = started_at + %(first_token)s::interval,
            finished_at = statement_timestamp()
        WHERE message_id = %(reply_id)s AND fence = %(fence)s
            AND lease_owner = %(owner)s AND state = %(running)s
        RETURNING {endings.COLUMNS}
    ), {endings.NOTED}, touched AS (
        UPDATE conversations_conversation AS conversation
        SET last_message_at = statement_timestamp()
        FROM ended
        WHERE conversation.id = ended.conversation_id
    )
    UPDATE conversations_message AS message
    SET content = %(content)s, html = %(html)s, html_version = %(html_version)s
    FROM ended
    WHERE message.id = ended.message_id
    """  # noqa: S608  text of ours
)


def end_reply(
    *,
    owner: str,
    fence: int,
    reply: Reply,
    first_token: timedelta | None,
    retry_after: timedelta | None,
) -> bool:
    """Write the end of an answer with its text, if it is still `held_by` the worker.

    What the person was told at its beginning stays where it ends well and nothing else is to say.

    Args:
        owner: the worker.
        fence: of its lease.
        reply: how the answer ended, with its message.
        first_token: time from the start to the first text, if there was one.
        retry_after: how long the model server asked to wait, if it did.
    """
    message = reply.message
    changed = _END_REPLY.run(
        owner=owner,
        fence=fence,
        reply_id=reply.pk,
        running=ReplyState.RUNNING,
        state=reply.state,
        error_code=reply.error_code,
        notice=reply.notice,
        keeps_notice=not reply.notice and reply.state == ReplyState.COMPLETE,
        finish_reason=reply.finish_reason,
        model=reply.model or None,
        chat_model_id=reply.chat_model_id,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        usage_source=reply.usage_source,
        cost_nano=reply.cost_nano,
        first_token=first_token,
        retry_after=retry_after,
        content=message.content,
        html=message.html,
        html_version=message.html_version,
    )
    return bool(changed)
