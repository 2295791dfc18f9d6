"""A message is stored with the answer that it waits for."""

from __future__ import annotations

from typing import NamedTuple

import orjson
from psycopg.types.json import Jsonb

from apps.conversations import constants
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.statements.remembered import remembered, window
from apps.core.postgresql.statements import Columns, Statement
from apps.llm.constants import FRAME_TOKENS
from apps.llm.statements.prices import LIMITED, paused
from apps.users.models import User

_LIVE = [state.value for state in constants.LIVE_STATES]


def _history_tokens(before: str = "") -> str:
    """Return SQL for the most tokens that the messages before a question can have.

    It is read only where some quota counts. A model may be sent fewer of them, never more.
    """
    said = remembered(conversation="%(conversation_id)s", before=before)
    return f"""
        CASE WHEN %(has_default)s OR {LIMITED} THEN (
            SELECT coalesce(sum(octet_length(content) + {FRAME_TOKENS}), 0)::bigint
            FROM ({said}) AS said
        ) ELSE 0 END
    """  # noqa: S608  nothing that comes from outside


_SENT = Statement(
    """
    SELECT id FROM conversations_message
    WHERE author_id = %(author_id)s AND client_id = %(client_id)s
    """
)


def find_sent(*, author: User, client_id: str) -> int | None:
    """Return the message that the person sent under this id of theirs."""
    row = _SENT.row(author_id=author.pk, client_id=client_id)
    return row[0] if row is not None else None


_BEFORE = Statement(
    """
    SELECT
        (
            SELECT id FROM conversations_message
            WHERE author_id = %(actor_id)s AND client_id = %(client_id)s
        ), (
            SELECT locked_at IS NOT NULL FROM conversations_conversation
            WHERE id = %(conversation_id)s AND owner_id = %(actor_id)s AND deleted_at IS NULL
        )
    """
)


class Before(NamedTuple):
    """What is there before a message is looked at.

    Attributes:
        message_id: the message that the person sent under this id of theirs, if there is one.
        is_locked: whether staff closed the conversation; None where the person has no such one.
    """

    message_id: int | None
    is_locked: bool | None


def look_before(*, actor: User, client_id: str | None, conversation_id: int | None) -> Before:
    """Return what a message would meet, without a lock; one that names nothing asks nothing."""
    if client_id is None and conversation_id is None:
        return Before(None, None)
    row = _BEFORE.row(actor_id=actor.pk, client_id=client_id, conversation_id=conversation_id)
    return Before(*row) if row is not None else Before(None, None)


_CONVERSATION = Columns(Conversation)
_LOCK_CONVERSATION = Statement(
    f"""
    SELECT {_CONVERSATION.of("conversation")}
    FROM conversations_conversation AS conversation
    WHERE id = %(conversation_id)s AND owner_id = %(viewer_id)s AND deleted_at IS NULL
    FOR UPDATE
    """  # noqa: S608  names of columns
)


def lock_conversation(*, viewer: User, conversation_id: int) -> Conversation | None:
    """Lock and return a conversation that is `visible_to` the viewer."""
    row = _LOCK_CONVERSATION.row(conversation_id=conversation_id, viewer_id=viewer.pk)
    return _CONVERSATION.load(row) if row is not None else None


_ADD_TURN = Statement(
    f"""
    WITH last AS (
        SELECT message.id, reply.state
        FROM conversations_message AS message
        LEFT JOIN conversations_reply AS reply ON reply.message_id = message.id
        WHERE message.conversation_id = %(conversation_id)s AND message.is_current
        ORDER BY message.id DESC
        LIMIT 1
    ), question AS (
        INSERT INTO conversations_message (
            conversation_id, parent_id, role, author_id, content, html, html_version, client_id,
            fingerprint, context, metadata, prompt, is_current, hidden_at, hidden_reason, created_at
        )
        SELECT
            %(conversation_id)s, (SELECT id FROM last), %(role)s, %(author_id)s, %(content)s, '', 0,
            %(client_id)s, %(fingerprint)s, %(context)s, %(metadata)s, %(prompt)s, true,
            %(hidden_at)s, %(hidden_reason)s, %(created_at)s
        WHERE NOT EXISTS (SELECT FROM last WHERE state = ANY(%(live)s))
        RETURNING id, parent_id
    ), answer AS (
        INSERT INTO conversations_message (
            conversation_id, parent_id, role, content, html, html_version, is_current,
            hidden_reason, created_at
        )
        SELECT
            %(conversation_id)s, question.id, %(answer_role)s, '', '', 0, true, '', %(created_at)s
        FROM question
        RETURNING id
    ), reply AS (
        INSERT INTO conversations_reply (
            message_id, conversation_id, state, error_code, notice, finish_reason, model,
            chat_model_id, named_model_id, assistant_version_id, temperature, usage_source,
            api_token_id, correlation_id, lease_owner, fence, stop_state, queued_at, finished_at
        )
        SELECT
            answer.id, %(conversation_id)s, %(state)s, %(error_code)s, %(notice)s, '', %(model)s,
            %(chat_model_id)s::bigint, %(named_model_id)s, %(assistant_version_id)s,
            %(temperature)s, '', %(api_token_id)s, %(correlation_id)s, '', 0, '',
            statement_timestamp(), %(finished_at)s
        FROM answer
    ), conversation AS (
        UPDATE conversations_conversation
        SET title = %(title)s::varchar, message_count = message_count + 2,
            last_message_at = %(created_at)s,
            titled_from = CASE
                WHEN title = '' AND %(title)s::varchar <> '' THEN question.id ELSE titled_from
            END,
            updated_at = %(created_at)s, assistant_id = %(assistant_id)s,
            read_at = %(created_at)s, archived_at = NULL
        FROM answer, question
        WHERE conversations_conversation.id = %(conversation_id)s
        RETURNING message_count
    )
    SELECT
        question.id, question.parent_id, answer.id, conversation.message_count,
        CASE WHEN %(state)s = %(queued)s THEN pg_notify(%(channel)s, answer.id::text) END,
        statement_timestamp(), {LIMITED}, {paused("%(model)s", "%(chat_model_id)s::bigint")},
        {_history_tokens()}
    FROM question, answer, conversation
    """  # noqa: S608  nothing that comes from outside
)


