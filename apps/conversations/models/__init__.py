"""Conversations, messages and answers."""

from apps.conversations.models.conversations import Conversation
from apps.conversations.models.messages import Message
from apps.conversations.models.replies import Reply

__all__ = ["Conversation", "Message", "Reply"]
