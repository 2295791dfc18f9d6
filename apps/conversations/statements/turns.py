"""A message is stored with the answer that it waits for, and the answer is read."""

from __future__ import annotations

from typing import NamedTuple

import orjson
from psycopg.types.json import Jsonb

from apps.conversations import constants
from apps.conversations.models import Conversation, Message, Reply
from apps.core.postgresql.statements import Columns, Statement
from apps.llm.statements.prices import LIMITED, paused
from apps.users.models import User

_LIVE = [state.value for state in constants.LIVE_STATES]

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
            chat_model_id, assistant_version_id, temperature, usage_source, reserved_tokens,
            api_token_id, correlation_id, lease_owner, fence, stop_state, queued_at, finished_at
        )
        SELECT
            answer.id, %(conversation_id)s, %(state)s, %(error_code)s, %(notice)s, '', %(model)s,
            %(chat_model_id)s::bigint, %(assistant_version_id)s, %(temperature)s, '',
            %(reserved_tokens)s, %(api_token_id)s, %(correlation_id)s, '', 0, '',
            statement_timestamp(), %(finished_at)s
        FROM answer
    ), conversation AS (
        UPDATE conversations_conversation
        SET title = %(title)s, message_count = message_count + 2, last_message_at = %(created_at)s,
            updated_at = %(created_at)s, assistant_id = %(assistant_id)s,
            read_at = %(created_at)s, archived_at = NULL
        FROM answer
        WHERE conversations_conversation.id = %(conversation_id)s
        RETURNING message_count
    )
    SELECT
        question.id, question.parent_id, answer.id, conversation.message_count,
        CASE WHEN %(state)s = %(queued)s THEN pg_notify(%(channel)s, answer.id::text) END,
        statement_timestamp(), {LIMITED}, {paused("%(model)s", "%(chat_model_id)s::bigint")}
    FROM question, answer, conversation
    """  # noqa: S608  nothing that comes from outside
)


class Gate(NamedTuple):
    """What stands between a stored answer and its beginning, read by the statement that stores it.

    Attributes:
        is_limited: whether there are quotas that have to be asked.
        is_paused: whether staff keep answers from being written.
    """

    is_limited: bool
    is_paused: bool


def add_turn(*, question: Message, reply: Reply, title: str) -> Gate | None:
    """Store a question at the end of its conversation, and the answer that it waits for.

    The caller has locked the conversation. Both instances get what the database gave them. Workers
    hear of a queued answer at the commit.

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
        answer_role=constants.Author.ASSISTANT,
        state=reply.state,
        error_code=reply.error_code,
        notice=reply.notice,
        model=reply.model,
        chat_model_id=reply.chat_model_id,
        assistant_version_id=reply.assistant_version_id,
        assistant_id=conversation.assistant_id,
        temperature=reply.temperature,
        reserved_tokens=reply.reserved_tokens,
        api_token_id=reply.api_token_id,
        correlation_id=reply.correlation_id,
        finished_at=reply.finished_at,
        title=title,
        queued=constants.ReplyState.QUEUED,
        channel=constants.QUEUED_CHANNEL,
    )
    if row is None:
        return None
    question.pk, question.parent_id, reply.pk, conversation.message_count, _, *rest = row
    reply.queued_at, *gate = rest
    conversation.title = title
    conversation.last_message_at = conversation.updated_at = question.created_at
    conversation.read_at, conversation.archived_at = question.created_at, None
    return Gate(*gate)


_ANNOUNCE = Statement(
    f"""
    SELECT
        pg_notify(%(channel)s, %(reply_id)s::text),
        {LIMITED}, {paused("%(model)s", "%(chat_model_id)s::bigint")}
    """
)


def announce_queued(*, reply: Reply) -> Gate:
    """Tell workers of a queued answer at the commit, where `add_turn` has not."""
    row = _ANNOUNCE.rows(
        channel=constants.QUEUED_CHANNEL,
        reply_id=reply.pk,
        model=reply.model,
        chat_model_id=reply.chat_model_id,
    )[0]
    return Gate(row[1], row[2])


_SHOWN = Columns(
    Message,
    "id",
    "role",
    "content",
    "html",
    "html_version",
    "hidden_at",
    "hidden_reason",
    "redacted_at",
    "redacted_reason",
)
_END = Columns(
    Reply,
    "message_id",
    "state",
    "error_code",
    "notice",
    "finish_reason",
    "model",
    "prompt_tokens",
    "completion_tokens",
    "usage_source",
    "correlation_id",
    "cost_nano",
)
_ANSWER = Statement(
    f"""
    SELECT {_SHOWN.of("message")}, {_END.of("reply")}
    FROM conversations_message AS message
    JOIN conversations_reply AS reply ON reply.message_id = message.id
    JOIN conversations_conversation AS conversation ON conversation.id = message.conversation_id
    WHERE message.id = %(reply_id)s AND conversation.owner_id = %(viewer_id)s
        AND (conversation.deleted_at IS NULL OR %(includes_deleted)s)
    """  # noqa: S608  names of columns
)


def find_answer(
    *, viewer: User, reply_id: int, includes_deleted: bool
) -> tuple[Message, Reply] | None:
    """Return what is shown of an answer that is `visible_to` the viewer, or `owned_by` them.

    Args:
        viewer: the owner of the conversation.
        reply_id: the assistant message.
        includes_deleted: also in a conversation that the viewer has deleted.
    """
    row = _ANSWER.row(reply_id=reply_id, viewer_id=viewer.pk, includes_deleted=includes_deleted)
    if row is None:
        return None
    return _SHOWN.load(row[: len(_SHOWN)]), _END.load(row[len(_SHOWN) :])


def _json(value: object) -> Jsonb | None:
    return Jsonb(value, orjson.dumps) if value is not None else None
