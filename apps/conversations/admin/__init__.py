"""Conversations, messages and answers, as staff review them."""

from apps.conversations.admin import conversations, messages, replies

__all__ = ["conversations", "messages", "replies"]
