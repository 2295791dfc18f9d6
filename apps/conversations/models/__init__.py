"""Conversations, messages, answers and what people think of them."""

from apps.conversations.models.conversations import Conversation
from apps.conversations.models.feedback import Feedback
from apps.conversations.models.messages import Message
from apps.conversations.models.replies import Reply

__all__ = ["Conversation", "Feedback", "Message", "Reply"]
