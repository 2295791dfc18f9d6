"""An account that is removed takes its conversations with it; they are locked before it."""

from __future__ import annotations

from apps.conversations.models import Conversation, Reply


class ConversationsOfPerson:
    """Locks answers and then conversations, as everybody does; see docs/decisions/0063."""

    def lock(self, *, user_id: int) -> None:
        """Lock the answers and conversations of a person."""
        replies = Reply.objects.filter(conversation__owner=user_id).order_by("pk")
        list(replies.select_for_update(of=("self",)).values_list("pk"))
        own = Conversation.objects.filter(owner=user_id).order_by("pk")
        list(own.select_for_update(of=("self",)).values_list("pk"))
