"""Conversations, messages, answers; what people think of them, find and share."""

from apps.conversations.models.conversations import Conversation
from apps.conversations.models.feedback import Feedback
from apps.conversations.models.messages import Message
from apps.conversations.models.replies import Reply
from apps.conversations.models.search import SearchEntry, SearchProgress
from apps.conversations.models.shares import Share
from apps.conversations.models.titles import DroppedTitle

__all__ = [
    "Conversation",
    "DroppedTitle",
    "Feedback",
    "Message",
    "Reply",
    "SearchEntry",
    "SearchProgress",
    "Share",
]
