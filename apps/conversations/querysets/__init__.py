"""Named queries over conversations and what belongs to them: the only way to the rows.

Each module holds the queries over one family of models, as `models` is split.
"""

from apps.conversations.querysets.conversations import ConversationQuerySet
from apps.conversations.querysets.messages import FeedbackQuerySet, MessageQuerySet
from apps.conversations.querysets.replies import ReplyQuerySet
from apps.conversations.querysets.shares import ShareQuerySet

__all__ = [
    "ConversationQuerySet",
    "FeedbackQuerySet",
    "MessageQuerySet",
    "ReplyQuerySet",
    "ShareQuerySet",
]
