"""An account that is removed takes its conversations with it; they are locked before it."""

from __future__ import annotations

from apps.conversations.constants import ReplyState
from apps.conversations.models import Conversation, Reply
from apps.conversations.services import announcements, settling
from apps.llm.services import usage


class ConversationsOfPerson:
    """Locks answers and then conversations, as everybody does; see docs/decisions/0063 and 0149."""

    def lock(self, *, user_id: int) -> None:
        """Lock the answers and conversations of a person."""
        replies = Reply.objects.owned_by(user_id).order_by("pk")
        list(replies.select_for_update(of=("self",)).values_list("pk"))
        own = Conversation.objects.owned_by(user_id).order_by("pk")
        list(own.select_for_update(of=("self",)).values_list("pk"))

    def part_with(self, *, user_id: int) -> None:
        """Stop what is being answered, and keep what all of it cost, as nobody's.

        A worker that writes an answer settles it when it hears of this; one that was lost does not.
        """
        live = Reply.objects.live().owned_by(user_id)
        usage.hold_counters(purpose="reply", reference_ids=list(live.values_list("pk", flat=True)))
        gone = list(live.lease_lost().values_list("pk", flat=True))
        settling.settle_lost(gone, settling.note_lost(gone, kept_back={}))
        announcements.request_stops(live, state=ReplyState.HALTED)
        usage.part_with(user_id=user_id)
