"""Conversations, messages and answers, as staff review them."""

from apps.conversations.admin import conversations, feedback, messages, replies, shares

__all__ = ["conversations", "feedback", "messages", "replies", "shares"]
