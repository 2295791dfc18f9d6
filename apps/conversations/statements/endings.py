"""Programs elsewhere are told that an answer ended, by the statement that ends it."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.postgresql.statements import Statement
from apps.webhooks.constants import EventType
from apps.webhooks.statements import literal, noted

COLUMNS = (
    "message_id, conversation_id, state, error_code, finish_reason, model, prompt_tokens, "
    "completion_tokens"
)
NOTED = noted(
    event_type=literal(EventType.REPLY_FINISHED),
    source="ended",
    data="""jsonb_build_object(
            'reply_id', ended.message_id, 'conversation_id', ended.conversation_id,
            'user_id', (
                SELECT owner_id FROM conversations_conversation
                WHERE id = ended.conversation_id
            ),
            'state', ended.state, 'error_code', nullif(ended.error_code, ''),
            'finish_reason', nullif(ended.finish_reason, ''), 'model', ended.model,
            'prompt_tokens', ended.prompt_tokens, 'completion_tokens', ended.completion_tokens
        )""",
)
"""Parts of a WITH clause, behind one that is called `ended` and has the columns above."""

_NOTE = Statement(
    f"""
    WITH ended AS (
        SELECT {COLUMNS} FROM conversations_reply WHERE message_id = ANY(%(reply_ids)s)
    ), {NOTED}
    SELECT count(*) FROM webhook_delivery
    """  # noqa: S608  text of ours
)


def note_ended(*, reply_ids: Sequence[int]) -> None:
    """Note the end of answers that another statement has ended, in its transaction."""
    if reply_ids:
        _NOTE.run(reply_ids=list(reply_ids))