class Gate(NamedTuple):
    """What stands between a stored answer and its beginning, read by the statement that stores it.

    Attributes:
        is_limited: whether there are quotas that have to be asked.
        is_paused: whether staff keep answers from being written.
        history_tokens: the most tokens that the messages before the question can have, where some
            quota counts.
    """

    is_limited: bool
    is_paused: bool
    history_tokens: int


def add_turn(
    *, question: Message, reply: Reply, title: str, has_default: bool = False
) -> Gate | None:
    """Store a question at the end of its conversation, and the answer that it waits for.

    The caller has locked the conversation. Both instances get what the database gave them. Workers
    hear of a queued answer at the commit.

    Args:
        question: to be stored.
        reply: its answer, to be stored.
        title: of the conversation from now on.
        has_default: whether the settings give everybody an allowance.

    Returns:
        What has to be asked before the answer may begin; None where nothing was stored, because
        the last answer of the conversation has not ended.
    """
    conversation = question.conversation
    row = _ADD_TURN.row(
        conversation_id=conversation.pk,
        role=question.role,
        author_id=question.author_id,
        content=question.content,
        client_id=question.client_id,
        fingerprint=question.fingerprint,
        context=_json(question.context),
        metadata=_json(question.metadata),
        prompt=_json(question.prompt),
        hidden_at=question.hidden_at,
        hidden_reason=question.hidden_reason,
        created_at=question.created_at,
        live=_LIVE,
        assistant_id=conversation.assistant_id,
        title=title,
        has_default=has_default,
        window=window(),
        queued=constants.ReplyState.QUEUED,
        channel=constants.QUEUED_CHANNEL,
        **_of_answer(reply),
    )
    if row is None:
        return None
    question.pk, question.parent_id, reply.pk, conversation.message_count, _, *rest = row
    reply.queued_at, *gate = rest
    conversation.title = title
    conversation.last_message_at = conversation.updated_at = question.created_at
    conversation.read_at, conversation.archived_at = question.created_at, None
    return Gate(*gate)


def _of_answer(reply: Reply) -> dict[str, object]:
    """Return what is stored of an answer that was not before."""
    return {
        "answer_role": constants.Author.ASSISTANT,
        "state": reply.state,
        "error_code": reply.error_code,
        "notice": reply.notice,
        "model": reply.model,
        "chat_model_id": reply.chat_model_id,
        "named_model_id": reply.named_model_id,
        "assistant_version_id": reply.assistant_version_id,
        "temperature": reply.temperature,
        "api_token_id": reply.api_token_id,
        "correlation_id": reply.correlation_id,
        "finished_at": reply.finished_at,
    }


_ANNOUNCE = Statement(
    f"""
    SELECT
        pg_notify(%(channel)s, %(reply_id)s::text),
        {LIMITED}, {paused("%(model)s", "%(chat_model_id)s::bigint")},
        {_history_tokens("%(question_id)s")}
    """
)


def announce_queued(*, reply: Reply, question_id: int, has_default: bool) -> Gate:
    """Tell workers of a queued answer at the commit, where `add_turn` has not.

    Args:
        reply: that was stored.
        question_id: what it answers.
        has_default: whether the settings give everybody an allowance.
    """
    row = _ANNOUNCE.rows(
        channel=constants.QUEUED_CHANNEL,
        reply_id=reply.pk,
        model=reply.model,
        chat_model_id=reply.chat_model_id,
        conversation_id=reply.conversation_id,
        question_id=question_id,
        has_default=has_default,
        window=window(),
    )[0]
    return Gate(*row[1:])


def _json(value: object) -> Jsonb | None:
    return Jsonb(value, orjson.dumps) if value is not None else None
