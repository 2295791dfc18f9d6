"""Which branch of a conversation is shown: its flags are rewritten at once."""

from __future__ import annotations

from apps.core.postgresql.statements import Statement

_LAST_BELOW = Statement(
    """
    WITH RECURSIVE below AS (
        SELECT id FROM conversations_message WHERE id = %(message_id)s
        UNION ALL
        SELECT child.id FROM conversations_message AS child
        JOIN below ON child.parent_id = below.id
    )
    SELECT max(id) FROM below
    """
)


def last_below(*, message_id: int) -> int:
    """Return the newest message among a message and all that follows it on any branch.

    A child's number is larger than its parent's, so this is the end of a branch.
    """
    row = _LAST_BELOW.row(message_id=message_id)
    return message_id if row is None or row[0] is None else int(row[0])


_SHOW_PATH = Statement(
    """
    WITH RECURSIVE path AS (
        SELECT id, parent_id FROM conversations_message
        WHERE id = %(last_id)s AND conversation_id = %(conversation_id)s
        UNION ALL
        SELECT parent.id, parent.parent_id FROM conversations_message AS parent
        JOIN path ON path.parent_id = parent.id
    )
    UPDATE conversations_message AS message
    SET is_current = NOT message.is_current
    WHERE message.conversation_id = %(conversation_id)s
        AND message.is_current <> (message.id IN (SELECT id FROM path))
    """
)


def show_path(*, conversation_id: int, last_id: int | None) -> None:
    """Show the branch that ends with a message, and nothing else; None shows nothing.

    The caller has locked the conversation.
    """
    _SHOW_PATH.run(conversation_id=conversation_id, last_id=last_id)
