"""An answer is read with what is shown of it."""

from __future__ import annotations

from apps.conversations.models import Message, Reply
from apps.core.postgresql.statements import Columns, Statement
from apps.users.models import User

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
    "retry_at",
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
