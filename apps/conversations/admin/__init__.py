"""Conversations, messages and answers, as staff review them."""

from apps.conversations.admin import board, conversations, feedback, messages, replies, shares

__all__ = ["board", "conversations", "feedback", "messages", "replies", "shares"]
